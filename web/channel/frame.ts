import { portOf, says, type Port } from './port';

/**
 * The frame's side of the handshake: says that it is ready and gives the line to
 * the page that made it. Never settles in a page that nobody made.
 *
 * Only the window that embedded or opened this page is believed, and only once.
 * Its origin is the shop's, which may be any.
 */
export function connectToPage<Out, In>(): Promise<Port<Out, In>> {
  const page: Window | null = window.parent !== window ? window.parent : (window.opener as Window | null);
  return new Promise((resolve) => {
    if (!page) return;
    const take = (event: MessageEvent<unknown>): void => {
      const port = event.ports[0];
      if (event.source !== page || !says(event.data, 'connect') || !port) return;
      window.removeEventListener('message', take);
      resolve(portOf(port));
    };
    window.addEventListener('message', take);
    page.postMessage({ kvitto: 'ready' }, '*'); // nothing secret; the page checks who says it
  });
}
