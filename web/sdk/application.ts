import type { Call, CallAnswer, CallRequest, Result } from '../channel/shapes';
import { type Callback, type Options } from './arguments';
import { callID } from './callid';
import { informNotes, warn } from './developer';
import { Emitter } from './emitter';
import { interaction, ownHost } from './environment';
import { misuse, reportError } from './errors';
import { runFlow } from './flow';
import { Overlay } from './overlay';
import { focused } from './pagelock';
import type { Opened } from './popup';
import { Refusal, post, tell } from './server';
import { readToken, type Token } from './token';
import { Turn } from './turn';
import { Widget, type WidgetOptions } from './widget';

/** How long after a widget its full-screen frame is loaded, in ms. */
const preloadAfter = 500;

/** A widget of the page with what belongs to it. */
interface Shown {
  widget: Widget;
  /** counts the loads, so that a late answer does not replace a newer view */
  loads: number;
  session: string;
  revision: number;
}

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

/** One namespace's session, widgets and events. */
export class Application {
  #token: Token | undefined;
  readonly #shown = new Map<string, Shown>();
  /** The full-screen frames, loaded and hidden, by the widget's name. */
  readonly #overlays = new Map<string, Overlay>();
  /** The widgets whose calls run. */
  readonly #running = new Set<string>();

  constructor(readonly events = new Emitter()) {}

  /** The session of the last init that succeeded. */
  get token(): Token | undefined {
    return this.#token;
  }

  /**
   * Takes a client token. One whose server is not trusted leaves nothing
   * initialized.
   *
   * @throws InvalidClientTokenError
   */
  initialize(text: unknown): void {
    const before = this.#token;
    this.#token = undefined;
    this.#token = this.read(text);
    if (this.#token && before?.text !== this.#token.text) this.tell('init', {});
  }

  /** Reads a client token and tells the developer when it is of no use. @throws InvalidClientTokenError */
  read(text: unknown): Token | undefined {
    const token = readToken(text, ownHost);
    if (!token) {
      warn('base_url', 'The client token names no session, or a server that this script does not trust (base_url). ' +
        'init does nothing; the next call will throw ApplicationNotInitializedError.'); // prettier-ignore
    }
    return token;
  }

  /** The session, for a call that needs one. @throws ApplicationNotInitializedError */
  initialized(): Token {
    if (this.#token) return this.#token;
    throw misuse('ApplicationNotInitializedError', 'Call Klarna.Payments.init with the client_token of the session first.');
  }

  /**
   * Runs what may find a misuse: the callback gets its negative result before
   * the error is thrown.
   */
  guard<T>(call: string, callback: Callback | undefined, negative: object, run: () => T): T {
    try {
      return run();
    } catch (error) {
      const { name, message } = error as Error;
      this.tell('misuse', { call, error: name, message: message.slice(0, 1000) });
      answer(callback, negative);
      throw error;
    }
  }

  /** Tells the server of the session what happened in the browser alone. */
  tell(event: string, detail: object, token = this.#token): void {
    if (token) tell(`${address(token)}/events`, token.text, event, detail);
  }

  hasWidget(name: string): boolean {
    return this.#shown.has(name);
  }

  /** Puts a widget into its container, or finds it there. */
  place(options: Omit<WidgetOptions, 'removed' | 'heightChanged' | 'base' | 'country'>, token: Token, preload: boolean): Widget {
    const { name } = options;
    const old = this.#shown.get(name);
    if (old?.widget.serves(options.container, token.base)) return old.widget;
    if (old) this.#drop(name, old);
    const shown: Shown = {
      widget: new Widget({
        ...options,
        base: token.base,
        country: token.purchase_country,
        heightChanged: (height) => this.events.emit('heightChanged', height, name),
        removed: () => {
          this.#drop(name, shown);
          this.#overlays.get(name)?.dismiss();
          this.#overlays.delete(name);
        },
      }),
      loads: 0,
      session: '',
      revision: 0,
    };
    this.#shown.set(name, shown);
    if (preload) setTimeout(() => this.#preload(name, shown), preloadAfter);
    return shown.widget;
  }

  #drop(name: string, shown: Shown): void {
    shown.widget.close();
    if (this.#shown.get(name) === shown) this.#shown.delete(name);
  }

  #preload(name: string, shown: Shown): void {
    if (this.#shown.get(name) === shown && !this.#running.has(name)) this.#overlay(name, shown.widget.options.base);
  }

  /** The full-screen frame of a name, made when there is none of this server. */
  #overlay(name: string, base: string): Overlay {
    const waiting = this.#overlays.get(name);
    if (waiting?.usable && waiting.base === base) return waiting;
    waiting?.dismiss();
    const overlay = new Overlay(name, base, {
      shown: () => this.events.emit('fullscreenOverlayShown', name),
      hidden: () => this.events.emit('fullscreenOverlayHidden', name),
    });
    this.#overlays.set(name, overlay);
    return overlay;
  }

  /** Loads a widget and calls back when it shows the answer. */
  async load(name: string, token: Token, path: 'load' | 'review', request: CallRequest): Promise<Result> {
    const shown = this.#shown.get(name);
    if (!shown) return { show_form: false };
    const own = ++shown.loads;
    const reply = await this.#post(token, path, withSwitch(request));
    if (!reply?.result) return { show_form: false };
    if (reply.widget && own === shown.loads) {
      shown.session = token.session_id;
      shown.revision = reply.revision;
      shown.widget.show(reply.widget);
    }
    if (!reply.result.show_form) return reply.result;
    if (await shown.widget.drawn) return reply.result;
    this.#drop(name, shown); // the next load tries with a new frame
    warn('widget', `The widget's page ${token.base}/widget.html did not come; load calls back with show_form: false.`);
    this.tell('failure', { call: path, message: 'the page of the widget did not come' }, token);
    return { show_form: false };
  }

  /**
   * Runs a call of the purchase. A second one for the same widget is ignored
   * while one runs.
   */
  purchase(purchase: Purchase, callback: Callback | undefined): void {
    const { name } = purchase;
    const opener = focused();
    this.#running.add(name);
    void this.#decide(purchase).then((result) => {
      this.#running.delete(name);
      const shown = this.#shown.get(name);
      if (shown) {
        shown.widget.setAvailable(result.show_form);
        setTimeout(() => this.#preload(name, shown), preloadAfter);
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
    const shown = this.#shown.get(name);
    const sent: CallRequest = { ...withSwitch(request), call_id: callID() };
    if (shown?.session === token.session_id) sent.shown_revision = shown.revision;
    else if (shown?.session) {
      warn(`stale ${token.session_id}`, `${call}: init was called with another client_token, but not load: the widget "${name}" still shows the earlier session.`);
    }
    const reply = await this.#post(token, call, sent);
    if (!reply?.ask) {
      opened?.close();
      return reply?.result ?? failed;
    }
    const turn = opened?.turn ?? Turn.take();
    if (!turn) {
      warn('second flow', `${call} for "${name}" needs the purchase flow while another one is open on this page. It ends as if the customer had left.`);
      return cancelled;
    }
    const stage = opened?.popup ?? this.#overlay(name, token.base);
    turn.showOn(stage);
    const start = { base: stage.base, client_token: token.text, session_id: token.session_id, call, request: sent, ask: reply.ask };
    const ending = await runFlow(stage, start, () => this.tell('flow_shown', { call, popup: stage.popup }, token));
    turn.end();
    this.tell('flow_hidden', { call, popup: stage.popup, how: ending.how }, token);
    switch (ending.how) {
      case 'result':
        informNotes(ending.notes);
        return ending.result;
      case 'left':
        return cancelled;
      case 'failed':
        warn('flow', `The page of the purchase flow ${token.base}/flow.html did not come.`);
        this.tell('failure', { call, message: 'the page of the purchase flow did not come' }, token);
        return { show_form: false, approved: false };
    }
  }

  /** Posts a call and tells the developer what came of it; undefined is a refusal. */
  async #post(token: Token, path: Call | 'review', request: CallRequest): Promise<CallAnswer | undefined> {
    try {
      const reply = await post<CallAnswer>(`${address(token)}/${path}`, token.text, request);
      informNotes(reply.notes);
      const invalid = reply.result?.error?.invalid_fields;
      if (invalid) warn(`${path} ${invalid.join()}`, `${path}: something in the data must be mended: ${invalid.join(', ')}.`, reply.violations ?? '');
      return reply;
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal('FAILED', [String(error)], '');
      warn(`${path} ${refusal.code}`, `${path} failed. ${refusal.message}`);
      if (refusal.code === 'NO_ANSWER') this.tell('failure', { call: path, message: refusal.message.slice(0, 1000) }, token);
      return undefined;
    }
  }
}

/** What a purchase that could not be decided gives. */
const failed: Result = { show_form: false, approved: false, finalize_required: false };

/** What a purchase gives whose flow was left, or could not be shown. */
const cancelled: Result = { show_form: true, approved: false, finalize_required: false };

const address = (token: Token): string => `${token.base}/v1/sessions/${encodeURIComponent(token.session_id)}`;

/** The focus goes back to where it was when nothing else has it. */
function giveFocusBack(to: HTMLElement | null): void {
  if (!focused()) to?.focus({ preventScroll: true });
}

/** The request with the page's own switch, as it is at this call. */
function withSwitch(request: CallRequest): CallRequest {
  const set = interaction();
  return set === undefined ? { ...request } : { ...request, interaction: set };
}

/** Calls back; what the shop's code throws is reported, not ours to stop for. */
export function answer(callback: Callback | undefined, result: object): void {
  try {
    callback?.(result);
  } catch (error) {
    reportError(error);
  }
}

/** A page's data as it is now: later changes and what no message can carry stay out. */
export function snapshot(data: object | undefined): { data?: object } {
  if (!data) return {};
  try {
    return { data: JSON.parse(JSON.stringify(data)) as object };
  } catch (error) {
    throw misuse('TypeError', `The data cannot be sent as JSON: ${String(error)}`);
  }
}

/** Options accept the strings too. */
export function flag(options: Options, name: string, otherwise: boolean): boolean {
  const value = options[name];
  return value === undefined || value === null ? otherwise : value === true || value === 'true';
}
