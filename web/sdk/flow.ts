import type { FromFlow, Start } from '../channel/messages';
import type { Result } from '../channel/shapes';
import { frameMax } from './line';
import type { Stage } from './stage';

/** How a flow ended. */
export type Ending =
  | { how: 'result'; result: Result; notes: string[] }
  /** the customer or the page left it */
  | { how: 'left' }
  /** its page did not come */
  | { how: 'failed' };

/** How long a flow that was asked to end may take to do so, in ms. */
const cancelMax = 3_000;

/**
 * Hands a call over to the purchase flow and waits for its end. The stage is
 * shown when the flow's page is there, so that nobody looks at an empty one, and
 * closed in the end.
 *
 * @param shown is called when it is shown
 */
export function runFlow(stage: Stage, start: Omit<Start, 'type' | 'popup'>, shown: () => void): Promise<Ending> {
  return new Promise((resolve) => {
    let showing = false;
    let busy = false;
    let ended = false;
    let leaving: ReturnType<typeof setTimeout> | undefined;
    const missing = setTimeout(() => end({ how: 'failed' }), frameMax);

    const end = (ending: Ending): void => {
      if (ended) return;
      ended = true;
      clearTimeout(missing);
      clearTimeout(leaving);
      window.removeEventListener('pagehide', hide);
      stage.line.dismiss();
      stage.close(ending.how === 'result');
      resolve(ending);
    };

    const take = (message: FromFlow): void => {
      if (ended) return;
      if (message.type === 'result') end({ how: 'result', result: message.result, notes: message.notes });
      if (message.type === 'busy') busy = message.busy;
    };

    /** Asks the flow to end, which tells the server; ends without it if it must. */
    const leave = (): void => {
      if (busy || leaving !== undefined) return;
      stage.line.send({ type: 'cancel' });
      leaving = setTimeout(() => {
        leaving = undefined;
        if (!busy) end({ how: 'left' });
      }, cancelMax);
    };

    // A page that comes back from the browser's cache must not find a dead
    // overlay. Nothing is asked of the flow: it is gone with the page.
    const hide = (): void => end({ how: 'left' });

    window.addEventListener('pagehide', hide);
    stage.onLeave((how) => {
      if (how === 'leave') leave();
      else end({ how: 'left' });
    });
    stage.line.greet((port) => {
      if (ended) return;
      clearTimeout(missing);
      port.listen(take);
      port.send({ ...start, type: 'start', popup: stage.popup });
      stage.show();
      if (!showing) shown();
      showing = true;
    });
  });
}
