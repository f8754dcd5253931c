// What is paid and when, in the customer's words. Pure.

import { known, type Texts } from './catalog';
import { day, dueDate, money } from './format';

/** A way to pay with its terms. */
export interface Plan {
  payment_method_category: string;
  name?: string;
  number_of_days: number;
  number_of_installments: number;
}

/** An amount of minor units. */
export interface Price {
  order_amount: number;
  purchase_currency: string;
}

/** The customer's language and place, and the day it is there. */
export interface Reader {
  texts: Texts;
  locale: string;
  today: Date;
}

/** The name of a way to pay: ours in the customer's language, else the given one. */
export function planName(plan: Plan, { texts }: Reader): string {
  const key = `method.${plan.payment_method_category}`;
  return known(key) ? texts.text(key) : plan.name || texts.text('page.title');
}

/** One sentence about amount and time. */
export function planText(plan: Plan, price: Price, { texts, locale, today }: Reader): string {
  const amount = money(locale, price.order_amount, price.purchase_currency);
  const count = plan.number_of_installments;
  if (count > 1) {
    const each = Math.round(price.order_amount / count);
    const key = each * count === price.order_amount ? 'plan.instalments' : 'plan.instalments_about';
    return texts.text(key, { amount, count, each: money(locale, each, price.purchase_currency) });
  }
  const days = plan.number_of_days;
  if (days > 0) {
    return texts.text('plan.days', { amount, count: days, date: day(locale, dueDate(today, days)) });
  }
  return texts.text('plan.now', { amount });
}
