// One listener for all keys. The registry is the page itself: every element with data-keys is pressed by them, rows by js/list.js.
// Inert while typing; plain keys only, since Ctrl, Alt and AltGr belong to browsers and keyboard layouts; one switch turns all off.
let pending = '';
let pendingUntil = 0;

const typing = (element) => element?.closest?.('input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable=""], [contenteditable=true]');
const name = (event) => (event.shiftKey && /^[a-z]$/i.test(event.key) ? `Shift+${event.key.toLowerCase()}` : event.key);
export const off = () => document.documentElement.dataset.shortcuts === 'off';
const usable = (element) => !element.disabled && !element.closest('dialog:not([open])');
const bound = () => [...document.querySelectorAll('[data-keys]')].filter(usable);

export function openSheet() {
  const sheet = document.getElementById('key-sheet');
  if (!sheet || sheet.open) return;
  const body = sheet.querySelector('[data-key-sheet]');
  body.replaceChildren();
  const seen = new Set();
  const lines = [...document.querySelectorAll('[data-row-key][data-key-text], [data-keys][data-key-text]')];
  for (const line of lines) {
    const keys = line.dataset.rowKey ?? line.dataset.keys;
    if (!keys || seen.has(keys)) continue;
    seen.add(keys);
    const row = body.insertRow();
    const head = document.createElement('th');
    head.scope = 'row';
    const kbd = document.createElement('kbd');
    kbd.dir = 'ltr';
    kbd.textContent = keys;
    head.append(kbd);
    row.append(head);
    row.insertCell().textContent = line.dataset.keyText;
  }
  if (seen.size === 0) body.insertRow().insertCell().textContent = body.dataset.none;
  sheet.showModal();
}

document.addEventListener('cirt:keys', openSheet);

document.addEventListener('keydown', (event) => {
  if (off() || event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (document.querySelector('dialog[open]')) return;
  const key = name(event);
  const sequence = pending && performance.now() < pendingUntil ? `${pending} ${key}` : key;
  pending = '';
  if (sequence === '?') {
    event.preventDefault();
    openSheet();
    return;
  }
  if (sequence === '/') {
    const box = document.querySelector('[data-query]') ?? document.querySelector('[data-search]');
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
    return;
  }
  const elements = bound();
  const exact = elements.find((e) => e.dataset.keys === sequence);
  if (exact) {
    event.preventDefault();
    exact.click();
    return;
  }
  // A list may want the sequence (* a) or the key; its listener runs after this one and asks for it here.
  const wanted = new CustomEvent('cirt:key', { cancelable: true, detail: { keys: sequence, source: event } });
  if (!document.dispatchEvent(wanted)) {
    event.preventDefault();
    return;
  }
  const begins = key === '*' || elements.some((e) => e.dataset.keys.startsWith(`${key} `));
  if (sequence === key && begins) {
    pending = key;
    pendingUntil = performance.now() + 1500;
  }
});
