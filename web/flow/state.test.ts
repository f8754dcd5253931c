import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Start } from '../channel/messages';
import type { Ask, Result, Terms } from '../channel/shapes';
import { initial, next, type Effect, type Event, type State } from './state';

const setting = {
  language: 'en', locale: 'en-SE', playground: true, merchant_name: 'Shoes', order_amount: 10000, purchase_currency: 'SEK', intent: 'buy', options: {},
};
const terms: Terms = { payment_method_category: 'pay_later', order_amount: 10000, purchase_currency: 'SEK', number_of_days: 30, number_of_installments: 1 };
const asks = {
  identify: { ...setting, step: 'identify', call: 'authorize', login: 'known@email.se' },
  code: { ...setting, step: 'code', call: 'authorize', login: 'a@b.se' },
  wrongCode: { ...setting, step: 'code', call: 'authorize', login: 'a@b.se', problems: [{ path: 'code', reason: 'wrong' }] },
  details: {
    ...setting, step: 'details', call: 'authorize',
    fields: [{ path: 'billing_address.city', value: '', type: 'text' }, { path: 'customer.date_of_birth', value: '', type: 'date' }],
  },
  method: {
    ...setting, step: 'method', call: 'authorize', preferred: 'pay_now',
    methods: [
      { payment_method_category: 'pay_later', name: '', number_of_days: 30, number_of_installments: 1 },
      { payment_method_category: 'pay_now', name: '', number_of_days: 0, number_of_installments: 1 },
    ],
  },
  confirm: { ...setting, step: 'confirm', call: 'authorize', terms },
} satisfies Record<string, Ask>;

const approved: Result = { show_form: true, approved: true, finalize_required: false, authorization_token: 't' };
const denied: Result = { show_form: false, approved: false, finalize_required: false };
const left: Result = { show_form: true, approved: false, finalize_required: false };

/** A flow that is played event by event. */
class Play {
  state: State = initial;
  effects: Effect[] = [];

  constructor(ask: Ask = asks.identify) {
    this.start(ask);
  }

  start(ask: Ask, session = 's1'): this {
    const start: Start = { type: 'start', base: 'http://x/kp', client_token: 't', session_id: session, call: ask.call, request: {}, ask, popup: false };
    return this.on({ type: 'started', start });
  }

  on(event: Event): this {
    const turn = next(this.state, event);
    this.state = turn.state;
    this.effects = turn.effects;
    return this;
  }

  submit(values: Record<string, string> = {}): this {
    return this.on({ type: 'submitted', values });
  }

  asked(ask: Ask): this {
    return this.on({ type: 'asked', serial: this.state.serial, ask });
  }

  decided(result: Result): this {
    return this.on({ type: 'decided', serial: this.state.serial, result, notes: ['note'] });
  }

  broken(repeatable: boolean): this {
    return this.on({ type: 'broken', serial: this.state.serial, breakdown: { repeatable, correlationId: 'c' } });
  }

  /** The answers of the call that the last event made, if any. */
  get sent(): unknown {
    return this.effects.find((effect) => effect.type === 'call')?.answers;
  }

  get finished(): Result | undefined {
    return this.effects.find((effect) => effect.type === 'finish')?.result;
  }
}

test('a customer walks from the first question to the approval', () => {
  const play = new Play();
  assert.deepEqual(play.state.values, { login: 'known@email.se' }, 'what is known stands in the form');
  play.submit({ login: ' a@b.se ' });
  assert.deepEqual(play.sent, { login: 'a@b.se' });
  play.asked(asks.code).submit({ code: '123 456' });
  assert.deepEqual(play.sent, { login: 'a@b.se', code: '123456' });
  play.asked(asks.details).submit({
    'billing_address.city': 'Stockholm', 'customer.date_of_birth#day': '1', 'customer.date_of_birth#month': '3', 'customer.date_of_birth#year': '1941',
  });
  const details = { billing_address: { city: 'Stockholm' }, customer: { date_of_birth: '1941-03-01' } };
  assert.deepEqual(play.sent, { login: 'a@b.se', code: '123456', details });
  play.asked(asks.method);
  assert.deepEqual(play.state.values, { payment_method_category: 'pay_now' }, 'the preferred method is chosen already');
  play.submit({ payment_method_category: 'pay_later' }).asked(asks.confirm).submit();
  assert.deepEqual(play.sent, { login: 'a@b.se', code: '123456', details, payment_method_category: 'pay_later', consent: terms });
  play.decided(approved);
  assert.equal(play.state.phase, 'result');
  assert.deepEqual(play.effects, [{ type: 'busy', busy: false }, { type: 'close soon', visit: play.state.visit }]);
  play.on({ type: 'closed' });
  assert.deepEqual(play.effects, [{ type: 'finish', result: approved, notes: ['note'] }]);
  assert.deepEqual(play.on({ type: 'closed' }).effects, [], 'the result is handed over once');
});

test('a second submission while the first is under way is nothing', () => {
  const play = new Play(asks.confirm).submit();
  const { serial } = play.state;
  play.submit();
  assert.deepEqual([play.effects, play.state.serial], [[], serial]);
});

test('an answer to an older call is not heard', () => {
  const play = new Play().submit({ login: 'a@b.se' });
  const { serial } = play.state;
  play.asked(asks.code).submit({ code: '123456' }).on({ type: 'asked', serial, ask: asks.identify });
  assert.equal(play.state.ask?.step, 'code');
  play.asked(asks.confirm).on({ type: 'decided', serial: play.state.serial, result: approved, notes: [] });
  assert.equal(play.state.phase, 'step', 'nor one that comes twice');
});

test('the server is told while a decision is under way, and that it is over', () => {
  const play = new Play(asks.confirm).submit();
  assert.deepEqual(play.effects[0], { type: 'busy', busy: true });
  assert.deepEqual(play.decided(denied).effects[0], { type: 'busy', busy: false });
});

for (const [name, ask, values, problem] of [
  ['no login', asks.identify, { login: ' ' }, { path: 'login', reason: 'required' }],
  ['a login that is neither', asks.identify, { login: 'nobody' }, { path: 'login', reason: 'invalid' }],
  ['no code', asks.code, {}, { path: 'code', reason: 'required' }],
  ['five digits', asks.code, { code: '12345' }, { path: 'code', reason: 'invalid' }],
  ['no method', asks.method, {}, { path: 'payment_method_category', reason: 'required' }],
  ['a method that is not offered', asks.method, { payment_method_category: 'card' }, { path: 'payment_method_category', reason: 'required' }],
] as const) {
  test(`nothing is sent for ${name}`, () => {
    const play = new Play(ask).submit({ ...values });
    assert.deepEqual([play.effects, play.state.problems], [[], [problem]]);
  });
}

test('each missing or impossible detail is named, and what was typed stays', () => {
  const values = { 'billing_address.city': '', 'customer.date_of_birth#day': '31', 'customer.date_of_birth#month': '2', 'customer.date_of_birth#year': '1990' };
  const play = new Play(asks.details).submit(values);
  assert.deepEqual(play.state.problems, [{ path: 'billing_address.city', reason: 'required' }, { path: 'customer.date_of_birth', reason: 'invalid' }]);
  assert.deepEqual([play.effects, play.state.values], [[], values]);
});

test('details that come again have what was typed', () => {
  const again: Ask = { ...asks.details, problems: [{ path: 'billing_address.city', reason: 'invalid' }] };
  const play = new Play(asks.details)
    .submit({ 'billing_address.city': 'X', 'customer.date_of_birth#day': '21', 'customer.date_of_birth#month': '03', 'customer.date_of_birth#year': '1941' })
    .asked(again);
  assert.deepEqual(play.state.values, {
    'billing_address.city': 'X', 'customer.date_of_birth#day': '21', 'customer.date_of_birth#month': '03', 'customer.date_of_birth#year': '1941',
  });
  assert.deepEqual(play.state.problems, again.problems);
});

test('who cancels at a question tells the server and gets its result', () => {
  const play = new Play().on({ type: 'cancelled' });
  assert.deepEqual(play.sent, { cancelled: true });
  assert.deepEqual(play.on({ type: 'cancelled' }).effects, [], 'once is enough');
  assert.deepEqual(play.decided(left).finished, left);
  assert.equal(play.state.phase, 'closed');
});

test('who cancels while a decision is under way gets the decision', () => {
  const play = new Play(asks.confirm).submit().on({ type: 'cancelled' });
  assert.deepEqual([play.effects, play.state.leaving], [[], true]);
  play.decided(approved);
  assert.equal(play.state.phase, 'result');
  assert.deepEqual(play.on({ type: 'cancelled' }).finished, approved, 'leaving the good news is no cancellation');
});

test('a leave that came during the decision is remembered: no other result waits for the customer', () => {
  const mend: Result = { ...left, error: { invalid_fields: ['billing_address.email'] } };
  for (const result of [denied, mend]) {
    const play = new Play(asks.confirm).submit().on({ type: 'cancelled' }).decided(result);
    assert.deepEqual([play.finished, play.state.phase], [result, 'closed']);
  }
  const again = new Play(asks.confirm).submit().on({ type: 'cancelled' }).asked(asks.confirm);
  assert.deepEqual(again.sent, { consent: terms, cancelled: true });
  assert.deepEqual(again.effects[0], { type: 'busy', busy: false }, 'telling the server is no decision');
});

test('who cancels while a question is under way does not wait for it', () => {
  const play = new Play().submit({ login: 'a@b.se' });
  const { serial } = play.state;
  play.on({ type: 'cancelled' });
  assert.deepEqual(play.sent, { login: 'a@b.se', cancelled: true });
  assert.deepEqual(play.on({ type: 'asked', serial, ask: asks.code }).effects, [], 'the answer is no longer wanted');
  assert.deepEqual(play.on({ type: 'broken', serial, breakdown: { repeatable: true } }).effects, []);
  assert.deepEqual(play.decided(left).finished, left);
});

test('only a call with consent is a decision the page must not interrupt', () => {
  const play = new Play().submit({ login: 'a@b.se' });
  assert.deepEqual(play.effects.map(({ type }) => type), ['call']);
  assert.deepEqual(play.asked(asks.code).effects, []);
});

test('a cancellation ends the flow even if the server is gone or asks on', () => {
  assert.deepEqual(new Play().on({ type: 'cancelled' }).broken(true).finished, left);
  assert.deepEqual(new Play().on({ type: 'cancelled' }).asked(asks.code).finished, left);
});

test('a broken call can be repeated with the same answers', () => {
  const play = new Play(asks.confirm).submit().broken(true);
  assert.equal(play.state.phase, 'breakdown');
  assert.deepEqual(play.on({ type: 'repeated' }).sent, { consent: terms });
  assert.equal(play.decided(approved).state.phase, 'result');
});

test('a call that can never go well is not repeated, and is a failure for the shop', () => {
  const play = new Play(asks.confirm).submit().broken(false);
  assert.deepEqual(play.on({ type: 'repeated' }).effects, []);
  assert.deepEqual(play.on({ type: 'closed' }).finished, denied);
});

test('a refusal is shown until the customer goes on; so are fields to mend', () => {
  const mend: Result = { ...left, error: { invalid_fields: ['billing_address.email'] } };
  for (const result of [denied, mend]) {
    const play = new Play(asks.confirm).submit().decided(result);
    assert.deepEqual([play.state.phase, play.effects], ['result', [{ type: 'busy', busy: false }]]);
    assert.deepEqual(play.on({ type: 'closed' }).finished, result);
  }
});

test('another login is asked for with the old one in the form, without its code', () => {
  const play = new Play().submit({ login: 'a@b.se' }).asked(asks.code).on({ type: 'back', to: 'identify' });
  assert.deepEqual(play.sent, {});
  assert.deepEqual(play.asked({ ...asks.identify, login: '' }).state.values, { login: 'a@b.se' });
});

test('another method is asked for without who the customer is', () => {
  const play = new Play(asks.method).submit({ payment_method_category: 'pay_later' }).asked(asks.confirm);
  assert.equal(play.state.chose, true);
  assert.deepEqual(play.on({ type: 'back', to: 'method' }).sent, {});
});

const afterCode = (): Play => new Play().submit({ login: 'a@b.se' }).asked(asks.code).submit({ code: '123456' }).asked(asks.confirm);

test('a repeated call of the same session keeps login and code', () => {
  const play = afterCode().on({ type: 'cancelled' }).decided(left).start(asks.identify);
  assert.deepEqual([play.state.phase, play.sent], ['preparing', { login: 'a@b.se', code: '123456' }]);
  assert.equal(play.asked(asks.confirm).state.phase, 'step');
});

test('a repeated call does not keep a code that was not accepted', () => {
  const play = new Play().submit({ login: 'a@b.se' }).asked(asks.code).submit({ code: '999999' }).asked(asks.wrongCode)
    .on({ type: 'cancelled' }).decided(left).start({ ...asks.identify, login: '' });
  assert.deepEqual([play.state.phase, play.sent, play.state.values], ['step', undefined, { login: 'a@b.se' }]);
});

test('another session knows nothing of the one before', () => {
  const play = afterCode().on({ type: 'cancelled' }).decided(left).start({ ...asks.identify, login: '' }, 's2');
  assert.deepEqual([play.state.phase, play.state.values, play.state.answers], ['step', { login: '' }, {}]);
});

test('a national id is neither shown again nor kept', () => {
  const asked: Ask = {
    ...asks.details,
    fields: [{ path: 'billing_address.city', value: '', type: 'text' }, { path: 'customer.national_identification_number', value: '', type: 'national_id' }],
  };
  const play = new Play(asked).submit({ 'billing_address.city': 'Stockholm', 'customer.national_identification_number': '410321-9202' });
  assert.deepEqual(play.sent, { details: { billing_address: { city: 'Stockholm' }, customer: { national_identification_number: '410321-9202' } } });
  const blank = { 'billing_address.city': 'Stockholm', 'customer.national_identification_number': '' };
  assert.deepEqual(play.asked(asked).state.values, blank, 'asked again');
  play.submit({ 'billing_address.city': 'Stockholm', 'customer.national_identification_number': '410321-9202' })
    .asked(asks.confirm).on({ type: 'cancelled' }).decided(left);
  assert.doesNotMatch(JSON.stringify(play.state), /9202/, 'after the end');
  assert.deepEqual(play.start(asked).state.values, blank, 'in the next call');
});
