// Brings a call of the flow to the server and its answer back. A lost answer is
// asked for again: the server answers a repeated call like the first.

import type { Start } from '../channel/messages';
import type { Answers, CallAnswer, CallRequest } from '../channel/shapes';
import type { Breakdown } from './state';

export type Outcome = { answer: CallAnswer } | { breakdown: Breakdown };

/** How long and how often is waited for an answer. Milliseconds. */
export interface Patience {
  limit: number;
  /** The pauses before the repetitions. */
  pauses: readonly number[];
}

export const usual: Patience = { limit: 15_000, pauses: [400, 1_500] };
/** For one who is leaving. */
export const short: Patience = { limit: 3_000, pauses: [] };

/** What is needed of the browser. */
export interface Network {
  fetch: typeof fetch;
  pause(milliseconds: number): Promise<void>;
}

/** Sends the call with the customer's answers; never throws. */
export async function send(start: Start, answers: Answers, network: Network, patience: Patience): Promise<Outcome> {
  let outcome = await attempt(start, answers, network, patience.limit);
  for (const pause of patience.pauses) {
    if (outcome) {
      break;
    }
    await network.pause(pause);
    outcome = await attempt(start, answers, network, patience.limit);
  }
  return outcome ?? { breakdown: { repeatable: true } };
}

/** One exchange; nothing when no answer came, or only half of one. */
async function attempt(start: Start, answers: Answers, network: Network, limit: number): Promise<Outcome | undefined> {
  const body: CallRequest = { ...start.request, answers };
  try {
    const response = await network.fetch(`${start.base}/v1/sessions/${encodeURIComponent(start.session_id)}/${start.call}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${start.client_token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(limit),
    });
    const said = (await response.json()) as Partial<CallAnswer> & { correlation_id?: string };
    if (response.ok && (said.ask || said.result)) {
      return { answer: said as CallAnswer };
    }
    const correlationId = said.correlation_id ?? response.headers.get('Klarna-Correlation-Id') ?? undefined;
    return { breakdown: { repeatable: passing(response.status), ...(correlationId ? { correlationId } : {}) } };
  } catch {
    return undefined;
  }
}

/** Whether a failure of this status may be gone the next time. */
function passing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}
