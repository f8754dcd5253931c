import type { Application } from './application';
import { snapshot, readArguments, readCallArguments, readLegacyArguments, type Callback, type Options } from './arguments';
import { answer } from './callback';
import { findContainer } from './container';
import { warn } from './developer';
import type { Handler } from './emitter';
import { misuse } from './errors';
import { checkOrder, createSession } from './express';
import { chosen, runPurchase } from './purchase';
import { readSelection } from './selection';

const hidden = { show_form: false };

/** Initial heights of the frames, in CSS pixels. */
const widgetHeight = 230;
const reviewHeight = 80;

/** Where the chosen method may be shown again. */
const reviewCountries = ['US', 'GB'];

/** A method as shops call it, with whatever arguments. */
export type Method = (...args: unknown[]) => unknown;

/**
 * The methods of a namespace. They need no `this`.
 *
 * @param legacy whether data comes before options
 */
export function methods(application: Application, legacy: boolean): Record<string, Method> {
  const read = (args: readonly unknown[], keys: readonly string[]): ReturnType<typeof readArguments> =>
    legacy ? readLegacyArguments(args, keys) : readCallArguments(args, keys);
  const category = ['payment_method_category'];
  return {
    load: (...args) => load(application, args),
    loadPaymentReview: (...args) => loadPaymentReview(application, args),
    authorize: (...args) => runPurchase(application, 'authorize', read(args, [...category, 'instance_id']), legacy),
    reauthorize: (...args) => runPurchase(application, 'reauthorize', read(args, category), legacy),
    finalize: (...args) => runPurchase(application, 'finalize', read(args, category), legacy),
    on: (name, handler) => application.guard('on', undefined, hidden, () => application.events.on(String(name), handler as Handler)),
    off: (name, handler) => application.guard('off', undefined, hidden, () => application.events.off(String(name), handler as Handler | undefined)),
  };
}

function load(application: Application, args: readonly unknown[]): void {
  const { options, data, callback, misplaced } = readArguments(args);
  application.guard('load', callback, hidden, () => {
    const own = options['client_token'];
    if (own !== undefined && own !== null && own !== application.token?.text) application.initialize(own);
    const token = application.initialized();
    const selection = readSelection(options, token, true);
    const request = { ...chosen(selection), ...snapshot(data) };
    const container = findContainer(options['container']);
    if (misplaced) warn('misplaced load', 'load was given order data in the place of its options. It is taken as data; pass (options, data, callback).');
    if (container.offsetWidth > 0 && container.offsetWidth < 280) {
      warn(`narrow ${selection.name}`, `The container of "${selection.name}" is ${container.offsetWidth} px wide; the widget needs 280.`, container);
    }
    const { name } = selection;
    const had = application.widgets.get(name);
    const shown = application.widgets.place({ name, container, height: widgetHeight, title: 'Klarna' }, token);
    if (shown !== had) application.purchases.preload(name, shown);
    shown.widget.showDocument = documents(options);
    void application.widgets.load(name, token, 'load', request).then((result) => answer(callback, result));
  });
}

function documents(options: Options): (url: string) => boolean {
  const show = options['on_show_external_document'];
  return (url) => typeof show === 'function' && (show as (url: string) => unknown)(url) !== false;
}

function loadPaymentReview(application: Application, args: readonly unknown[]): void {
  const { options, callback } = readArguments(args);
  application.guard('loadPaymentReview', callback, hidden, () => {
    const token = application.initialized();
    if (!reviewCountries.includes(token.purchase_country)) {
      throw misuse('OperationNotSupportedError', `loadPaymentReview is for purchases in ${reviewCountries.join(' and ')} only.`);
    }
    const container = findContainer(options['container']);
    const name = 'payment-review';
    const shown = application.widgets.place({ name, container, height: reviewHeight, title: 'Klarna Payment Review' }, token);
    shown.widget.showDocument = documents(options);
    void application.widgets.load(name, token, 'review', {}).then((result) => answer(callback, result));
  });
}

/**
 * init of a namespace: throws without a callback and gives back the namespace;
 * tells the callback otherwise.
 */
export function initOf(application: Application, namespace: () => object): Method {
  return (...args) => {
    const { options, data, callback } = readArguments(args);
    const clientID = options['client_id'] ?? options['client_key'];
    if (!options['client_token'] && clientID) return initExpress(application, namespace, String(clientID), data, callback);
    return settleInit(application, namespace, callback, () => application.initialize(options['client_token']));
  };
}

function settleInit(application: Application, namespace: () => object, callback: Callback | undefined, initialize: () => void): object | undefined {
  try {
    application.guard('init', undefined, hidden, initialize);
  } catch (error) {
    if (!callback) throw error;
    answer(callback, { error });
    return undefined;
  }
  if (!callback) return namespace();
  answer(callback, namespace());
  return undefined;
}

/** init with a client id makes the session of the data first. */
function initExpress(application: Application, namespace: () => object, clientID: string, data: object | undefined, callback: Callback | undefined): undefined {
  if (!callback) throw misuse('Error', 'init with client_id needs a callback: the session is made first.');
  const failed = (error: unknown): void => answer(callback, { error });
  try {
    void createSession(clientID, checkOrder(snapshot(data).data)).then((made) => {
      if (!made) return failed(misuse('Error', 'init: the session could not be made; the console says why.'));
      settleInit(application, namespace, callback, () => application.initialize(made.client_token));
    });
  } catch (error) {
    failed(error);
  }
  return undefined;
}
