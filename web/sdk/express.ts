import { warn } from './developer';
import { ownBase } from './environment';
import { misuse } from './errors';
import { Refusal, post } from './server';

/** Countries of Express checkout. */
const countries = ('AU NZ US CA MX AT BE CZ DK FI FR DE GR HU IE IT NL NO PL PT RO ES SE CH GB').split(' ');

/** A session that the browser made. */
export interface ExpressSession {
  client_token: string;
  session_id: string;
  payment_method_categories?: object[];
}

/**
 * Checks that the order is enough to make a session of.
 *
 * @throws Error that names the property
 */
export function checkOrder(order: object | undefined): object {
  if (!ownBase) throw misuse('Error', 'With client_id the script must come from its server, as BASE/lib/v1/api.js.');
  const given = (order ?? {}) as Record<string, unknown>;
  for (const key of ['purchase_country', 'purchase_currency', 'order_amount', 'order_lines']) {
    if (given[key] === undefined || given[key] === null || given[key] === '') throw misuse('Error', `The order needs ${key} when there is only a client_id.`);
  }
  const country = String(given['purchase_country']).toUpperCase();
  if (!countries.includes(country)) throw misuse('Error', `purchase_country: Express checkout is not available in "${country}".`);
  const lines = given['order_lines'];
  if (!Array.isArray(lines) || lines.length < 1 || lines.length > 1000) throw misuse('Error', 'order_lines must be a list of 1 to 1000 lines.');
  return given;
}

/** Makes a session; undefined, with the reason in the console, when it is refused. */
export async function createSession(clientID: string, order: object): Promise<ExpressSession | undefined> {
  try {
    return await post<ExpressSession>(`${ownBase}/v1/sessions`, clientID, order);
  } catch (error) {
    const text = error instanceof Refusal ? error.message : String(error);
    warn(`express ${text}`, `The session could not be created. ${text}`);
    return undefined;
  }
}
