import type { Failure } from '../channel/shapes';

/** How long an answer may take, and what is waited before each further try, in ms. */
const answerMax = 15_000;
const pauses = [300, 1_000];

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
 * Posts a call and returns its answer. A call whose answer was lost is sent
 * again: the calls are safe to repeat.
 *
 * @throws Refusal
 */
export async function post<Answer>(url: string, bearer: string, body: object): Promise<Answer> {
  const text = JSON.stringify(body);
  for (let tries = 0; ; tries++) {
    const answer = await attempt<Answer>(url, bearer, text);
    if (!(answer instanceof Refusal)) return answer;
    const pause = pauses[tries];
    if (pause === undefined || !lost.has(answer.code)) throw answer;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

const unreachable = 'NO_ANSWER';

/** Gateways that say that they lost it, and our own word for it. */
const lost = new Set(['HTTP_502', 'HTTP_503', 'HTTP_504', unreachable]);

async function attempt<Answer>(url: string, bearer: string, body: string): Promise<Answer | Refusal> {
  try {
    const response = await fetch(url, {
      ...request(bearer, body),
      cache: 'no-store',
      signal: AbortSignal.timeout(answerMax),
    });
    if (response.ok) return (await response.json()) as Answer;
    const correlationID = response.headers.get('Klarna-Correlation-Id') ?? '';
    const gateway = `HTTP_${response.status}`;
    const failure = (await response.json().catch(() => ({}))) as Partial<Failure>;
    const code = lost.has(gateway) ? gateway : (failure.error_code ?? gateway);
    return new Refusal(code, failure.error_messages ?? [], failure.correlation_id ?? correlationID);
  } catch (error) {
    return new Refusal(unreachable, [`${url} did not answer (${String(error)})`], '');
  }
}

/** Tells the server what happened in the browser alone. Nobody waits for it. */
export function tell(url: string, bearer: string, event: string, detail: object): void {
  const body = JSON.stringify({ event, detail });
  fetch(url, { ...request(bearer, body), keepalive: true }).catch(() => undefined);
}

const request = (bearer: string, body: string): RequestInit => ({
  method: 'POST',
  headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
  body,
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
});
