// What the customer agreed to before beside what it is now. Pure.

import type { Terms } from '../channel/shapes';
import { money } from '../language/format';
import { planName, type Reader } from '../language/plan';

export interface ComparisonRow {
  name: 'amount' | 'method' | 'due' | 'instalments';
  label: string;
  before: string;
  now: string;
  changed: boolean;
}

/** The rows that matter: the amount always, the others where they differ. */
export function comparisonOf(agreed: Terms, terms: Terms, reader: Reader): ComparisonRow[] {
  const { texts, locale } = reader;
  const amount = (of: Terms): string => money(locale, of.order_amount, of.purchase_currency);
  const due = ({ number_of_days: count, number_of_installments: parts }: Terms): string => {
    if (count > 0) {
      return texts.text('changed.due_days', { count });
    }
    return parts > 1 ? '–' : texts.text('changed.due_now'); // each part has its own day
  };
  const row = (name: ComparisonRow['name'], told: (of: Terms) => string): ComparisonRow => {
    const [before, now] = [told(agreed), told(terms)];
    return { name, label: texts.text(`changed.${name}`), before, now, changed: before !== now };
  };
  return [
    row('amount', amount),
    row('method', (of) => planName(of, reader)),
    row('due', due),
    row('instalments', (of) => String(of.number_of_installments)),
  ].filter(({ name, changed }) => changed || name === 'amount');
}
