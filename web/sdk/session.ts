// A session at its server: calls, and what happened in the browser alone.

import type { Call, CallAnswer, CallRequest } from '../channel/shapes';
import { informNotes, warn } from './developer';
import { interaction } from './environment';
import { Refusal, post, tell } from './server';
import type { Token } from './token';

/** Posts a call and tells the developer what came of it; undefined is a refusal. */
export async function ask(token: Token, path: Call | 'review', request: CallRequest): Promise<CallAnswer | undefined> {
  try {
    const reply = await post<CallAnswer>(`${address(token)}/${path}`, token.text, request);
    informNotes(reply.notes);
    const invalid = reply.result?.error?.invalid_fields;
    if (invalid) warn(`${path} ${invalid.join()}`, `${path}: something in the data must be mended: ${invalid.join(', ')}.`, reply.violations ?? '');
    return reply;
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal('FAILED', [String(error)], '');
    warn(`${path} ${refusal.code}`, `${path} failed. ${refusal.message}`);
    if (refusal.code === 'NO_ANSWER') report(token, 'failure', { call: path, message: refusal.message.slice(0, 1000) });
    return undefined;
  }
}

/** Tells the server what happened in the browser alone. */
export function report(token: Token, event: string, detail: object): void {
  tell(`${address(token)}/events`, token.text, event, detail);
}

/** The request with the page's own switch, as it is at this call. */
export function withSwitch(request: CallRequest): CallRequest {
  const set = interaction();
  return set === undefined ? { ...request } : { ...request, interaction: set };
}

const address = (token: Token): string => `${token.base}/v1/sessions/${encodeURIComponent(token.session_id)}`;
