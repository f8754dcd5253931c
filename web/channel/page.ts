import { portOf, says, type Port } from './port';

/**
 * The page's side of the handshake: hands a line to the window every time it
 * says that it is ready (it says so again when it is loaded again). Messages of
 * any other window or origin are nothing to us.
 *
 * @param frame  the window that is waited for, asked at each message
 * @param origin of the frame's page
 * @returns a function that stops waiting
 */
export function awaitFrame<Out, In>(
  frame: () => Window | null,
  origin: string,
  connected: (port: Port<Out, In>) => void,
): () => void {
  const take = (event: MessageEvent<unknown>): void => {
    const source = frame();
    if (!source || event.source !== source || event.origin !== origin || !says(event.data, 'ready')) return;
    const { port1, port2 } = new MessageChannel();
    source.postMessage({ kvitto: 'connect' }, origin, [port2]);
    connected(portOf(port1));
  };
  window.addEventListener('message', take);
  return () => window.removeEventListener('message', take);
}
