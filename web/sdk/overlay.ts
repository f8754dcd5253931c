import type { FromFlow, ToFlow } from '../channel/messages';
import { frameID, makeFrame, style, watchRemoval } from './frame';
import { Line } from './line';
import { lockPage, neverInert } from './pagelock';
import type { Leaving, Stage } from './stage';

export interface OverlayEvents {
  shown(): void;
  hidden(): void;
}

const hidden = { height: '0', opacity: '0', 'pointer-events': 'none', visibility: 'hidden' };
const visible = { height: '100%', opacity: '1', 'pointer-events': 'auto', visibility: 'visible' };

/**
 * The purchase flow in a frame over the whole page. It is loaded when it is made
 * and hidden until it is shown. The same page serves one flow after another, so
 * that it remembers what the customer has said.
 */
export class Overlay implements Stage {
  readonly popup = false;
  readonly line: Line<ToFlow, FromFlow>;
  readonly #frame: HTMLIFrameElement;
  readonly #unwatch: () => void;
  #leave: ((how: Leaving) => void) | undefined;
  #unlock: (() => void) | undefined;
  #unwanted = false;

  constructor(
    name: string,
    readonly base: string,
    private readonly events: OverlayEvents,
  ) {
    this.#frame = makeFrame(frameID(name, 'fullscreen'), 'Klarna', `${base}/flow.html`);
    style(this.#frame, {
      position: 'fixed', top: '0', left: '0', width: '100%', 'max-width': 'none', 'max-height': 'none', margin: '0',
      'z-index': '2147483647', ...hidden,
    }); // prettier-ignore
    neverInert(this.#frame);
    this.line = new Line(() => this.#frame.contentWindow, base);
    topmost().append(this.#frame);
    this.#unwatch = watchRemoval(this.#frame, () => this.#leave?.('gone'));
  }

  /** Whether it is still there and would be seen. */
  get usable(): boolean {
    return this.#frame.isConnected && this.#frame.parentElement === topmost();
  }

  show(): void {
    if (this.#unlock) return;
    this.#unlock = lockPage(this.#frame);
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    style(this.#frame, { transition: calm ? 'none' : 'opacity 0.3s', ...visible });
    this.#frame.focus({ preventScroll: true });
    window.addEventListener('keydown', this.#key, true);
    this.events.shown();
  }

  onLeave(leave: (how: Leaving) => void): void {
    this.#leave = leave;
  }

  /** What it belonged to is gone: it ends, unless a decision is under way. */
  dismiss(): void {
    this.#unwanted = true;
    if (this.#leave) this.#leave('leave');
    else this.close(false);
  }

  close(keep: boolean): void {
    this.#leave = undefined;
    if (this.#unlock) this.#frame.blur();
    if (!keep || this.#unwanted) {
      this.#unwatch();
      this.line.close();
      this.#frame.remove();
    }
    if (!this.#unlock) return;
    window.removeEventListener('keydown', this.#key, true);
    style(this.#frame, { transition: 'none', ...hidden });
    this.#unlock();
    this.#unlock = undefined;
    this.events.hidden();
  }

  /** The focus is in the frame, which has its own Escape; a page can take it back. */
  readonly #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.#leave?.('leave');
  };
}

/** A shop's open modal dialog lies over everything that is not in it. */
function topmost(): HTMLElement {
  const dialogs = document.querySelectorAll<HTMLElement>('dialog:modal');
  return dialogs[dialogs.length - 1] ?? document.body;
}
