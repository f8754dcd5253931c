// Brings a call of the flow to the server and its answer back.

import { exchange, type Network, type Patience } from '../channel/exchange';
import type { Start } from '../channel/messages';
import type { Answers, CallAnswer, CallRequest } from '../channel/shapes';
import type { Breakdown } from './state';

export type Outcome = { answer: CallAnswer } | { breakdown: Breakdown };

/** Sends the call with the customer's answers; never throws. */
export async function send(start: Start, answers: Answers, network: Network, patience: Patience): Promise<Outcome> {
  const body: CallRequest = { ...start.request, answers };
  const url = `${start.base}/v1/sessions/${encodeURIComponent(start.session_id)}/${start.call}`;
  const reply = await exchange(url, start.client_token, body, network, patience);
  if ('lost' in reply) {
    return { breakdown: { repeatable: true } };
  }
  const said = (reply.body ?? {}) as Partial<CallAnswer>;
  if (reply.ok && (said.ask || said.result)) {
    return { answer: said as CallAnswer };
  }
  return { breakdown: { repeatable: repeatable(reply.status), ...(reply.correlationID ? { correlationId: reply.correlationID } : {}) } };
}

/** Whether a failure of this status may be gone when the customer tries again. */
function repeatable(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}
