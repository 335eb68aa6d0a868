// Files go by plain POST, one request each, with progress and cancel, or in parts that survive a broken line (resume.js). Nothing of the file passes the circuit.
import { add, begin, leave } from './resume.js';

const drops = new Map();
const queues = new Map();

export function attach(root, component, options) {
  if (!root) return; // the page was left before this came
  const input = root.querySelector('input[type=file]');
  const queue = options.resume ? begin(root, component, options) : null;
  if (queue) queues.set(root, queue);
  const takeOne = (file) => {
    const fault = faultOf(options, input.accept, file);
    if (fault) refuse(root, file.name, fault);
    else if (queue) add(queue, file);
    else send(root, component, options, file);
  };
  const take = (files) => {
    if (!input.multiple && files.length > 1) refuse(root, [...files].map((file) => file.name).join(', '), options.words.one);
    else for (const file of files) takeOne(file);
    input.value = '';
  };
  const over = (event) => {
    event.preventDefault();
    root.dataset.over = '';
  };
  const out = () => delete root.dataset.over;
  const drop = (event) => {
    event.preventDefault();
    out();
    take(event.dataTransfer.files);
  };
  root.addEventListener('dragover', over);
  root.addEventListener('dragleave', out);
  root.addEventListener('drop', drop);
  input.addEventListener('change', () => take(input.files));
  drops.set(root, new Set());
  root.dataset.ready = '';
}

export function detach(root) {
  if (!root) return; // the page was left before this came
  for (const request of drops.get(root) ?? []) request.abort();
  if (queues.has(root)) leave(queues.get(root));
  queues.delete(root);
  drops.delete(root);
}

// A file let go beside the field must not replace the page.
for (const name of ['dragover', 'drop']) {
  document.addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
}

export function line(root, name) {
  const item = document.createElement('li');
  const label = document.createElement('bdi');
  // A direction mark makes "exe.fdp" of "pdf.exe".
  label.textContent = name.replace(/\p{Cf}/gu, '');
  const state = document.createElement('span');
  item.append(label, state);
  root.querySelector('[data-drop-files]').append(item);
  return { item, state };
}

export function end(state, text, tone) {
  state.textContent = text;
  state.className = tone;
}

function refuse(root, name, text) {
  end(line(root, name).state, text, 'bad');
}

// As the browser's own file dialogue reads the attribute; a drop does not pass through that dialogue.
function isAccepted(accept, file) {
  const kinds = accept.toLowerCase().split(',').map((kind) => kind.trim()).filter(Boolean);
  const name = file.name.toLowerCase();
  const type = file.type.toLowerCase();
  return kinds.length === 0
    || kinds.some((kind) => (kind.startsWith('.') ? name.endsWith(kind) : kind.endsWith('/*') ? type.startsWith(kind.slice(0, -1)) : type === kind));
}

export function fill(text, ...values) {
  return values.reduce((filled, value, place) => filled.replaceAll(`{${place}}`, value), text);
}

export function size(bytes) {
  let value = bytes;
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  while (value >= 1024 && units.length > 1) {
    value /= 1024;
    units.shift();
  }
  return `${value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} ${units[0]}`;
}

// The refusals of the answer, in the reader's words (problem details); the general word where there are none.
export function reasons(request, words) {
  try {
    const problem = JSON.parse(request.responseText);
    const said = problem.errors?.map((error) => error.message).join(' ') ?? problem.title;
    return said || `${words.failed} (${request.status})`;
  } catch {
    return `${words.failed} (${request.status})`;
  }
}

// The circuit may be lost while a file travels: the answer waits until it is back.
export function tell(component, ...answer) {
  const later = () => document.addEventListener('cirt:reconnected', () => tell(component, ...answer), { once: true });
  if (document.documentElement.dataset.circuit === 'lost') later();
  else component.invokeMethodAsync('OnUploaded', ...answer).catch(later);
}

// What is wrong with a file before anything of it is sent.
function faultOf({ words, max }, accept, file) {
  if (!isAccepted(accept, file)) return fill(words.kind, accept.replaceAll(',', ' '));
  return max > 0 && file.size > max ? fill(words.large, size(file.size), size(max)) : null;
}

function send(root, component, options, file) {
  const { words } = options;
  const { item, state } = line(root, file.name);
  const bar = document.createElement('progress');
  bar.max = file.size || 1;
  bar.setAttribute('aria-label', file.name);
  state.append(bar);
  const cancel = document.createElement('button');
  cancel.type = 'button';
  cancel.className = 'link';
  cancel.textContent = words.cancel;
  item.append(cancel);

  const form = new FormData();
  if (options.token) form.append(options.tokenName, options.token);
  for (const [name, value] of Object.entries(options.extra)) form.append(name, value);
  form.append(options.field, file, file.name);
  const request = new XMLHttpRequest();
  drops.get(root)?.add(request);
  const done = (status, body) => {
    drops.get(root)?.delete(request);
    cancel.remove();
    tell(component, file.name, status, body.slice(0, 65536));
  };
  cancel.addEventListener('click', () => request.abort());
  request.upload.addEventListener('progress', (event) => {
    bar.value = Math.min(event.loaded, bar.max);
  });
  request.addEventListener('load', () => {
    const ok = request.status >= 200 && request.status < 300;
    end(state, ok ? words.done : reasons(request, words), ok ? 'good' : 'bad');
    done(request.status, request.responseText);
  });
  request.addEventListener('error', () => {
    end(state, words.broken, 'bad');
    done(0, '');
  });
  request.addEventListener('abort', () => {
    end(state, words.cancelled, 'bad');
    cancel.remove();
    drops.get(root)?.delete(request);
  });
  request.open('POST', options.url);
  if (options.token) request.setRequestHeader('RequestVerificationToken', options.token);
  request.send(form);
}
