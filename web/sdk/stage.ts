import type { FromFlow, ToFlow } from '../channel/messages';
import type { Line } from './line';

export type Leaving = 'gone' | 'leave';

/** Where the purchase flow is shown: over the page or in a window of its own. */
export interface Stage {
  readonly popup: boolean;
  /** the server its page came from, which is the only one the page may talk to */
  readonly base: string;
  readonly line: Line<ToFlow, FromFlow>;
  /** Brings the flow before the customer. */
  show(): void;
  /** Is called when the flow's window went away, or when it is to be left. */
  onLeave(leave: (how: Leaving) => void): void;
  /**
   * Gives the page back. A flow that ended by itself may be kept for the next
   * call; one that was left is not: what it still says is not for the next.
   */
  close(keep: boolean): void;
}
