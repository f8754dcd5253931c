import { announce } from './announce';

const said = 1500; // milliseconds for which a button says what it did

/** Shows the buttons that copy the text of another element: without a script they could do nothing. */
export function offerCopies(): void {
  if (navigator.clipboard === undefined) {
    return;
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', () => void copy(button));
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = document.getElementById(button.dataset['copy'] ?? '');
  if (source === null) {
    return;
  }
  let result = 'Copied';
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    result = 'Not copied';
  }
  button.textContent = result;
  announce(result);
  setTimeout(() => { button.textContent = 'Copy'; }, said);
}
