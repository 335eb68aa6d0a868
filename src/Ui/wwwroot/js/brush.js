// Choosing a span of time on a histogram: by dragging, or by keys on the focused plot.
export function attach(root, component) {
  if (!root) return; // the page was left before this came
  const plot = root.querySelector('.histogram-plot');
  const svg = root.querySelector('svg');
  const said = root.querySelector('[data-brush-said]');
  const brush = () => svg.querySelector('[data-brush]');
  const bars = () => [...svg.querySelectorAll('g')];
  let from = -1; // the bar where the pointer went down
  let down = 0; // and where on the screen
  let at = -1; // the bar under the keys' cursor
  let anchor = -1; // where the marked span began

  const last = () => Number(svg.dataset.buckets) - 1;
  const bucket = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.max(0, Math.min(last(), Math.floor((event.clientX - box.left) / box.width * (last() + 1))));
  };
  const draw = (a, b) => {
    brush().setAttribute('x', String(Math.min(a, b) * 10));
    brush().setAttribute('width', String((Math.abs(b - a) + 1) * 10));
  };
  const clear = () => {
    [from, at, anchor] = [-1, -1, -1];
    brush().setAttribute('width', '0');
    if (said) said.textContent = '';
  };
  const tell = () => {
    const marked = bars().slice(Math.min(at, anchor), Math.max(at, anchor) + 1);
    const sum = marked.reduce((total, bar) => total + Number(bar.dataset.sum), 0);
    said.textContent = said.dataset.span.replace('{0}', marked[0].dataset.from).replace('{1}', marked[marked.length - 1].dataset.to)
      .replace('{2}', sum.toLocaleString(document.documentElement.lang));
  };
  const choose = (a, b) => {
    clear();
    component.invokeMethodAsync('OnBrush', Math.min(a, b), Math.max(a, b));
  };

  svg.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    [from, down] = [bucket(event), event.clientX];
    svg.setPointerCapture(event.pointerId);
    draw(from, from);
  });
  svg.addEventListener('pointermove', (event) => from >= 0 && draw(from, bucket(event)));
  svg.addEventListener('pointerup', (event) => {
    if (from < 0) return;
    // A click without dragging chooses nothing: the first of a double click would otherwise narrow the window that the second widens.
    if (Math.abs(event.clientX - down) < 4) clear();
    else choose(from, bucket(event));
  });
  svg.addEventListener('pointercancel', clear);
  svg.addEventListener('dblclick', () => component.invokeMethodAsync('OnReset'));

  plot.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || last() < 0) return;
    // Time runs left to right in both directions of writing.
    const to = { ArrowLeft: at - 1, ArrowRight: at < 0 ? 0 : at + 1, Home: 0, End: last(), PageUp: at - 6, PageDown: at + 6 }[event.key];
    if (to !== undefined) {
      at = Math.max(0, Math.min(last(), at < 0 && event.key === 'ArrowLeft' ? last() : to));
      if (!event.shiftKey || anchor < 0) anchor = at;
      draw(anchor, at);
      tell();
    } else if (event.key === 'Enter' && at >= 0) {
      choose(anchor, at);
    } else if (event.key === 'Escape') {
      if (at >= 0) clear();
      else component.invokeMethodAsync('OnReset');
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  plot.addEventListener('blur', () => at >= 0 && clear());
}
