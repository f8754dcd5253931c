import type { Callback } from './arguments';
import { answer } from './callback';
import { warn } from './developer';
import { Emitter } from './emitter';
import { ownHost } from './environment';
import { misuse } from './errors';
import { Overlays } from './overlays';
import { Purchases } from './purchases';
import { report } from './session';
import { readToken, type Token } from './token';
import { Widgets } from './widgets';

/** One namespace: its session and events, its widgets and purchases. */
export class Application {
  #token: Token | undefined;
  readonly widgets: Widgets;
  readonly purchases: Purchases;

  constructor(readonly events = new Emitter()) {
    const overlays = new Overlays(events);
    this.widgets = new Widgets({
      heightChanged: (height, name) => events.emit('heightChanged', height, name),
      removed: (name) => overlays.dismiss(name),
    });
    this.purchases = new Purchases(this.widgets, overlays);
  }

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
    if (token) report(token, event, detail);
  }
}
