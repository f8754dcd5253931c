import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Ask, Terms } from '../channel/shapes';
import { englishTexts } from '../language/catalog';
import type { Reader } from '../language/plan';
import { headerOf, screenOf, type Input } from './screen';
import { initial, type State } from './state';

const reader: Reader = { texts: englishTexts, locale: 'en-GB', today: new Date(2026, 10, 28) };
const terms: Terms = { payment_method_category: 'pay_later', order_amount: 10050, purchase_currency: 'GBP', number_of_days: 30, number_of_installments: 1 };
const ask: Ask = {
  step: 'confirm', call: 'authorize', language: 'en', locale: 'en-GB', playground: true, merchant_name: 'Shoes', order_amount: 10050, purchase_currency: 'GBP',
  intent: 'buy', options: {}, terms,
};
const at = (of: Partial<State>): State => ({ ...initial, phase: 'step', ask, ...of });

test('the confirmation says what is paid and until when', () => {
  const screen = screenOf(at({}), ask, reader);
  assert.deepEqual(screen.plan, ['You pay £100.50 within 30 days, by 28 December 2026.']);
  assert.equal(screen.planName, 'Pay later');
  assert.deepEqual(screen.buttons.map(({ action }) => action), ['submit']);
});

test('who chose a method can choose again', () => {
  assert.deepEqual(screenOf(at({ chose: true }), ask, reader).buttons.map(({ action }) => action), ['submit', 'back-method']);
});

test('payments that are not equal are told as about', () => {
  const parts = (order_amount: number, number_of_installments: number): string[] =>
    screenOf(at({}), { ...ask, terms: { ...terms, order_amount, number_of_days: 0, number_of_installments } }, reader).plan;
  assert.deepEqual(parts(10000, 4), ['You pay £100.00 in 4 payments of £25.00.']);
  assert.deepEqual(parts(10000, 3), ['You pay £100.00 in 3 payments of about £33.33.']);
});

test('amounts have the digits of their currency', () => {
  const amount = (order_amount: number, purchase_currency: string): string =>
    headerOf({ ...ask, terms: { ...terms, order_amount, purchase_currency } }, reader).amount.replaceAll('\u00a0', ' ');
  assert.deepEqual([amount(1234, 'GBP'), amount(1234, 'JPY'), amount(1234, 'KWD')], ['£12.34', 'JP¥1,234', 'KWD 1.234']);
});

test('a repeated call shows old beside new and says what differs', () => {
  const agreed: Terms = { ...terms, order_amount: 9000, number_of_days: 14 };
  const screen = screenOf(at({}), { ...ask, agreed }, reader);
  assert.equal(screen.title, 'Your order has changed');
  assert.deepEqual(screen.comparison, [
    { name: 'amount', label: 'Amount', before: '£90.00', now: '£100.50', changed: true },
    { name: 'due', label: 'Due', before: 'Within 14 days', now: 'Within 30 days', changed: true },
  ]);
});

test('a cart that changed while the customer was reading is told', () => {
  const screen = screenOf(at({ problems: [{ path: 'consent', reason: 'changed' }], answers: { consent: { ...terms, order_amount: 9000 } } }), ask, reader);
  assert.match(screen.notice ?? '', /changed while you were reading/);
  assert.deepEqual(screen.comparison.map(({ before, now }) => [before, now]), [['£90.00', '£100.50']]);
  assert.equal(screen.said, '', 'it is no wrong answer');
});

test('a detail is asked for with its label and for the right keyboard', () => {
  const fields: Ask['fields'] = [
    { path: 'billing_address.phone', value: '', type: 'tel' }, { path: 'shipping_address.city', value: '', type: 'text' },
    { path: 'customer.national_identification_number', value: '', type: 'national_id' }, { path: 'customer.shoe_size', value: '', type: 'text' },
  ];
  const screen = screenOf(at({ problems: [{ path: 'billing_address.phone', reason: 'required' }] }), { ...ask, step: 'details', fields }, reader);
  assert.deepEqual((screen.inputs as Input[]).map(({ label, autocomplete, inputmode, problem }) => [label, autocomplete, inputmode, problem]), [
    ['Phone number', 'billing tel', 'tel', 'Please fill this in.'],
    ['City', 'shipping address-level2', 'text', undefined],
    ['Personal identity number', 'off', 'text', undefined],
    ['Missing detail', 'off', 'text', undefined],
  ]);
  assert.equal(screen.said, 'One answer needs another look.');
});

test('a date of birth is typed in the order of the place', () => {
  const parts = (locale: string): string[] => {
    const screen = screenOf(at({}), { ...ask, step: 'details', fields: [{ path: 'customer.date_of_birth', value: '', type: 'date' }] }, { ...reader, locale });
    return screen.inputs.flatMap((input) => ('parts' in input ? input.parts.map(({ part }) => part) : []));
  };
  assert.deepEqual([parts('en-GB'), parts('en-US'), parts('sv-SE')], [['day', 'month', 'year'], ['month', 'day', 'year'], ['year', 'month', 'day']]);
});

test('only the playground says which codes it takes', () => {
  const hints = (playground: boolean): (string | undefined)[] =>
    screenOf(at({}), { ...ask, step: 'code', playground }, reader).inputs.map((input) => input.hint);
  assert.match(hints(true)[0] ?? '', /999999/);
  assert.deepEqual(hints(false), [undefined]);
});

test('results are told by what the shop gets', () => {
  const name = (result: State['result']): string => screenOf(at({ phase: 'result', ...(result ? { result } : {}) }), ask, reader).name;
  assert.equal(name({ show_form: true, approved: true }), 'approved');
  assert.equal(name({ show_form: false, approved: false }), 'denied');
  assert.equal(name({ show_form: true, approved: false, error: { invalid_fields: ['billing_address.email'] } }), 'mend');
  const failure = screenOf(at({ phase: 'breakdown', breakdown: { repeatable: true, correlationId: 'c-1' } }), ask, reader);
  assert.deepEqual([failure.name, failure.small, failure.buttons.map(({ action }) => action)], ['failure', 'Reference: c-1', ['retry', 'close']]);
});

test('nothing is paid when a way to pay is saved only', () => {
  const saving: Ask = { ...ask, intent: 'tokenize', order_amount: 0, terms: { ...terms, order_amount: 0 } };
  assert.equal(headerOf(saving, reader).amount, '');
  assert.deepEqual(screenOf(at({}), saving, reader).plan, ['This way to pay is saved for later purchases from Shoes.']);
});
