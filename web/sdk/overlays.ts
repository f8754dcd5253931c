import type { Emitter } from './emitter';
import { Overlay } from './overlay';

/** The full-screen frames of a namespace, loaded and hidden, by the widget's name. */
export class Overlays {
  readonly #frames = new Map<string, Overlay>();

  constructor(private readonly events: Emitter) {}

  /** The full-screen frame of a name, made when there is none of this server. */
  of(name: string, base: string): Overlay {
    const waiting = this.#frames.get(name);
    if (waiting?.usable && waiting.base === base) return waiting;
    waiting?.dismiss();
    const overlay = new Overlay(name, base, {
      shown: () => this.events.emit('fullscreenOverlayShown', name),
      hidden: () => this.events.emit('fullscreenOverlayHidden', name),
    });
    this.#frames.set(name, overlay);
    return overlay;
  }

  /** The widget of this name is gone. */
  dismiss(name: string): void {
    this.#frames.get(name)?.dismiss();
    this.#frames.delete(name);
  }
}
