// Starts Blazor with patience: a lost connection is tried again for as long as the page is open; after a restart of the
// appliance the page is loaded again at the same address.
/* global Blazor */
const bar = document.getElementById('components-reconnect-modal');
let lost = false;

// A file on its way would have to be chosen again: it arrives first.
function reload() {
  if (document.querySelector('[data-sending]')) document.addEventListener('cirt:sent', reload, { once: true });
  else location.reload();
}

function look() {
  const has = (state) => bar.classList.contains(`components-reconnect-${state}`);
  if (has('rejected')) {
    reload();
  } else if (has('failed')) {
    // The next attempt starts over; a restarted host answers it by refusing the old circuit.
    setTimeout(() => Blazor.reconnect().then((ok) => ok || reload(), () => {}), 5000);
  } else if (has('show') || has('retrying')) {
    lost = true;
    document.documentElement.dataset.circuit = 'lost';
  } else if (has('hide') && lost) {
    lost = false;
    document.documentElement.dataset.circuit = 'up';
    document.dispatchEvent(new CustomEvent('cirt:reconnected'));
  }
}

new MutationObserver(look).observe(bar, { attributes: true, attributeFilter: ['class'] });
document.addEventListener('click', (event) => event.target.closest?.('[data-reload]') && location.reload());

Blazor.start({
  circuit: {
    reconnectionOptions: { maxRetries: 100000, retryIntervalMilliseconds: (attempt) => Math.min(500 * 2 ** attempt, 5000) },
  },
});
