import type { FromFlow, ToFlow } from '../channel/messages';
import { Line } from './line';
import type { Leaving, Stage } from './stage';
import { Turn } from './turn';

/** A window that was opened in the click, with the right to show the flow in it. */
export interface Opened {
  popup: Popup;
  turn: Turn;
  /** Closes the window when nothing was to be shown. */
  close(): void;
}

const width = 480;
const height = 960;
/** How often a window is asked whether it is closed, in ms: nothing tells. */
const askEvery = 250;

/** The purchase flow in a window of its own. */
export class Popup implements Stage {
  readonly popup = true;
  readonly line: Line<ToFlow, FromFlow>;
  readonly #timer: ReturnType<typeof setInterval>;
  #leave: ((how: Leaving) => void) | undefined;

  private constructor(
    private readonly opened: Window,
    readonly base: string,
  ) {
    this.line = new Line(() => this.opened, base);
    this.#timer = setInterval(() => {
      if (this.opened.closed) this.#leave?.('gone');
    }, askEvery);
    window.addEventListener('pagehide', this.#pageHidden);
  }

  /** A window whose page is gone has nobody to answer to. */
  readonly #pageHidden = (): void => this.opened.close();

  /**
   * Opens the window; must be called in the click itself.
   *
   * @returns undefined when the browser blocks it
   */
  static open(base: string): Popup | undefined {
    const left = Math.max(0, Math.round(window.screenX + (window.outerWidth - width) / 2));
    const top = Math.max(0, Math.round(window.screenY + (window.outerHeight - height) / 2));
    const opened = window.open(`${base}/flow.html`, 'apf', `popup,width=${width},height=${height},left=${left},top=${top}`);
    return opened ? new Popup(opened, base) : undefined;
  }

  show(): void {
    this.opened.focus();
  }

  onLeave(leave: (how: Leaving) => void): void {
    this.#leave = leave;
  }

  close(): void {
    clearInterval(this.#timer);
    window.removeEventListener('pagehide', this.#pageHidden);
    this.line.close();
    this.opened.close();
  }
}
