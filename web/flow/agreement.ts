// What the customer agrees to: old beside new, amount and time, the order, the
// terms.

import { element, icon } from '../design/element';
import { testId } from '../design/testids';
import type { Texts } from '../language/catalog';
import type { Screen } from './screen';

/** Old and new side by side; the changed rows say so in words too. */
export function renderComparison({ comparison }: Screen, texts: Texts): HTMLElement | false {
  if (comparison.length === 0) {
    return false;
  }
  const head = element('tr', {}, element('th', { scope: 'col' }, texts.text('changed.before')), element('th', { scope: 'col' }, texts.text('changed.now')));
  // A label has a row of its own: two amounts and a long word have no room beside each other.
  const groups = comparison.map(({ name, label, before, now, changed }) =>
    element('tbody', { class: changed && 'changed', ...testId('comparisonRow', { name }) },
      element('tr', {}, element('th', { scope: 'rowgroup', colspan: 2 }, label)),
      element('tr', {},
        element('td', {}, before),
        element('td', {}, element('span', { class: 'now' }, now), changed && element('span', { class: 'mark' }, texts.text('changed.mark'))))));
  return element('table', { class: 'comparison', ...testId('comparison') }, element('thead', {}, head), ...groups);
}

/** The way to pay, and what is paid when. */
export function renderPlan({ plan, planName }: Screen): HTMLElement | false {
  return plan.length > 0 && element('div', { class: 'plan', ...testId('plan') },
    planName !== undefined && element('h2', { class: 'plan-name' }, planName),
    ...plan.map((sentence) => element('p', {}, sentence)));
}

/** The order's lines, folded away. */
export function renderOrder({ lines }: Screen, texts: Texts): HTMLElement | false {
  return lines.length > 0 && fold(texts.text('confirm.order'), 'orderLines', element('ul', { class: 'lines' }, ...lines.map(({ name, quantity, amount }) =>
    element('li', {}, element('span', { class: 'line-name' }, element('span', { class: 'quantity' }, quantity), ` ${name}`), element('span', { class: 'line-amount' }, amount)))));
}

/** The terms, folded away. */
export function renderTerms({ terms }: Screen, texts: Texts): HTMLElement | false {
  return terms !== undefined && fold(texts.text('terms.title'), 'terms', element('div', { class: 'terms' }, ...terms.map((paragraph) => element('p', {}, paragraph))));
}

function fold(title: string, id: 'orderLines' | 'terms', content: HTMLElement): HTMLElement {
  return element('details', { class: 'fold', ...testId(id) }, element('summary', {}, element('span', {}, title), icon('M7 10l5 5 5-5', 'chevron')), content);
}
