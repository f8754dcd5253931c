// Which argument is what. Shops pass them in several orders.

import { misuse } from './errors';

export type Options = Record<string, unknown>;
export type Callback = (answer: unknown) => unknown;

export interface Arguments {
  options: Options;
  /** undefined when the page gave none */
  data: object | undefined;
  callback: Callback | undefined;
  /** the page put order data where options belong */
  misplaced: boolean;
}

/** The properties of an order that a page may send. */
const orderKeys = [
  'purchase_country', 'purchase_currency', 'locale', 'order_amount', 'order_tax_amount', 'order_lines',
  'billing_address', 'shipping_address', 'customer', 'merchant_reference1', 'merchant_reference2', 'merchant_data',
  'merchant_urls', 'attachment', 'design', 'intent', 'acquiring_channel', 'custom_payment_method_ids',
]; // prettier-ignore

const object = (value: unknown): object | undefined =>
  typeof value === 'object' && value !== null ? value : undefined;

const owns = (value: unknown, keys: readonly string[]): boolean =>
  !!object(value) && keys.some((key) => Object.hasOwn(value as object, key));

/** (options, data, callback), where a function in any place is the callback. */
export function readArguments(args: readonly unknown[]): Arguments {
  return settle(args, false, []);
}

/**
 * The same, and (data, options, callback) when the second object has one of the
 * keys of options.
 */
export function readCallArguments(args: readonly unknown[], optionKeys: readonly string[]): Arguments {
  return settle(args, owns(values(args)[1], optionKeys), []);
}

/**
 * (data, options, callback), the order of the old namespaces; (options, data)
 * when only the first object has a key of options. A lone object is both.
 */
export function readLegacyArguments(args: readonly unknown[], optionKeys: readonly string[]): Arguments {
  const [first, second] = values(args);
  if (second === undefined) return settle([first, first, ...args.filter(isFunction)], false, optionKeys);
  return settle(args, owns(second, optionKeys) || !owns(first, optionKeys), optionKeys);
}

const isFunction = (value: unknown): value is Callback => typeof value === 'function';

/** The arguments in front of the callback. */
function values(args: readonly unknown[]): readonly unknown[] {
  const at = args.findIndex(isFunction);
  return at < 0 ? args.slice(0, 2) : args.slice(0, Math.min(at, 2));
}

function settle(args: readonly unknown[], swapped: boolean, mixed: readonly string[]): Arguments {
  const [first, second] = values(args);
  const options = (object(swapped ? second : first) ?? {}) as Options;
  let data = object(swapped ? first : second);
  // Options in the place of data are no order.
  if (data && mixed.length > 0) data = without(data, mixed);
  const misplaced = !data && owns(options, orderKeys);
  if (misplaced) data = Object.fromEntries(Object.entries(options).filter(([key]) => orderKeys.includes(key)));
  return { options, data, callback: args.find(isFunction), misplaced };
}

function without(data: object, keys: readonly string[]): object | undefined {
  const left = Object.entries(data).filter(([key]) => !keys.includes(key));
  return left.length > 0 ? Object.fromEntries(left) : undefined;
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
