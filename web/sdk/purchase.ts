import type { CallRequest } from '../channel/shapes';
import type { Application } from './application';
import { flag, snapshot, type Arguments, type Options } from './arguments';
import { warn } from './developer';
import { interaction } from './environment';
import { misuse } from './errors';
import { Popup, type Opened } from './popup';
import type { Purchase } from './purchases';
import { readSelection, type Selection } from './selection';
import type { Token } from './token';
import { Turn } from './turn';

type Call = Purchase['call'];

const refused = { show_form: false, approved: false };

/**
 * Runs authorize, reauthorize or finalize.
 *
 * @param needsWidget whether authorize throws without a widget, as it did for
 *   the old namespaces
 */
export function runPurchase(application: Application, call: Call, args: Arguments, needsWidget: boolean): void {
  const { options, data, callback } = args;
  application.guard(call, callback, refused, () => {
    const token = call === 'authorize' ? loadable(application) : application.initialized();
    const selection = readSelection(options, token, call !== 'authorize');
    if (call === 'authorize' && needsWidget && !application.widgets.get(selection.name)) throw notLoaded(selection.name);
    const request = { ...requestOf(selection, options, call), ...snapshot(data) };
    if (application.purchases.busy(selection.name, call)) return;
    advise(call, args);
    const opened = options['interaction_mode'] === 'POPUP' ? openPopup(token) : undefined;
    application.purchases.run({ call, name: selection.name, token, request, opened }, callback);
  });
}

/** Without a session nothing can have been loaded; that is what authorize says. */
function loadable(application: Application): Token {
  if (!application.token) throw notLoaded('');
  return application.token;
}

const notLoaded = (name: string): Error =>
  misuse('ApplicationNotLoadedError', name ? `authorize: no widget "${name}" was loaded on this page.` : 'Call Klarna.Payments.init, and load, before authorize.');

/** The part of a request that says which ways to pay are meant. */
export function chosen(selection: Selection): CallRequest {
  const { name: _, ...rest } = selection;
  return rest;
}

function requestOf(selection: Selection, options: Options, call: Call): CallRequest {
  const request = chosen(selection);
  if (call !== 'authorize') return request;
  return { ...request, auto_finalize: flag(options, 'auto_finalize', true), collect_shipping_address: flag(options, 'collect_shipping_address', false) };
}

/**
 * Opens the flow's window in the click, or tells why there is none. All windows
 * have one name, so there is none while another flow is open, and none is needed
 * where the page has switched interaction off.
 */
export function openPopup(token: { base: string }): Opened | undefined {
  if (interaction() === 'none') return undefined;
  const turn = Turn.take();
  if (!turn) return undefined;
  const popup = Popup.open(token.base);
  if (!popup) {
    turn.end();
    warn('blocked', 'The browser blocked the window of the purchase flow; it is shown over the page instead. Call authorize in the click itself.');
    return undefined;
  }
  turn.showOn(popup);
  const close = (): void => {
    popup.close();
    turn.end();
  };
  return { popup, turn, close };
}

function advise(call: Call, { misplaced }: Arguments): void {
  if (misplaced) {
    warn(`misplaced ${call}`, `${call} was given order data in the place of its options. It is taken as data; pass (options, data, callback).`);
  }
  if (call === 'authorize' && !navigator.userActivation.isActive) {
    warn('activation', 'authorize was not called in a click. That works here, but a browser that is to open a window for it would block it.');
  }
}
