import type { FromWidget, ToWidget } from '../channel/messages';
import type { WidgetView } from '../channel/shapes';
import { frameID, makeFrame, style, watchRemoval } from './frame';
import { Line, frameMax } from './line';
import { coverFrame, uncoverFrame } from './loader';
import { preference, schemeOf } from './scheme';

export interface WidgetOptions {
  name: string;
  base: string;
  container: HTMLElement;
  country: string;
  /** initial height in CSS pixels */
  height: number;
  title: string;
  heightChanged: (height: number) => void;
  /** the shop took the frame out of its page */
  removed: () => void;
}

/** A widget in the shop's page: the frame in its container. */
export class Widget {
  readonly frame: HTMLIFrameElement;
  /** Settles when the first view is drawn, or nobody waits for it; false when the page did not come. */
  readonly drawn: Promise<boolean>;
  /** Takes a link of the widget; true when the shop has shown it itself. */
  showDocument: ((url: string) => boolean) | undefined;

  #view: WidgetView | undefined;
  readonly #restyle = (): void => void requestAnimationFrame(() => this.#send());
  #height: number | undefined;
  readonly #line: Line<ToWidget, FromWidget>;
  readonly #unwatch: () => void;
  #settle: (drawn: boolean) => void = () => undefined;

  constructor(readonly options: WidgetOptions) {
    const { name, base, container, country, height, title } = options;
    this.frame = makeFrame(frameID(name, 'main'), title, `${base}/widget.html`);
    style(this.frame, { display: 'block', width: '100%', 'min-width': '280px', 'max-width': '600px', height: `${height}px` });
    this.#line = new Line(() => this.frame.contentWindow, base);
    this.#line.greet((port) => {
      port.listen((message) => this.#take(message));
      this.#send();
    });
    container.append(this.frame);
    preference.addEventListener('change', this.#restyle);
    const loader = coverFrame(this.frame, country, height);
    this.drawn = new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(false), frameMax);
      this.#settle = (drawn) => {
        clearTimeout(timer);
        uncoverFrame(this.frame, loader);
        resolve(drawn);
      };
    });
    this.#unwatch = watchRemoval(this.frame, () => {
      this.close();
      options.removed();
    });
  }

  /** Whether a further load can use this frame. */
  serves(container: HTMLElement, base: string): boolean {
    return this.frame.isConnected && this.options.container === container && this.options.base === base;
  }

  show(view: WidgetView): void {
    this.#view = view;
    this.#send();
  }

  /** Frames are told of the ground they stand on: they cannot see it. */
  #send(): void {
    if (this.#view) this.#line.send({ type: 'show', view: this.#view, ...schemeOf(this.options.container) });
  }

  /** Says whether the payment can still be had. */
  setAvailable(available: boolean): void {
    if (this.#view && this.#view.available !== available) this.show({ ...this.#view, available });
  }

  close(): void {
    preference.removeEventListener('change', this.#restyle);
    this.#unwatch();
    this.#line.close();
    this.#settle(true);
    this.frame.remove();
  }

  #take(message: FromWidget): void {
    switch (message.type) {
      case 'rendered':
        this.#settle(true);
        break;
      case 'height':
        this.#resize(Math.ceil(message.height));
        break;
      case 'link':
        if (!this.showDocument?.(message.url)) openDocument(message.url);
        break;
    }
  }

  /** A frame in a hidden container has no height to tell. */
  #resize(height: number): void {
    if (!(height > 0) || height === this.#height) return;
    this.#height = height;
    this.frame.style.height = `${height}px`;
    this.options.heightChanged(height);
  }
}

function openDocument(url: string): void {
  if (/^https?:/.test(url)) window.open(url, '_blank', 'noopener');
}
