// Says on the document that the page answers: called by the first part that lives on the circuit.
export function up() {
  document.documentElement.dataset.circuit = 'up';
}
