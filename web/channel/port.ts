/** One end of the line between the SDK and a frame. */
export interface Port<Out, In> {
  /** Sends a message. Messages arrive in order, or never when the page is gone. */
  send(message: Out): void;
  /** Takes the messages from now on; those that came before are kept for it. */
  listen(take: (message: In) => void): void;
  /** Ends the line. */
  close(): void;
}

/**
 * The port in our terms. Who may hold the other end was decided when it was
 * handed over, so the messages are trusted to have their types.
 */
export function portOf<Out, In>(port: MessagePort): Port<Out, In> {
  return {
    send: (message) => port.postMessage(message),
    listen: (take) => {
      port.onmessage = (event: MessageEvent<In>) => take(event.data); // starts the port
    },
    close: () => port.close(),
  };
}

/** Whether a message is the one word of the handshake that is looked for. */
export function says(data: unknown, word: 'ready' | 'connect'): boolean {
  return typeof data === 'object' && data !== null && (data as { kvitto?: unknown }).kvitto === word;
}
