import { browserNetwork, exchange, requestOf, usual } from '../channel/exchange';
import type { Failure } from '../channel/shapes';

/** A call that was refused, or whose answer did not come. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly reasons: readonly string[],
    readonly correlationID: string,
  ) {
    super(`${code}: ${reasons.join('; ')}${correlationID && ` (correlation_id ${correlationID})`}`);
  }
}

/**
 * Posts a call and returns its answer.
 *
 * @throws Refusal
 */
export async function post<Answer>(url: string, bearer: string, body: object): Promise<Answer> {
  const reply = await exchange(url, bearer, body, browserNetwork, usual);
  if ('lost' in reply) throw new Refusal('NO_ANSWER', [`${url} did not answer (${reply.lost})`], '');
  if (reply.ok) return reply.body as Answer;
  const failure = (reply.body ?? {}) as Partial<Failure>;
  throw new Refusal(failure.error_code ?? `HTTP_${reply.status}`, failure.error_messages ?? [], reply.correlationID);
}

/** Tells the server what happened in the browser alone. Nobody waits for it. */
export function tell(url: string, bearer: string, event: string, detail: object): void {
  fetch(url, { ...requestOf(bearer, { event, detail }), keepalive: true }).catch(() => undefined);
}
