import { awaitFrame } from '../channel/page';
import type { Port } from '../channel/port';

/** How long a frame's page may take to come, in ms. */
export const frameMax = 30_000;

/**
 * The line to a frame that may not be there yet, and that may be loaded again.
 */
export class Line<Out, In> {
  #port: Port<Out, In> | undefined;
  #greet: ((port: Port<Out, In>) => void) | undefined;
  readonly #stop: () => void;

  constructor(frame: () => Window | null, base: string) {
    this.#stop = awaitFrame<Out, In>(frame, new URL(base).origin, (port) => {
      this.#port?.close();
      this.#port = port;
      this.#greet?.(port);
    });
  }

  /** Calls greet with the page that is there, and with each that comes. */
  greet(greet: (port: Port<Out, In>) => void): void {
    this.#greet = greet;
    if (this.#port) greet(this.#port);
  }

  /** Greets no page from now on: one that is loaded again has nothing to do. */
  dismiss(): void {
    this.#greet = undefined;
  }

  send(message: Out): void {
    this.#port?.send(message);
  }

  close(): void {
    this.dismiss();
    this.#stop();
    this.#port?.close();
    this.#port = undefined;
  }
}
