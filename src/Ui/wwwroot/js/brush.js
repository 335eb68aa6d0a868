// Dragging over a histogram chooses a span of time.
export function attach(root, component) {
  const svg = root.querySelector('svg');
  const brush = root.querySelector('[data-brush]');
  let from = -1;
  const bucket = (event) => {
    const box = svg.getBoundingClientRect();
    const count = Number(svg.dataset.buckets);
    return Math.max(0, Math.min(count - 1, Math.floor((event.clientX - box.left) / box.width * count)));
  };
  const draw = (to) => {
    brush.setAttribute('x', String(Math.min(from, to) * 10));
    brush.setAttribute('width', String((Math.abs(to - from) + 1) * 10));
  };
  svg.addEventListener('pointerdown', (event) => {
    from = bucket(event);
    svg.setPointerCapture(event.pointerId);
    draw(from);
  });
  svg.addEventListener('pointermove', (event) => from >= 0 && draw(bucket(event)));
  svg.addEventListener('pointerup', (event) => {
    if (from < 0) return;
    const to = bucket(event);
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    from = -1;
    brush.setAttribute('width', '0');
    component.invokeMethodAsync('OnBrush', first, last);
  });
  svg.addEventListener('pointercancel', () => {
    from = -1;
    brush.setAttribute('width', '0');
  });
}
