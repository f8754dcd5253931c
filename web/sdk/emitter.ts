import { misuse, reportError } from './errors';

const names = ['heightChanged', 'fullscreenOverlayShown', 'fullscreenOverlayHidden'] as const;

export type EventName = (typeof names)[number];

// Shops in plain JavaScript pass anything.
export type Handler = (...args: unknown[]) => unknown;

/** The events of one namespace. */
export class Emitter {
  readonly #handlers = new Map<EventName, Handler[]>();

  /** @throws EventNotSupportedError */
  on(name: string, handler: Handler): void {
    const known = supported(name);
    if (typeof handler !== 'function') return;
    this.#handlers.set(known, [...(this.#handlers.get(known) ?? []), handler]);
  }

  /** Without a handler it removes all of that event. @throws EventNotSupportedError */
  off(name: string, handler?: Handler): void {
    const known = supported(name);
    const left = handler ? (this.#handlers.get(known) ?? []).filter((other) => other !== handler) : [];
    this.#handlers.set(known, left);
  }

  emit(name: EventName, ...args: unknown[]): void {
    for (const handler of this.#handlers.get(name) ?? []) {
      try {
        handler(...args);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

function supported(name: string): EventName {
  const known = names.find((other) => other === name);
  if (!known) throw misuse('EventNotSupportedError', `There is no event "${String(name)}", only ${names.join(', ')}.`);
  return known;
}
