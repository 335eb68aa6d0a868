// What a query bar offers while somebody types (data-hints): a combobox with a list. Values come from the wire: they are put in as text, never as markup, and stand apart from the direction around them.
// Typing never waits: an answer that comes after the next letter is thrown away, one that does not come costs nothing.
const pause = 120;
let asked = 0;
let timer = 0;
let asking = null;
let open = null;

// As UntrustedText does: what turns a line round or hides in it is named instead of obeyed.
const plain = (text) => {
  const named = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) => `[U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
  return named.length > 160 ? `${named.slice(0, 160)}…` : named;
};

const boxOf = (element) => element?.closest?.('input[data-hints]');
const listOf = (input) => document.getElementById(input.getAttribute('aria-controls'));

function close() {
  clearTimeout(timer);
  asked++;
  asking?.abort();
  asking = null;
  if (!open) return;
  const { input, list } = open;
  open = null;
  list.hidden = true;
  list.replaceChildren();
  input.setAttribute('aria-expanded', 'false');
  input.removeAttribute('aria-activedescendant');
}

async function ask(input) {
  const mine = ++asked;
  asking?.abort();
  asking = new AbortController();
  const text = input.value;
  const url = new URL(input.dataset.hints, location.origin);
  url.searchParams.set('q', text);
  url.searchParams.set('at', String(input.selectionStart ?? text.length));
  let answer;
  try {
    const response = await fetch(url, { headers: { Accept: 'application/json' }, signal: asking.signal });
    // Who may not ask is not asked again.
    if (response.status === 401 || response.status === 403) delete input.dataset.hints;
    if (!response.ok) return;
    answer = await response.json();
  } catch {
    // A slow or broken line: nothing is offered, and the bar works as it is.
    return;
  }
  if (mine !== asked || document.activeElement !== input || input.value !== text) return;
  show(input, answer);
}

function show(input, { from, to, items }) {
  const list = listOf(input);
  if (!list || items.length === 0) {
    close();
    return;
  }
  const number = new Intl.NumberFormat(document.documentElement.lang);
  list.replaceChildren(...items.map((item, index) => {
    const option = document.createElement('div');
    option.setAttribute('role', 'option');
    option.setAttribute('aria-selected', 'false');
    option.id = `${list.id}-${index}`;
    option.append(Object.assign(document.createElement('bdi'), { textContent: plain(item.text) }));
    if (item.about) option.append(Object.assign(document.createElement('bdi'), { className: 'quiet', textContent: plain(item.about) }));
    if (item.count !== null && item.count !== undefined) {
      const count = Object.assign(document.createElement('span'), { className: 'num' });
      count.append(Object.assign(document.createElement('bdi'), { dir: 'ltr', textContent: (item.atLeast ? '\u2265\u00a0' : '') + number.format(item.count) }));
      option.append(count);
    }
    return option;
  }));
  list.hidden = false;
  input.setAttribute('aria-expanded', 'true');
  input.removeAttribute('aria-activedescendant');
  open = { input, list, items, from, to, at: -1 };
}

function put(index) {
  open.at = index;
  [...open.list.children].forEach((option, i) => option.setAttribute('aria-selected', i === index ? 'true' : 'false'));
  open.input.setAttribute('aria-activedescendant', open.list.children[index].id);
  open.list.children[index].scrollIntoView({ block: 'nearest' });
}

function take(index) {
  const { input, items, from, to } = open;
  const { insert } = items[index];
  close();
  // A field goes on to its values; a value is done.
  const more = insert.endsWith(':');
  const rest = input.value.slice(to);
  const put = more || /^[\s,)]/.test(rest) ? insert : `${insert} `;
  input.value = input.value.slice(0, from) + put + rest;
  input.setSelectionRange(from + put.length, from + put.length);
  input.scrollLeft = input.scrollWidth;
  if (more) ask(input);
}

document.addEventListener('input', (event) => {
  const input = boxOf(event.target);
  if (!input) return;
  close();
  if (!event.isComposing && input.value.trim() !== '') timer = setTimeout(() => ask(input), pause);
});

// Before the listeners of keys and lists, which see what is prevented here.
document.addEventListener('keydown', (event) => {
  const input = boxOf(event.target);
  if (!input || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!open || open.input !== input) {
    if (event.key !== 'ArrowDown' || event.shiftKey) return;
    event.preventDefault();
    ask(input);
    return;
  }
  const last = open.items.length - 1;
  const moved = { ArrowDown: open.at >= last ? 0 : open.at + 1, ArrowUp: open.at <= 0 ? last : open.at - 1 }[event.key];
  if (moved !== undefined && !event.shiftKey) put(moved);
  else if (event.key === 'Escape') close();
  else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && open.at >= 0) take(open.at);
  else {
    // The caret goes elsewhere, or the query is sent as it is.
    if (['Enter', 'Tab', 'ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) close();
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener('pointerdown', (event) => {
  const option = open && event.target.closest?.('[role=option]');
  if (!option || option.parentElement !== open.list) {
    if (open && event.target !== open.input) close();
    return;
  }
  // The bar keeps the caret.
  event.preventDefault();
  take([...open.list.children].indexOf(option));
});

document.addEventListener('focusout', (event) => open && event.target === open.input && close());
