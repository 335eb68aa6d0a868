// The shell without a circuit: menus, preferences, drawer, clock, copying. Works by delegation, so it survives every re-rendering.
import './keys.js';
import './hints.js';
import './passkey.js';
import { openCommands } from './commands.js';

const root = document.documentElement;
const attribute = { theme: 'theme', density: 'density', keys: 'shortcuts', rail: 'rail' };

function prefer(name, value) {
  root.dataset[attribute[name]] = value;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `cirt.${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  markPreferences();
}

function markPreferences() {
  for (const button of document.querySelectorAll('[data-prefer]')) {
    const pressed = root.dataset[attribute[button.dataset.prefer]] === button.dataset.value;
    button.setAttribute('aria-pressed', pressed ? 'true' : 'false');
  }
}

function drawer(open) {
  if (open) root.dataset.drawer = 'open';
  else delete root.dataset.drawer;
  document.querySelector('[data-drawer]')?.setAttribute('aria-expanded', open ? 'true' : 'false');
  if (open) document.querySelector('#rail a')?.focus();
}

async function copy(button) {
  const text = button.dataset.copy ?? document.querySelector(button.dataset.copyFrom)?.innerText ?? '';
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure context there is no clipboard: fall back to a selection.
    const area = document.createElement('textarea');
    area.value = text;
    (button.closest('dialog') ?? document.body).append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  button.dataset.copied = '';
  setTimeout(() => delete button.dataset.copied, 1500);
}

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const target = event.target.closest?.('[data-prefer], [data-drawer], [data-fold], [data-copy], [data-copy-from], [data-open-keys], [data-open-commands], [data-print], #rail a');
  if (!target) {
    if (root.dataset.drawer && !event.target.closest('#rail')) drawer(false);
    return;
  }
  if (target.dataset.prefer) prefer(target.dataset.prefer, target.dataset.value);
  else if ('drawer' in target.dataset) drawer(!root.dataset.drawer);
  else if ('fold' in target.dataset) prefer('rail', root.dataset.rail === 'closed' ? 'open' : 'closed');
  else if ('copy' in target.dataset || 'copyFrom' in target.dataset) copy(target);
  else if ('openKeys' in target.dataset) document.dispatchEvent(new CustomEvent('cirt:keys'));
  else if ('openCommands' in target.dataset) openCommands();
  else if ('print' in target.dataset) window.print();
  else drawer(false);
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
  if (root.dataset.drawer) {
    drawer(false);
    document.querySelector('[data-drawer]')?.focus();
  }
});

document.addEventListener('toggle', (event) => {
  if (event.target.matches?.('details.menu')) markPreferences();
}, true);

// The server's time at loading plus what has passed since: the browser's own clock may be wrong.
const started = performance.now();
const minutes = (clock) => Number(clock?.dataset.clock || 0);
const first = document.querySelector('[data-clock]');
const served = Date.parse(`${new Date().toISOString().slice(0, 10)}T${first?.textContent.slice(0, 8) ?? ''}Z`) - minutes(first) * 60000;
setInterval(() => {
  const clock = document.querySelector('[data-clock]');
  if (!clock || Number.isNaN(served)) return;
  const now = new Date(served + performance.now() - started + minutes(clock) * 60000).toISOString().slice(11, 19);
  if (!clock.textContent.startsWith(now)) clock.textContent = `${now} ${clock.dataset.zone || 'UTC'}`;
}, 1000);
markPreferences();
