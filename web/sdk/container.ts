import { misuse } from './errors';

/**
 * The element a widget goes into.
 *
 * @throws InvalidContainerSelectorError, TypeError
 */
export function findContainer(container: unknown): HTMLElement {
  if (typeof container === 'string') {
    const found = query(container);
    if (found) return found;
    throw misuse('InvalidContainerSelectorError', `container: no element of the page matches "${container}".`);
  }
  if (container instanceof HTMLElement) return container;
  throw misuse('TypeError', 'container must be a CSS selector or an HTMLElement.');
}

function query(selector: string): HTMLElement | null {
  try {
    return document.querySelector<HTMLElement>(selector);
  } catch {
    return null; // no selector at all
  }
}
