// Native dialogs: the browser keeps the focus inside, closes on Escape and gives the focus back.
export function open(dialog) {
  if (!dialog) return; // the page was left before this came
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector('[autofocus]') ?? dialog.querySelector('.dialog-body :is(input, select, textarea), footer .primary, footer .button');
  first?.focus();
}

export function close(dialog) {
  if (!dialog) return; // the page was left before this came
  dialog.close();
}
