// Passkeys: a form marked data-passkey asks the host for an offer, the browser for an answer, and is then sent as the plain form it is.
const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/').padEnd(Math.ceil(text.length / 4) * 4, '=')), (c) => c.charCodeAt(0));

function readOptions(kind, json) {
  if (kind === 'add' && PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  if (kind === 'enter' && PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  const known = (list) => (list ?? []).map((one) => ({ ...one, id: decode(one.id) }));
  const options = { ...json, challenge: decode(json.challenge) };
  if (json.user) options.user = { ...json.user, id: decode(json.user.id) };
  if (json.excludeCredentials) options.excludeCredentials = known(json.excludeCredentials);
  if (json.allowCredentials) options.allowCredentials = known(json.allowCredentials);
  return options;
}

function say(form, what) {
  for (const one of ['none', 'failed', 'stale']) {
    const line = form.querySelector(`[data-passkey-${one}]`);
    if (line) line.hidden = one !== what;
  }
}

async function answer(form) {
  const kind = form.dataset.passkey;
  if (!window.PublicKeyCredential || !navigator.credentials) return say(form, 'none');
  say(form, null);
  const asked = await fetch(form.dataset.offer, { method: 'POST', body: new URLSearchParams(new FormData(form)), credentials: 'same-origin' });
  if (!asked.ok) return say(form, asked.status === 409 ? 'stale' : 'failed');
  const { offer, options } = await asked.json();
  const publicKey = readOptions(kind, options);
  const credential = kind === 'add' ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
  form.elements.offer.value = offer;
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  form.submit();
}

document.addEventListener('submit', (event) => {
  if (!event.target.dataset?.passkey) return;
  event.preventDefault();
  event.stopPropagation();
  answer(event.target).catch(() => say(event.target, 'failed'));
}, true);
