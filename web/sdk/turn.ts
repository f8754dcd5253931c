import { warn } from './developer';
import type { Stage } from './stage';

/** Who shows the purchase flow. */
let current: Turn | undefined;

/**
 * The right to show a purchase flow. A page has one, whatever its namespaces,
 * widgets and buttons: two would lock each other out of the page.
 */
export class Turn {
  private constructor(private stage: Stage | undefined) {}

  /** The right, and a window that is open already; undefined when somebody has it. */
  static take(stage?: Stage): Turn | undefined {
    if (current) return undefined;
    return (current = new Turn(stage));
  }

  /** Whether a flow is open, which the developer is told; its window is brought to the front. */
  static taken(call: string): boolean {
    if (!current) return false;
    warn(`taken ${call}`, `${call} was called while a purchase flow is open on this page. It is ignored and its callback is not called.`);
    if (current.stage?.popup) current.stage.show();
    return true;
  }

  showOn(stage: Stage): void {
    this.stage = stage;
  }

  /** Gives the right back. Twice does no harm. */
  end(): void {
    if (current === this) current = undefined;
  }
}
