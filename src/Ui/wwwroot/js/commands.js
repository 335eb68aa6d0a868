// The command list (Ctrl+K): pages, what this page binds to keys, and what the search finds, by typing. Texts are put in as text, never as markup.
let asked = 0;
let timer = 0;
let options = [];
let at = 0;

const dialog = () => document.getElementById('commands');
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const matches = (text, words) => words.every((word) => plain(text).includes(word));

export function openCommands() {
  const box = dialog();
  if (!box || box.open || document.querySelector('dialog[open]')) return;
  const input = box.querySelector('input');
  input.value = '';
  show([]);
  box.showModal();
  input.focus();
}

function here() {
  const seen = new Set();
  return [...document.querySelectorAll('[data-keys][data-key-text]')].flatMap((element) => {
    const text = element.dataset.keyText;
    if (element.disabled || element.closest('dialog') || seen.has(text)) return [];
    seen.add(text);
    return [{ text, keys: element.dataset.keys, run: () => element.click() }];
  });
}

function show(found) {
  const box = dialog();
  const list = box.querySelector('[role=listbox]');
  const words = plain(box.querySelector('input').value).split(/\s+/).filter(Boolean);
  const pages = [...box.querySelectorAll('[data-commands-pages] a')].map((link) => ({ text: link.textContent, run: () => link.click() }));
  const groups = [
    [box.dataset.here, here().filter((one) => matches(one.text, words))],
    [box.dataset.pages, pages.filter((one) => matches(one.text, words))],
    [box.dataset.found, found],
  ];
  list.replaceChildren();
  options = [];
  for (const [title, ones] of groups) {
    if (ones.length === 0) continue;
    const group = document.createElement('div');
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', title);
    const head = document.createElement('p');
    head.className = 'commands-group';
    head.setAttribute('role', 'presentation');
    head.textContent = title;
    group.append(head);
    for (const one of ones) {
      const option = document.createElement('div');
      option.setAttribute('role', 'option');
      option.id = `command-${options.length}`;
      const text = document.createElement('bdi');
      text.textContent = one.text;
      option.append(text);
      if (one.kind) option.append(Object.assign(document.createElement('span'), { className: 'quiet', textContent: one.kind }));
      if (one.keys) option.append(Object.assign(document.createElement('kbd'), { dir: 'ltr', textContent: one.keys }));
      const index = options.length;
      option.addEventListener('click', () => run(index));
      option.addEventListener('pointermove', () => at !== index && put(index));
      options.push({ ...one, option });
      group.append(option);
    }
    list.append(group);
  }
  if (options.length === 0) list.append(Object.assign(document.createElement('p'), { className: 'quiet', textContent: box.dataset.none }));
  box.querySelector('[data-commands-said]').textContent = options.length === 0 ? box.dataset.none : '';
  put(0);
}

function put(index) {
  at = index;
  options.forEach(({ option }, i) => option.setAttribute('aria-selected', i === at ? 'true' : 'false'));
  const chosen = options[at]?.option;
  const input = dialog().querySelector('input');
  if (chosen) {
    input.setAttribute('aria-activedescendant', chosen.id);
    chosen.scrollIntoView({ block: 'nearest' });
  } else {
    input.removeAttribute('aria-activedescendant');
  }
}

function run(index) {
  const chosen = options[index];
  if (!chosen) return;
  dialog().close();
  chosen.run();
}

async function find(words) {
  const mine = ++asked;
  const answer = await fetch(`/api/v1/console/search?q=${encodeURIComponent(words)}`, { headers: { Accept: 'application/json' } });
  if (mine !== asked || !answer.ok || !dialog()?.open) return;
  const { hits } = await answer.json();
  if (mine !== asked || !dialog()?.open) return;
  show(hits.map((hit) => ({ text: hit.title, kind: hit.kind, run: () => go(hit.path) })));
}

// Through a link, so that the router takes it up on a live page; only paths of this host come from the search.
function go(path) {
  if (!path.startsWith('/') || path.startsWith('//')) return;
  const link = Object.assign(document.createElement('a'), { href: path });
  document.body.append(link);
  link.click();
  link.remove();
}

document.addEventListener('input', (event) => {
  if (!event.target.closest?.('#commands')) return;
  const words = event.target.value.trim();
  show([]);
  clearTimeout(timer);
  asked++;
  if (words.length >= 2) timer = setTimeout(() => find(words), 150);
});

document.addEventListener('keydown', (event) => {
  // Browsers leave Ctrl+K to pages; with AltGr or Shift it is somebody else's.
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openCommands();
    return;
  }
  if (!event.target.closest?.('#commands') || options.length === 0) return;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
  if (to !== undefined) put((to + options.length) % options.length);
  else if (event.key === 'Enter') run(at);
  else return;
  event.preventDefault();
});
