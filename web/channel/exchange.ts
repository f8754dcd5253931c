// How the SDK and the purchase flow bring a call to the server and its answer
// back: one rule for both, since it is one contract. What is sent may be sent
// again: the server answers a repetition like the first.

/** How long is waited for an answer, and what before each repetition. Milliseconds. */
export interface Patience {
  limit: number;
  pauses: readonly number[];
}

export const usual: Patience = { limit: 15_000, pauses: [400, 1_500] };
/** For one who is leaving. */
export const short: Patience = { limit: 3_000, pauses: [] };

/** The longest Retry-After that is waited for, in ms; nobody looks at a page longer. */
const retryAfterMax = 5_000;

/** Statuses of a server or gateway that has done nothing, or cannot say what. */
const passing = new Set([429, 502, 503, 504]);

/** What is needed of the browser. */
export interface Network {
  fetch: typeof fetch;
  pause(milliseconds: number): Promise<void>;
}

export const browserNetwork: Network = {
  fetch: (url, init) => fetch(url, init),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** An answer that came. */
export interface Reply {
  ok: boolean;
  status: number;
  /** JSON; an empty object when a failure has none */
  body: unknown;
  /** '' when the server named none */
  correlationID: string;
}

/** Why none came. */
export interface Lost {
  lost: string;
}

/**
 * Posts JSON, three times in all when the answer is lost, is no whole JSON, or
 * has a passing status. Retry-After is waited for when it is short, and taken
 * for an end when it is long.
 *
 * @param given  up by its maker: then it ends as lost, at once
 */
export async function exchange(url: string, bearer: string, body: object, network: Network, patience: Patience, given?: AbortSignal): Promise<Reply | Lost> {
  const init = requestOf(bearer, body);
  for (let tries = 0; ; tries++) {
    const { reply, retryAfter } = await attempt(url, init, network, patience.limit, given);
    const pause = patience.pauses[tries];
    const again = 'lost' in reply || passing.has(reply.status);
    if (!again || pause === undefined || retryAfter > retryAfterMax || given?.aborted) return reply;
    await network.pause(Math.max(pause, retryAfter));
    if (given?.aborted) return reply;
  }
}

/** A request as all of ours are: without cookies, telling nobody where it came from. */
export function requestOf(bearer: string, body: object): RequestInit {
  return {
    method: 'POST',
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
  };
}

interface Attempt {
  reply: Reply | Lost;
  /** milliseconds */
  retryAfter: number;
}

async function attempt(url: string, init: RequestInit, network: Network, limit: number, given: AbortSignal | undefined): Promise<Attempt> {
  const timeout = AbortSignal.timeout(limit);
  try {
    const response = await network.fetch(url, { ...init, signal: given ? AbortSignal.any([timeout, given]) : timeout });
    const { ok, status, headers } = response;
    const body: unknown = ok ? await response.json() : await response.json().catch(() => ({}));
    const named = (body as { correlation_id?: unknown } | null)?.correlation_id;
    const correlationID = typeof named === 'string' ? named : (headers.get('Klarna-Correlation-Id') ?? '');
    return { reply: { ok, status, body, correlationID }, retryAfter: secondsOf(headers.get('Retry-After')) * 1000 };
  } catch (error) {
    return { reply: { lost: String(error) }, retryAfter: 0 };
  }
}

/** Of a date, which gateways may say too, nothing is known here: clocks differ. */
function secondsOf(retryAfter: string | null): number {
  return /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : 0;
}
