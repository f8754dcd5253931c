import assert from 'node:assert/strict';
import { test } from 'node:test';

import { short as patience, type Network } from '../channel/exchange';
import type { Start } from '../channel/messages';
import { send } from './call';

const start: Start = {
  type: 'start', base: 'http://x/kp', client_token: 'secret', session_id: 'a/b', call: 'authorize', popup: false,
  request: { payment_method_category: 'pay_later', data: { order_amount: 1 } },
  ask: {
    step: 'code', call: 'authorize', language: 'en', locale: 'en-GB', playground: true, merchant_name: '', order_amount: 0, purchase_currency: 'GBP', intent: 'buy', options: {},
  },
};
const good = { revision: 1, notes: [], result: { show_form: true } };

/** A network that answers in turn; an Error is a lost answer. */
function network(...answers: (Response | Error)[]): Network & { calls: { url: string; init: RequestInit }[] } {
  const calls: { url: string; init: RequestInit }[] = [];
  return {
    calls,
    fetch: (url, init) => {
      calls.push({ url: String(url), init: init ?? {} });
      const answer = answers[calls.length - 1];
      return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer ?? new Error('no more answers'));
    },
    pause: () => Promise.resolve(),
  };
}

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });

test('a call has the request so far and the answers; the token is in its header', async () => {
  const by = network(json(good));
  assert.deepEqual(await send(start, { login: 'a@b.se' }, by, patience), { answer: good });
  const [{ url, init } = { url: '', init: {} as RequestInit }] = by.calls;
  assert.equal(url, 'http://x/kp/v1/sessions/a%2Fb/authorize');
  assert.equal(new Headers(init.headers).get('Authorization'), 'Bearer secret');
  assert.deepEqual(JSON.parse(String(init.body)), { payment_method_category: 'pay_later', data: { order_amount: 1 }, answers: { login: 'a@b.se' } });
});

test('an answer that is lost can be asked for again', async () => {
  assert.deepEqual(await send(start, {}, network(new TypeError('network')), patience), { breakdown: { repeatable: true } });
});

for (const [status, repeatable] of [[500, true], [503, true], [429, true], [404, false], [401, false]] as const) {
  test(`a ${status} is told with its correlation id`, async () => {
    const by = network(json({ error_code: 'X', error_messages: [], correlation_id: 'c-1' }, status));
    assert.deepEqual(await send(start, {}, by, patience), { breakdown: { repeatable, correlationId: 'c-1' } });
  });
}
