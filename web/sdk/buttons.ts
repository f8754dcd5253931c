import { Application } from './application';
import { flag, readArguments, readLegacyArguments, snapshot, type Callback, type Options } from './arguments';
import { makeButton } from './button';
import { answer } from './callback';
import { findContainer } from './container';
import { warn } from './developer';
import type { Emitter } from './emitter';
import { ownBase } from './environment';
import { misuse } from './errors';
import { checkOrder, createSession, type ExpressSession } from './express';
import type { Method } from './payments';
import type { Opened } from './popup';
import { openPopup } from './purchase';
import type { Purchase } from './purchases';
import type { Token } from './token';

/** The name of the flow's frame when the window is blocked. */
const name = 'express-checkout';

/** How long after the click authorize may be called for the window, in ms. */
const patience = 5_000;

const optionKeys = ['auto_finalize', 'collect_shipping_address', 'interaction_mode'];

/** `Klarna.Payments.Buttons`: Express checkout. */
export function buttons(events: Emitter): Record<string, Method> {
  const express = new Express(events);
  const namespace: Record<string, Method> = {
    init: (...args) => {
      express.init(readArguments(args).options);
      return namespace;
    },
    load: (...args) => express.load(args),
    authorize: (...args) => express.authorize(args),
  };
  return namespace;
}

class Express {
  readonly #application: Application;
  #clientID = '';
  /** The window of a click, until authorize is called or it is closed unused. */
  #waiting: { opened: Opened; unused: ReturnType<typeof setTimeout> } | undefined;

  constructor(events: Emitter) {
    this.#application = new Application(events);
  }

  init(options: Options): void {
    const id = options['client_id'] ?? options['client_key'];
    if (options['client_key']) warn('client_key', 'Buttons.init: client_key is deprecated, use client_id.');
    if (options['client_token']) {
      this.#application.initialize(options['client_token']);
    } else if (!id) {
      throw misuse('Error', 'Buttons.init needs client_id or client_token.');
    }
    this.#clientID = id ? String(id) : '';
  }

  load(args: readonly unknown[]): void {
    const { options, callback } = readArguments(args);
    try {
      this.#draw(options);
      this.#application.tell('buttons_load', {});
      answer(callback, { show_form: true });
    } catch (error) {
      if (!callback) throw error;
      answer(callback, { show_form: false, error });
    }
  }

  #draw(options: Options): void {
    this.#server();
    const click = options['on_click'];
    if (typeof click !== 'function') throw misuse('TypeError', 'Buttons.load needs on_click, a function that is given authorize.');
    const container = findContainer(options['container']);
    const button = makeButton(options, this.#application.token?.language ?? '');
    button.addEventListener('click', () => this.#click(click as (authorize: Method) => unknown));
    container.querySelector(`#${button.id}`)?.remove(); // loaded again
    container.append(button);
  }

  /** The window is opened in the click; what the shop does before it authorizes may take a while. */
  #click(run: (authorize: Method) => unknown): void {
    if (this.#application.purchases.busy(name, 'Buttons.authorize')) return;
    const opened = this.#open({});
    if (opened) this.#waiting = { opened, unused: setTimeout(() => this.#taken()?.close(), patience) };
    run((...args) => this.authorize(args));
  }

  /** The window that waits, which is now the caller's. */
  #taken(): Opened | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    clearTimeout(waiting?.unused);
    return waiting?.opened;
  }

  authorize(args: readonly unknown[]): void {
    const { options, data, callback } = readExpress(args);
    const refused = { show_form: false, approved: false };
    const opened = this.#taken();
    try {
      this.#application.guard('Buttons.authorize', callback, refused, () => this.#start(options, data, callback, opened));
    } catch (error) {
      opened?.close();
      throw error;
    }
  }

  #start(options: Options, data: object | undefined, callback: Callback | undefined, waiting: Opened | undefined): void {
    this.#server();
    const sent = snapshot(data);
    const order = this.#application.token ? undefined : checkOrder(sent.data);
    if (!waiting && this.#application.purchases.busy(name, 'Buttons.authorize')) return;
    const opened = options['interaction_mode'] === 'IFRAME' ? void waiting?.close() : (waiting ?? this.#open(options));
    let made: ExpressSession | undefined;
    const token = async (): Promise<Token | undefined> => {
      if (!order) return this.#application.token;
      made = await createSession(this.#clientID, order);
      return made && this.#application.read(made.client_token);
    };
    const purchase: Purchase = {
      call: 'authorize',
      name,
      token: token(),
      request: {
        ...(order ? {} : sent),
        auto_finalize: flag(options, 'auto_finalize', true),
        collect_shipping_address: flag(options, 'collect_shipping_address', false),
      },
      opened,
    };
    this.#application.purchases.run(purchase, callback && ((result) => callback({ ...(result as object), ...this.#session(made) })));
  }

  /** What the result of Express checkout has besides that of authorize. */
  #session(made: ExpressSession | undefined): object {
    const token = this.#application.token;
    if (made) {
      const { client_token, session_id, payment_method_categories } = made;
      return { client_token, session_id, ...(payment_method_categories && { payment_method_categories }) };
    }
    return token ? { client_token: token.text, session_id: token.session_id } : {};
  }

  #server(): void {
    if (!this.#clientID && !this.#application.token) {
      throw misuse('ApplicationNotInitializedError', 'Call Klarna.Payments.Buttons.init with client_id or client_token first.');
    }
  }

  #open(options: Options): Opened | undefined {
    if (options['interaction_mode'] === 'IFRAME') return undefined;
    return openPopup({ base: this.#application.token?.base ?? ownBase });
  }
}

/** (options, order, callback), (order, callback) or (callback). */
function readExpress(args: readonly unknown[]): ReturnType<typeof readArguments> {
  const lone = args.filter((value) => typeof value === 'object' && value !== null).length < 2;
  return lone && typeof args[1] === 'function' ? readLegacyArguments(args, optionKeys) : readArguments(args);
}
