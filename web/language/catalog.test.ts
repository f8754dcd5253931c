import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { WidgetView } from '../channel/shapes';
import { cardOf } from '../widget/card';
import { englishTexts, loadTexts, textsOf } from './catalog';

const languages = ['cs', 'da', 'de', 'el', 'en', 'es', 'fi', 'fr', 'hu', 'it', 'nb', 'nl', 'pl', 'pt', 'ro', 'sk', 'sv'];
const days = [1, 2, 5, 14, 21, 22, 30, 100];

test('every language has a form for every number of days', async () => {
  for (const language of languages) {
    const texts = await loadTexts(language);
    assert.equal(texts.language, language);
    for (const count of days) {
      const text = texts.text('plan.days', { amount: 'AMOUNT', count, date: 'DATE' });
      assert.match(text, new RegExp(`AMOUNT.*\\b${count}\\b.*DATE`), `${language}: ${text}`);
    }
  }
});

test('plurals are those of the language', async () => {
  const texts = await loadTexts('pl');
  assert.deepEqual([1, 22, 30].map((count) => texts.text('changed.due_days', { count })), ['W ciągu 1 dnia', 'W ciągu 22 dni', 'W ciągu 30 dni']);
});

test('what a language lacks is told in English, and an unknown language altogether', async () => {
  const partial = textsOf('sv', { 'page.title': 'Betalning' });
  assert.deepEqual([partial.text('page.title'), partial.text('page.continue')], ['Betalning', 'Continue']);
  assert.equal(partial.text('changed.due_days', { count: 1 }), 'Within 1 day');
  assert.equal(await loadTexts('xx'), englishTexts);
  assert.equal(await loadTexts('constructor'), englishTexts);
});

const view: WidgetView = {
  language: 'sv', locale: 'sv-SE', playground: true, merchant_name: 'Skor', available: true, order_amount: 10000, purchase_currency: 'SEK', intent: 'buy', options: {},
  methods: [
    { payment_method_category: 'pay_later', name: 'Buy now, pay later', number_of_days: 30, number_of_installments: 1 },
    { payment_method_category: 'klarna', name: 'Given', number_of_days: 0, number_of_installments: 1 },
  ],
};

test('a widget says its methods in the language of the session, and an unknown one by its given name', async () => {
  const card = cardOf(view, { texts: await loadTexts('sv'), locale: 'sv-SE', today: new Date(2026, 0, 31) });
  assert.equal(card.amount.replaceAll('\u00a0', ' '), '100,00 kr');
  assert.deepEqual(card.methods.map(({ name, plan }) => [name, plan.replaceAll('\u00a0', ' ')]), [
    ['Betala senare', 'Du betalar 100,00 kr inom 30 dagar, senast den 2 mars 2026.'],
    ['Given', 'Du betalar 100,00 kr nu.'],
  ]);
});

test('a widget that is not available says so kindly', () => {
  const card = cardOf({ ...view, available: false }, { texts: englishTexts, locale: 'en-SE', today: new Date(2026, 0, 31) });
  assert.deepEqual(card.unavailable, { title: 'Not available for this order', text: 'Please choose another way to pay.' });
});
