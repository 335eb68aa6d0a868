// Files go by plain POST, one request each, with progress and cancel. Nothing of the file passes the circuit.
const drops = new Map();

export function attach(root, component, options) {
  const input = root.querySelector('input[type=file]');
  const take = (files) => {
    for (const file of input.multiple ? files : [...files].slice(0, 1)) send(root, component, options, file);
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
}

export function detach(root) {
  for (const request of drops.get(root) ?? []) request.abort();
  drops.delete(root);
}

function send(root, component, options, file) {
  const { words } = options;
  const line = document.createElement('li');
  const label = document.createElement('bdi');
  label.textContent = file.name;
  const state = document.createElement('span');
  line.append(label, state);
  root.querySelector('[data-drop-files]').append(line);
  const end = (text, tone) => {
    state.textContent = text;
    state.className = tone;
  };
  if (options.max > 0 && file.size > options.max) {
    end(words.large, 'bad');
    return;
  }

  const bar = document.createElement('progress');
  bar.max = file.size || 1;
  bar.setAttribute('aria-label', file.name);
  state.append(bar);
  const cancel = document.createElement('button');
  cancel.type = 'button';
  cancel.className = 'link';
  cancel.textContent = words.cancel;
  line.append(cancel);

  const form = new FormData();
  if (options.token) form.append(options.tokenName, options.token);
  for (const [name, value] of Object.entries(options.extra)) form.append(name, value);
  form.append(options.field, file, file.name);
  const request = new XMLHttpRequest();
  drops.get(root)?.add(request);
  const done = (status, body) => {
    drops.get(root)?.delete(request);
    cancel.remove();
    component.invokeMethodAsync('OnUploaded', file.name, status, body.slice(0, 65536));
  };
  cancel.addEventListener('click', () => request.abort());
  request.upload.addEventListener('progress', (event) => {
    bar.value = Math.min(event.loaded, bar.max);
  });
  request.addEventListener('load', () => {
    const ok = request.status >= 200 && request.status < 300;
    end(ok ? words.done : words.failed, ok ? 'good' : 'bad');
    done(request.status, request.responseText);
  });
  request.addEventListener('error', () => {
    end(words.broken, 'bad');
    done(0, '');
  });
  request.addEventListener('abort', () => {
    end(words.cancelled, 'bad');
    cancel.remove();
    drops.get(root)?.delete(request);
  });
  request.open('POST', options.url);
  if (options.token) request.setRequestHeader('RequestVerificationToken', options.token);
  request.send(form);
}
