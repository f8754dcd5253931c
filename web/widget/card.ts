// What a widget says, as data. Pure; widget.ts turns it into elements.

import type { WidgetView } from '../channel/shapes';
import { money } from '../language/format';
import { planName, planText, type Reader } from '../language/plan';

export interface Card {
  /** Heads the amount where there are several methods. */
  title: string;
  testdrive: boolean;
  /** The amount in words of the locale; "" where nothing is paid. */
  amount: string;
  methods: { category: string; name: string; plan: string }[];
  /** Said beside the methods. */
  note?: string;
  /** Instead of methods: the order cannot be paid this way. */
  unavailable?: { title: string; text: string };
  terms: string;
}

/** The card of a view. */
export function cardOf(view: WidgetView, reader: Reader): Card {
  const { texts, locale } = reader;
  const nothing = view.intent === 'tokenize';
  const save = texts.text('plan.save', { merchant: view.merchant_name });
  const card: Card = {
    title: texts.text('page.total'),
    testdrive: view.playground,
    amount: nothing && view.order_amount === 0 ? '' : money(locale, view.order_amount, view.purchase_currency),
    methods: view.methods.map((method) => ({
      category: method.payment_method_category, name: planName(method, reader), plan: nothing ? save : planText(method, view, reader),
    })),
    terms: texts.text('terms.link'),
  };
  if (!view.available) {
    return { ...card, unavailable: { title: texts.text('widget.unavailable'), text: texts.text('widget.unavailable_text') } };
  }
  return view.intent.startsWith('buy_and') ? { ...card, note: save } : card;
}
