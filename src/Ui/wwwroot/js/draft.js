// Keeps what was typed while the connection is gone, and gives it back when it returns: to the same circuit or to a new page.
const prefix = 'cirt.draft:';

export function attach(area) {
  if (!area) return; // the page was left before this came
  const key = () => prefix + area.dataset.draft;
  area.addEventListener('input', () => {
    try {
      sessionStorage.setItem(key(), area.value);
    } catch {
      // The store is full or switched off: the server's draft is then the only one.
      area.dataset.unstored = '';
    }
  });
  new MutationObserver(() => {
    // The server has it: forget our copy, unless more was typed meanwhile.
    if (Number(area.dataset.kept) === area.value.length) sessionStorage.removeItem(key());
  }).observe(area, { attributes: true, attributeFilter: ['data-kept'] });
  restore(area, key());
  document.addEventListener('cirt:reconnected', () => area.isConnected && restore(area, key()));
}

function restore(area, key) {
  const stored = sessionStorage.getItem(key);
  if (stored === null) return;
  area.value = stored;
  area.dispatchEvent(new Event('input', { bubbles: true }));
}
