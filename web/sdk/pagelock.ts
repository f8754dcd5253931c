import { styleForAWhile } from './frame';

const open = 'klarna-payments-fso-open';

/**
 * Holds the page still behind an element: nothing else can be reached, by mouse,
 * keyboard or screen reader, and nothing scrolls.
 *
 * @returns a function that gives the page back as it was
 */
export function lockPage(above: HTMLElement): () => void {
  const root = document.documentElement;
  const { body } = document;
  const { scrollX, scrollY } = window;
  const hadScrollbar = window.innerWidth > root.clientWidth;
  root.classList.add(open);
  body.classList.add(open);
  // The scrollbar keeps its place, so that nothing moves sideways.
  const restoreRoot = styleForAWhile(root, hadScrollbar ? { 'overflow-y': 'scroll' } : {});
  const restoreBody = styleForAWhile(body, { position: 'fixed', top: `${-scrollY}px`, left: `${-scrollX}px`, right: '0' });
  const release = makeInert(above);
  return () => {
    release();
    root.classList.remove(open);
    body.classList.remove(open);
    restoreRoot();
    restoreBody();
    window.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' });
  };
}

/** The frames of purchase flows, which are the only ones that may lie above a page. */
const flows = new WeakSet<Element>();

/** Leaves an element out of every lock: a frame of the flow that is marked could not be used later. */
export function neverInert(flow: Element): void {
  flows.add(flow);
}

/** Makes everything beside the element inert, also what the shop adds later. */
function makeInert(above: HTMLElement): () => void {
  const made = new Set<HTMLElement>();
  const parent = above.parentElement ?? document.body;
  const mark = (): void => {
    for (const child of parent.children) {
      if (flows.has(child) || !(child instanceof HTMLElement) || child.inert) continue;
      child.inert = true;
      made.add(child);
    }
  };
  mark();
  const observer = new MutationObserver(mark);
  observer.observe(parent, { childList: true });
  return () => {
    observer.disconnect();
    for (const element of made) element.inert = false;
  };
}

/** The element that has the focus, also inside shadow roots. */
export function focused(): HTMLElement | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement && element !== document.body ? element : null;
}
