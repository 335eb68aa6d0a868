// The cursor of a list: moved here without asking the server, so it answers at once on a slow link.
const lists = new Map();

export function attach(root, component, followsCursor) {
  if (!root) return; // the page was left before this came
  const list = { root, component, followsCursor, key: null, index: 0, anchor: null, timer: 0 };
  lists.set(root, list);
  list.observer = new MutationObserver(() => settle(list));
  list.observer.observe(root, { childList: true, subtree: true });
  root.addEventListener('click', list.onClick = (event) => clicked(list, event));
  root.addEventListener('focusin', list.onFocus = (event) => {
    const row = event.target.closest('tr[data-key]');
    if (row && row.dataset.key !== list.key) put(list, row, false);
  });
  settle(list);
}

export function detach(root) {
  if (!root) return; // the page was left before this came
  const list = lists.get(root);
  if (!list) return;
  list.observer.disconnect();
  clearTimeout(list.timer);
  lists.delete(root);
}

const rows = (list) => [...list.root.querySelectorAll('tbody[data-rows] > tr[data-key]')];

// Rows came or went: the cursor stays on its row, or at its height when that row has gone.
function settle(list) {
  const all = rows(list);
  if (all.length === 0) return;
  const same = all.find((r) => r.dataset.key === list.key);
  const row = same ?? all[Math.min(list.index, all.length - 1)];
  for (const other of all) {
    if (other !== row && other.hasAttribute('data-cursor')) other.removeAttribute('data-cursor');
    const index = other === row ? '0' : '-1';
    if (other.getAttribute('tabindex') !== index) other.setAttribute('tabindex', index);
  }
  if (!same && list.key !== null) {
    const hadFocus = document.activeElement === document.body || list.root.contains(document.activeElement);
    put(list, row, hadFocus);
  } else if (same && !row.hasAttribute('data-cursor')) {
    row.setAttribute('data-cursor', '');
  }
  list.index = all.indexOf(row);
}

function put(list, row, focus) {
  const all = rows(list);
  for (const other of all) {
    other.toggleAttribute('data-cursor', other === row);
    other.setAttribute('tabindex', other === row ? '0' : '-1');
  }
  list.key = row.dataset.key;
  list.index = all.indexOf(row);
  if (focus) {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: 'nearest' });
  }
  if (!list.followsCursor) return;
  clearTimeout(list.timer);
  // The page may go while the cursor rests; a fault of a list that is still there is thrown on.
  list.timer = setTimeout(() => list.component.invokeMethodAsync('OnCursor', list.key).catch((fault) => {
    if (lists.has(list.root) && list.root.isConnected) throw fault;
  }), 120);
}

// What a row opens: the link that says so, or its first.
const opens = (row) => row?.querySelector('a[data-opens]') ?? row?.querySelector('a[href]');

const current = (list) => rows(list).find((r) => r.dataset.key === list.key);

function clicked(list, event) {
  const row = event.target.closest('tr[data-key]');
  if (row && !event.target.closest('a, button, input, label')) put(list, row, true);
  else if (row) list.key === row.dataset.key || put(list, row, false);
}

function select(list, picked, selected) {
  list.component.invokeMethodAsync('OnSelect', picked.map((r) => r.dataset.key), selected);
}

function act(list, keys) {
  const all = rows(list);
  if (all.length === 0) return false;
  const at = list.key === null ? -1 : list.index;
  const row = current(list);
  switch (keys) {
    case 'j': case 'ArrowDown': put(list, all[Math.min(at + 1, all.length - 1)], true); return true;
    case 'k': case 'ArrowUp': put(list, all[Math.max(at - 1, 0)], true); return true;
    case 'Home': put(list, all[0], true); return true;
    case 'End': put(list, all[all.length - 1], true); return true;
    case 'Enter': {
      const link = opens(row);
      link?.click();
      return !!link;
    }
    case 'o': {
      const link = opens(row);
      if (link) window.open(link.href, '_blank', 'noopener');
      return !!link;
    }
    case 'n': return follow(list, 'next');
    case 'p': return follow(list, 'prev');
    case '.':
      if (!row || !list.root.querySelector('[data-row-key]')) return false;
      list.component.invokeMethodAsync('OnRowMenu', list.key);
      return true;
    case 'x': case 'Shift+x': case '* a': case '* m': case '* n': case '* 1': break;
    default: {
      // What is selected is acted on, wherever the cursor is; without a selection it is the cursor's row.
      if (!row && !list.root.querySelector('[data-select]:checked')) return false;
      if (![...list.root.querySelectorAll('[data-row-key]')].some((e) => e.dataset.rowKey === keys)) return false;
      list.component.invokeMethodAsync('OnRowKey', keys, list.key ?? '');
      return true;
    }
  }
  if (!list.root.querySelector('[data-select-all]')) return false;
  if (keys === '* a') select(list, all, true);
  else if (keys === '* m') list.component.invokeMethodAsync('OnSelectEverything');
  else if (keys === '* n') select(list, all, false);
  else if (!row) return false;
  else if (keys === '* 1') {
    if (row.dataset.alike === undefined) return false;
    select(list, all.filter((r) => r.dataset.alike === row.dataset.alike), true);
  }
  else if (keys === 'x') {
    const box = row.querySelector('[data-select]');
    select(list, [row], !box.checked);
    list.anchor = list.index;
  } else {
    const from = list.anchor ?? list.index;
    select(list, all.slice(Math.min(from, list.index), Math.max(from, list.index) + 1), true);
  }
  return true;
}

function follow(list, rel) {
  const link = list.root.querySelector(`.list-foot a[rel=${rel}]`);
  link?.click();
  return !!link;
}

document.addEventListener('cirt:key', (event) => {
  const { keys, source } = event.detail;
  // Links, buttons and boxes keep their own Enter, and arrows scroll unless the focus is in the list.
  const own = source.target.closest?.('a, button, summary, [role=separator]');
  if (keys === 'Enter' && own) return;
  for (const [root, list] of lists) {
    if (!root.isConnected) {
      detach(root);
      continue;
    }
    if (/^(Arrow|Home|End)/.test(keys) && !root.contains(source.target)) continue;
    if (lists.size > 1 && document.activeElement !== document.body && !root.contains(document.activeElement) && [...lists.keys()].some((r) => r.contains(document.activeElement))) continue;
    if (act(list, keys)) {
      event.preventDefault();
      return;
    }
  }
});
