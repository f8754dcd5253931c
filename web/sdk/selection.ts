import { misuse } from './errors';
import type { Options } from './arguments';
import type { Token } from './token';

const categories = ['card', 'direct_bank_transfer', 'direct_debit', 'pay_in_parts', 'pay_later', 'pay_now', 'pay_over_time', 'klarna'];

const preferred = [
  'base_account', 'deferred_interest', 'direct_bank_transfer', 'direct_debit', 'fixed_amount', 'invoice', 'b2b_invoice', 'pix',
]; // prettier-ignore

/** Which widget and which ways to pay a call means. */
export interface Selection {
  /** The widget's name, which decides the ids of its frames. */
  name: string;
  payment_method_category?: string;
  payment_method_categories?: string[];
  preferred_payment_method?: string;
}

/**
 * Reads the selection of a call. Categories may be names or the objects of the
 * session's answer, one or many; nothing, null and '' are no choice.
 *
 * @param needsInstance whether several categories need a name for their widget
 * @throws the errors of categories, instance ids and preferred methods
 */
export function readSelection(options: Options, token: Token, needsInstance: boolean): Selection {
  let category = identifiers(options['payment_method_category']);
  let several = identifiers(options['payment_method_categories']);
  if (category.length > 1 && several.length === 0) [category, several] = [[], category];
  if (category.length === 0 && several.length === 1) [category, several] = [several, []];
  if (token.session_type === 'payments') checkCategories([...category, ...several]);
  const instance = options['instance_id'];
  if (present(instance) && !(typeof instance === 'string' && /^[A-Za-z0-9_-]+$/.test(instance))) {
    throw misuse('InvalidInstanceIDError', 'instance_id may have letters, digits, _ and - only.');
  }
  if (needsInstance && several.length > 0 && !present(instance) && category[0] !== 'klarna') {
    throw misuse('InstanceIDNotProvidedError', 'payment_method_categories needs instance_id, the name of the widget.');
  }
  const method = options['preferred_payment_method'];
  if (method && !preferred.includes(String(method))) {
    throw misuse('PreferredPaymentMethodNotSupportedError', `preferred_payment_method must be one of ${preferred.join(', ')}.`);
  }
  return {
    name: present(instance) ? String(instance) : (category[0] ?? token.session_type) || 'payments',
    ...(category[0] && { payment_method_category: category[0] }),
    ...(several.length > 0 && { payment_method_categories: several }),
    ...(method ? { preferred_payment_method: String(method) } : {}),
  };
}

const present = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

function identifiers(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter(present).map((one) => {
    const identifier = typeof one === 'object' ? (one as { identifier?: unknown }).identifier : one;
    return String(identifier);
  });
}

function checkCategories(names: string[]): void {
  for (const name of names) {
    if (!categories.includes(name)) {
      throw misuse('PaymentMethodCategoryNotSupportedError', `"${name}" is no payment method category; there are ${categories.join(', ')}.`);
    }
  }
}
