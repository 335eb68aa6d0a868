// Large files in parts (draft-ietf-httpbis-resumable-upload-10): a line that breaks, a page that is loaded again and a host that starts again cost only what was on its way.
// One file after the other; what was begun and not finished stands in the list until its file is chosen again.
import { end, fill, line, reasons, size, tell } from './upload.js';

const partBytes = 32 << 20;
const edgeBytes = 1 << 16;
const longestPause = 30_000;

// attach() of upload.js calls this once per field.
export function begin(root, component, options) {
  const queue = { root, component, options, waiting: [], busy: false, current: null, left: false, unfinished: new Map() };
  queue.listed = list(queue);
  return queue;
}

export function leave(queue) {
  queue.left = true;
  queue.current?.abort();
}

export function add(queue, file) {
  const shown = show(queue, file.name);
  shown.state.textContent = queue.options.words.waiting;
  const entry = { file, shown, cancelled: false, address: null };
  button(shown, queue.options.words.cancel, () => cancel(queue, entry));
  queue.waiting.push(entry);
  next(queue);
}

async function next(queue) {
  if (queue.busy || queue.left) return;
  const entry = queue.waiting.shift();
  if (!entry) {
    if ('sending' in queue.root.dataset) {
      delete queue.root.dataset.sending;
      document.dispatchEvent(new CustomEvent('cirt:sent'));
    }
    return;
  }
  queue.busy = true;
  queue.root.dataset.sending = '';
  try {
    if (!entry.cancelled) await send(queue, entry);
  } finally {
    queue.busy = false;
    next(queue);
  }
}

// Which file it is: its size and its ends; the whole would have to be read first.
async function markOf(file) {
  const ends = await new Blob([file.slice(0, edgeBytes), file.slice(Math.max(0, file.size - edgeBytes))]).arrayBuffer();
  if (!globalThis.crypto?.subtle) return `${file.size} ${file.lastModified}`;
  const hash = await crypto.subtle.digest('SHA-256', ends);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function send(queue, entry) {
  const { words, url } = queue.options;
  const { file, shown } = entry;
  const [mark] = await Promise.all([markOf(file).catch(() => null), queue.listed]);
  if (mark === null) return fail(queue, entry, words.failed, 0, '');
  const known = [...queue.unfinished.values()].find((upload) => upload.name === file.name && upload.size === file.size && upload.mark === mark);
  let offset = 0;
  if (known) {
    queue.unfinished.delete(known.id);
    known.shown.item.remove();
    entry.address = `${url}/${known.id}`;
    offset = null; // asked for: another page may have gone on with it
  }
  const bar = document.createElement('progress');
  bar.max = file.size || 1;
  bar.setAttribute('aria-label', file.name);
  const text = document.createElement('span');
  text.className = 'hint';
  text.setAttribute('aria-hidden', 'true');
  shown.state.replaceChildren(bar, text);
  const speed = { from: null, at: 0 };
  const tick = (value) => {
    bar.value = value;
    const now = performance.now();
    if (speed.from === null) Object.assign(speed, { from: value, at: now });
    const rate = now - speed.at > 500 ? ((value - speed.from) * 1000) / (now - speed.at) : 0;
    text.textContent = rate > 0
      ? fill(words.progress, amount(value), amount(file.size), amount(rate), rest((file.size - value) / rate))
      : fill(words.of, amount(value), amount(file.size));
  };

  let pause = 1000;
  while (!entry.cancelled && !queue.left) {
    let answer;
    if (!entry.address) {
      const query = new URLSearchParams({ ...queue.options.extra, name: file.name, mark });
      answer = await ask(queue, 'POST', `${url}?${query}`, { 'Upload-Length': file.size, 'Upload-Complete': '?0' });
      if (answer.status === 201) {
        entry.address = answer.getResponseHeader('Location');
        offset = 0;
        if (entry.cancelled) discard(queue, entry.address);
        continue;
      }
      // Nothing of it is on the other side: only a line that is down is waited for.
      if (answer.status !== 0) return fail(queue, entry, reasons(answer, words), answer.status, answer.responseText);
    } else if (offset === null) {
      answer = await ask(queue, 'HEAD', entry.address, {});
      if (answer.status === 204) {
        offset = Number(answer.getResponseHeader('Upload-Offset'));
        if (speed.from === null) tick(offset);
        continue;
      }
      if (answer.status === 404) {
        // Thrown away meanwhile: from the beginning.
        entry.address = null;
        continue;
      }
    } else {
      const from = offset;
      const headers = { 'Content-Type': 'application/partial-upload', 'Upload-Offset': from, 'Upload-Complete': from + partBytes >= file.size ? '?1' : '?0' };
      answer = await ask(queue, 'PATCH', entry.address, headers, file.slice(from, from + partBytes), (loaded) => tick(Math.min(from + loaded, file.size)));
      if (answer.status === 200) {
        end(shown.state, words.done, 'good');
        shown.acts.replaceChildren();
        tell(queue.component, file.name, 200, answer.responseText.slice(0, 65536));
        return;
      }
      if (answer.status === 204) {
        offset = Number(answer.getResponseHeader('Upload-Offset'));
        pause = 1000;
        continue;
      }
      if (answer.status === 400) return fail(queue, entry, reasons(answer, words), answer.status, answer.responseText);
      offset = null;
      if (answer.status === 409 || answer.status === 404) continue;
    }
    if (entry.cancelled || queue.left) return;
    if (answer.status === 401 || answer.status === 403) return fail(queue, entry, reasons(answer, words), answer.status, answer.responseText);
    text.textContent = answer.status === 0 ? words.again : reasons(answer, words);
    speed.from = null;
    await later(pause);
    pause = Math.min(pause * 2, longestPause);
  }
}

// One request; a line that breaks answers status 0.
function ask(queue, method, address, headers, body = null, progress = null) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    queue.current = request;
    request.open(method, address);
    if (queue.options.token) request.setRequestHeader('RequestVerificationToken', queue.options.token);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (progress) request.upload.addEventListener('progress', (event) => progress(event.loaded));
    request.addEventListener('loadend', () => {
      queue.current = null;
      resolve(request);
    });
    request.send(body);
  });
}

// Sooner when the browser notices that it is on the net again.
function later(milliseconds) {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      window.removeEventListener('online', go);
      resolve();
    };
    const timer = setTimeout(go, milliseconds);
    window.addEventListener('online', go);
  });
}

// Set apart from the words around it, which may run the other way.
const amount = (bytes) => `\u2066${size(bytes)}\u2069`;

function rest(seconds) {
  const [value, unit] = seconds < 90 ? [Math.max(1, Math.round(seconds)), 'second'] : seconds < 5400 ? [Math.round(seconds / 60), 'minute'] : [Math.round(seconds / 3600), 'hour'];
  return new Intl.NumberFormat(document.documentElement.lang, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
}

function cancel(queue, entry) {
  entry.cancelled = true;
  queue.current?.abort();
  if (entry.address) discard(queue, entry.address);
  end(entry.shown.state, queue.options.words.cancelled, 'bad');
  entry.shown.acts.replaceChildren();
}

async function discard(queue, address) {
  const headers = queue.options.token ? { RequestVerificationToken: queue.options.token } : {};
  // Where this does not arrive, the other side throws it away after a day.
  return fetch(address, { method: 'DELETE', headers }).then((answer) => answer.ok || answer.status === 404, () => false);
}

function fail(queue, entry, text, status, body) {
  end(entry.shown.state, text, 'bad');
  entry.shown.acts.replaceChildren();
  tell(queue.component, entry.file.name, status, body.slice(0, 65536));
}

async function list(queue) {
  const { words, url } = queue.options;
  const uploads = await fetch(url).then((answer) => (answer.ok ? answer.json() : []), () => []);
  if (queue.left) return;
  for (const upload of uploads) {
    const shown = show(queue, upload.name);
    shown.state.textContent = fill(words.unfinished, amount(upload.offset), amount(upload.size));
    shown.item.dataset.unfinished = '';
    button(shown, words.discard, async () => {
      if (!(await discard(queue, `${url}/${upload.id}`))) return;
      queue.unfinished.delete(upload.id);
      shown.item.remove();
    });
    queue.unfinished.set(upload.id, { ...upload, shown });
  }
  queue.root.dataset.listed = '';
}

function show(queue, name) {
  const shown = line(queue.root, name);
  shown.acts = document.createElement('span');
  shown.item.append(shown.acts);
  return shown;
}

function button(shown, text, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'link';
  made.textContent = text;
  made.addEventListener('click', act);
  shown.acts.append(made);
}
