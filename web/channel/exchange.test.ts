import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exchange, short, type Network, type Reply } from './exchange';

const patience = { limit: 1000, pauses: [1, 2] };

/** A network that answers in turn; an Error is a lost answer. */
function network(...answers: (Response | Error)[]): Network & { calls: { url: string; init: RequestInit }[]; pauses: number[] } {
  const calls: { url: string; init: RequestInit }[] = [];
  const pauses: number[] = [];
  return {
    calls, pauses,
    fetch: (url, init) => {
      calls.push({ url: String(url), init: init ?? {} });
      const answer = answers[calls.length - 1];
      return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer ?? new Error('no more answers'));
    },
    pause: (milliseconds) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
  };
}

const json = (body: unknown, status = 200, headers = {}): Response => new Response(JSON.stringify(body), { status, headers });
const post = (by: Network, given?: AbortSignal): ReturnType<typeof exchange> => exchange('http://x/kp/v1/call', 'secret', { a: 1 }, by, patience, given);

test('a request has its token in the header, no cookies and no referrer', async () => {
  const by = network(json({ b: 2 }));
  assert.deepEqual(await post(by), { ok: true, status: 200, body: { b: 2 }, correlationID: '' });
  const { url, init } = by.calls[0] as { url: string; init: RequestInit };
  assert.deepEqual([url, init.method, init.body, init.credentials, init.referrerPolicy, init.cache], ['http://x/kp/v1/call', 'POST', '{"a":1}', 'omit', 'no-referrer', 'no-store']);
  assert.equal(new Headers(init.headers).get('Authorization'), 'Bearer secret');
});

test('a lost answer is asked for again, and half an answer, three times in all', async () => {
  const by = network(new TypeError('network'), new Response('{"revis'), json({}));
  assert.equal(((await post(by)) as Reply).ok, true);
  assert.deepEqual(by.pauses, [1, 2]);
  const never = network();
  assert.deepEqual(await post(never), { lost: 'Error: no more answers' });
  assert.equal(never.calls.length, 3);
});

for (const status of [429, 502, 503, 504]) {
  test(`a ${status} is sent again, also one in the protocol's envelope`, async () => {
    const by = network(json({ error_code: 'X', correlation_id: 'c' }, status), new Response('<html>', { status }), json({}));
    assert.equal(((await post(by)) as Reply).ok, true);
    const stays = network(...[1, 2, 3].map(() => json({ correlation_id: 'c' }, status)));
    assert.deepEqual(await post(stays), { ok: false, status, body: { correlation_id: 'c' }, correlationID: 'c' });
    assert.equal(stays.calls.length, 3);
  });
}

for (const status of [400, 401, 404, 500]) {
  test(`a ${status} is an answer`, async () => {
    const by = network(new Response('', { status, headers: { 'Klarna-Correlation-Id': 'c' } }));
    assert.deepEqual(await post(by), { ok: false, status, body: {}, correlationID: 'c' });
    assert.equal(by.calls.length, 1);
  });
}

test('a short Retry-After is waited for; a long one is an end; a date is none', async () => {
  const by = network(json({}, 503, { 'Retry-After': '3' }), json({}, 429, { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' }), json({}));
  assert.equal(((await post(by)) as Reply).ok, true);
  assert.deepEqual(by.pauses, [3000, 2]);
  const long = network(json({}, 503, { 'Retry-After': '60' }));
  assert.equal(((await post(long)) as Reply).status, 503);
  assert.deepEqual([long.calls.length, long.pauses], [1, []]);
});

test('an exchange that is given up ends at once and is not repeated', async () => {
  const given = new AbortController();
  const by = network();
  by.fetch = (_url, init) => new Promise((_resolve, reject) => {
    by.calls.push({ url: '', init: init ?? {} });
    init?.signal?.addEventListener('abort', () => reject(new Error('given up')));
  });
  const ended = post(by, given.signal);
  given.abort();
  assert.deepEqual(await ended, { lost: 'Error: given up' });
  assert.equal(by.calls.length, 1);
});

test('one who leaves asks once', async () => {
  const by = network();
  assert.ok('lost' in (await exchange('http://x', 's', {}, by, short)));
  assert.equal(by.calls.length, 1);
});
