// Labels, inputs, hints and what is wrong with them.

import { element } from '../design/element';
import { testId } from '../design/testids';
import type { DateInput, Input, Screen } from './screen';

/** An input with its label; what describes it is tied to it. */
export function renderInput(input: Input | DateInput): HTMLElement {
  return 'parts' in input ? renderDate(input) : renderText(input);
}

function idOf(path: string): string {
  return `field-${path.replace(/[^\w]/g, '-')}`;
}

interface Described {
  path: string;
  hint?: string;
  problem?: string;
  reason?: string;
}

function describedBy({ path, hint, problem }: Described): string | undefined {
  const id = idOf(path);
  const ids = [problem !== undefined && `${id}-problem`, hint !== undefined && `${id}-hint`].filter((part) => part !== false);
  return ids.length > 0 ? ids.join(' ') : undefined;
}

function renderHint({ path, hint }: Described): HTMLElement | false {
  return hint !== undefined && element('p', { class: 'hint', id: `${idOf(path)}-hint`, ...testId('hint', { path }) }, hint);
}

function renderProblem({ path, problem, reason }: Described): HTMLElement | false {
  return problem !== undefined && element('p', { class: 'problem', id: `${idOf(path)}-problem`, 'data-reason': reason, ...testId('problem', { path }) }, problem);
}

function renderText(input: Input): HTMLElement {
  const id = idOf(input.path);
  return element('div', { class: 'field' },
    element('label', { for: id }, input.label),
    element('input', {
      id, name: input.path, type: input.type, value: input.value, maxlength: input.maxlength, autocomplete: input.autocomplete, inputmode: input.inputmode,
      autocapitalize: input.capitals, spellcheck: 'false', required: true, class: input.path === 'code' && 'code',
      'aria-invalid': input.problem !== undefined && 'true', 'aria-describedby': describedBy(input), ...testId('field', { path: input.path }),
    }),
    renderProblem(input),
    renderHint(input));
}

function renderDate(input: DateInput): HTMLElement {
  const { path, parts } = input;
  const wrong = input.problem !== undefined && 'true';
  const inputs = parts.map(({ part, name, label, value, autocomplete, maxlength }) => {
    const id = `${idOf(path)}-${part}`;
    return element('div', { class: `date-part date-${part}` },
      element('label', { for: id }, label),
      element('input', {
        id, name, type: 'text', value, maxlength, autocomplete, inputmode: 'numeric', required: true,
        'aria-invalid': wrong, 'aria-describedby': describedBy(input), ...testId('fieldPart', { path, part }),
      }));
  });
  return element('fieldset', { class: 'field', ...testId('field', { path }) },
    element('legend', {}, input.label), renderHint(input),
    element('div', { class: 'date' }, ...inputs), renderProblem(input));
}

/** The ways to pay as a group of radio buttons, each with what it means. */
export function renderChoices({ choices, choiceProblem, title }: Screen): HTMLElement | false {
  if (choices.length === 0) {
    return false;
  }
  const name = 'payment_method_category';
  const options = choices.map(({ value, name: label, plan, chosen }, i) => {
    const id = `choice-${i}`;
    return element('div', { class: 'choice' },
      element('input', {
        type: 'radio', id, name, value, checked: chosen, 'aria-describedby': `${id}-plan`,
        'aria-invalid': choiceProblem !== undefined && i === 0 && 'true', ...testId('choice', { category: value }),
      }),
      element('label', { for: id }, element('strong', {}, label), element('span', { id: `${id}-plan`, class: 'choice-plan' }, plan)));
  });
  const problem: Described = choiceProblem === undefined ? { path: name } : { path: name, problem: choiceProblem };
  return element('fieldset', { class: 'choices', ...testId('field', { path: name }) },
    element('legend', { class: 'unseen' }, title), ...options, renderProblem(problem));
}
