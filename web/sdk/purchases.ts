import type { Call, CallRequest, Result } from '../channel/shapes';
import type { Callback } from './arguments';
import { answer } from './callback';
import { callID } from './callid';
import { informNotes, warn } from './developer';
import { deviceID } from './device';
import { runFlow } from './flow';
import type { Overlays } from './overlays';
import { focused } from './pagelock';
import type { Opened } from './popup';
import { ask, report, withSwitch } from './session';
import type { Token } from './token';
import { Turn } from './turn';
import type { Shown, Widgets } from './widgets';

/** How long after a widget its full-screen frame is loaded, in ms. */
const preloadAfter = 500;

/** One call of the purchase, as it is sent. */
export interface Purchase {
  call: Exclude<Call, 'load'>;
  name: string;
  /** undefined when no session could be made, which the developer was told */
  token: Token | Promise<Token | undefined>;
  request: CallRequest;
  /** a window that was opened in the click */
  opened: Opened | undefined;
}

/** The purchases of a namespace: what runs, and where its flow is shown. */
export class Purchases {
  /** The widgets whose calls run. */
  readonly #running = new Set<string>();

  constructor(
    private readonly widgets: Widgets,
    private readonly overlays: Overlays,
  ) {}

  /** Loads the full-screen frame of a widget a little later, so that a purchase finds it. */
  preload(name: string, shown: Shown): void {
    setTimeout(() => {
      if (this.widgets.get(name) === shown && !this.#running.has(name)) this.overlays.of(name, shown.widget.options.base);
    }, preloadAfter);
  }

  /**
   * Runs a call of the purchase. A second one for the same widget is ignored
   * while one runs.
   */
  run(purchase: Purchase, callback: Callback | undefined): void {
    const { name } = purchase;
    const opener = focused();
    this.#running.add(name);
    void this.#decide(purchase).then((result) => {
      this.#running.delete(name);
      const shown = this.widgets.get(name);
      if (shown) {
        shown.widget.setAvailable(result.show_form);
        this.preload(name, shown);
      }
      giveFocusBack(opener);
      answer(callback, result);
      giveFocusBack(opener); // to a button that was disabled until the callback
    });
  }

  /** Whether a call runs for the widget, or a flow is open on the page. */
  busy(name: string, call: string): boolean {
    if (Turn.taken(call)) return true;
    if (!this.#running.has(name)) return false;
    warn(`busy ${name}`, `${call} was called while another call runs for "${name}". It is ignored and its callback is not called.`);
    return true;
  }

  async #decide({ call, name, token: coming, request, opened }: Purchase): Promise<Result> {
    const token = await coming;
    if (!token) {
      opened?.close();
      return failed;
    }
    const shown = this.widgets.get(name);
    const sent: CallRequest = { ...withSwitch(request), call_id: callID() };
    const device = deviceID();
    if (device) sent.device_id = device;
    if (shown?.session === token.session_id) sent.shown_revision = shown.revision;
    else if (shown?.session) {
      warn(`stale ${token.session_id}`, `${call}: init was called with another client_token, but not load: the widget "${name}" still shows the earlier session.`);
    }
    const reply = await ask(token, call, sent);
    if (!reply?.ask) {
      opened?.close();
      return reply?.result ?? failed;
    }
    const turn = opened?.turn ?? Turn.take();
    if (!turn) {
      warn('second flow', `${call} for "${name}" needs the purchase flow while another one is open on this page. It ends as if the customer had left.`);
      return cancelled;
    }
    const stage = opened?.popup ?? this.overlays.of(name, token.base);
    turn.showOn(stage);
    const start = { base: stage.base, client_token: token.text, session_id: token.session_id, call, request: sent, ask: reply.ask };
    const ending = await runFlow(stage, start, () => report(token, 'flow_shown', { call, popup: stage.popup }));
    turn.end();
    report(token, 'flow_hidden', { call, popup: stage.popup, how: ending.how });
    switch (ending.how) {
      case 'result':
        informNotes(ending.notes);
        return ending.result;
      case 'left':
        return cancelled;
      case 'failed':
        warn('flow', `The page of the purchase flow ${token.base}/flow.html did not come.`);
        report(token, 'failure', { call, message: 'the page of the purchase flow did not come' });
        return { show_form: false, approved: false };
    }
  }
}

/** What a purchase that could not be decided gives. */
const failed: Result = { show_form: false, approved: false, finalize_required: false };

/** What a purchase gives whose flow was left, or could not be shown. */
const cancelled: Result = { show_form: true, approved: false, finalize_required: false };

/** The focus goes back to where it was when nothing else has it. */
function giveFocusBack(to: HTMLElement | null): void {
  if (!focused()) to?.focus({ preventScroll: true });
}
