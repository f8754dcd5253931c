// What the customer sees, as data. Pure; render.ts turns it into elements.

import type { Ask, Problem, Terms } from '../channel/shapes';
import { dateOrder, exampleDate, money, type DatePart } from '../language/format';
import { planName, planText, type Reader } from '../language/plan';
import { dateParts, partName } from './answers';
import { comparisonOf, type ComparisonRow } from './comparison';
import { labelOf, mannerOf, type InputManner } from './fields';
import { outcomeOf, type State } from './state';

export type ScreenName = 'preparing' | Ask['step'] | 'approved' | 'denied' | 'mend' | 'failure';

export interface Input extends InputManner {
  path: string;
  label: string;
  value: string;
  hint?: string;
  problem?: string;
  maxlength: number;
  /** The name of the problem's reason, for the test id. */
  reason?: Problem['reason'];
}

/** A date typed in three inputs. */
export interface DateInput {
  path: string;
  label: string;
  hint: string;
  problem?: string;
  reason?: Problem['reason'];
  parts: { part: DatePart; name: string; label: string; value: string; autocomplete: string; maxlength: number }[];
}

export interface Choice {
  value: string;
  name: string;
  plan: string;
  chosen: boolean;
}

export interface Button {
  action: 'submit' | 'back-identify' | 'back-method' | 'retry' | 'close';
  label: string;
}

export interface Stage {
  name: 'person' | 'details' | 'payment';
  label: string;
  at: 'done' | 'current' | 'ahead';
}

export interface Screen {
  name: ScreenName;
  title: string;
  intro?: string;
  notice?: string;
  stages: Stage[];
  inputs: (Input | DateInput)[];
  choices: Choice[];
  choiceProblem?: string;
  comparison: ComparisonRow[];
  /** The sentences of what is paid and when. */
  plan: string[];
  planName?: string;
  lines: { name: string; quantity: string; amount: string }[];
  terms?: string[];
  /** Names of details that must be mended elsewhere. */
  list: string[];
  small?: string;
  buttons: Button[];
  /** What is said to those who listen, beside the heading that is focused. */
  said: string;
}

/** What stands above every screen. */
export interface Header {
  merchant: string;
  amount: string;
  testdrive: boolean;
}

export function headerOf(ask: Ask, { locale }: Reader): Header {
  const price = ask.terms ?? ask;
  const nothing = ask.intent === 'tokenize' && price.order_amount === 0;
  return { merchant: ask.merchant_name, amount: nothing ? '' : money(locale, price.order_amount, price.purchase_currency), testdrive: ask.playground };
}

/** The screen of a state that has one; the last `ask` tells language and merchant. */
export function screenOf(state: State, ask: Ask, reader: Reader): Screen {
  switch (state.phase) {
    case 'step':
      return stepScreen(state, ask, reader);
    case 'result':
      return resultScreen(state, ask, reader);
    case 'breakdown':
      return failureScreen(state, reader);
    default:
      return blank('preparing', reader.texts.text('page.busy'));
  }
}

function blank(name: ScreenName, title: string): Screen {
  return { name, title, stages: [], inputs: [], choices: [], comparison: [], plan: [], lines: [], list: [], buttons: [], said: '' };
}

function stepScreen(state: State, ask: Ask, reader: Reader): Screen {
  const { texts } = reader;
  const problems = state.problems.filter(({ reason }) => reason !== 'changed');
  const screen: Screen = {
    ...blank(ask.step, texts.text(`${ask.step}.title`)),
    stages: state.staged ? stagesOf(ask.step, reader) : [],
    buttons: [{ action: 'submit', label: texts.text('page.continue') }],
    said: problems.length > 0 ? texts.text('page.problems', { count: problems.length }) : '',
  };
  if (state.problems.some(({ reason }) => reason === 'changed')) {
    screen.notice = texts.text('problem.changed');
  }
  switch (ask.step) {
    case 'identify':
      screen.intro = texts.text('identify.intro');
      screen.inputs = [loginInput(state, reader)];
      return screen;
    case 'code':
      screen.intro = texts.text('code.intro', { login: state.answers.login ?? ask.login ?? '' });
      screen.inputs = [codeInput(state, ask, reader)];
      screen.buttons.push({ action: 'back-identify', label: texts.text('code.back') });
      return screen;
    case 'details':
      screen.intro = texts.text('details.intro');
      screen.inputs = (ask.fields ?? []).map((field) => (field.type === 'date' ? dateInput(field.path, state, reader) : detailInput(field, state, reader)));
      return screen;
    case 'method':
      return { ...screen, ...choicesOf(state, ask, reader) };
    case 'confirm':
      return confirmScreen(screen, state, ask, reader);
  }
}

const stageNames = ['person', 'details', 'payment'] as const;
const stageOfStep = { identify: 0, code: 0, details: 1, method: 2, confirm: 2 } as const;

function stagesOf(step: Ask['step'], { texts }: Reader): Stage[] {
  const current = stageOfStep[step];
  return stageNames.map((name, i) => ({ name, label: texts.text(`stage.${name}`), at: i < current ? 'done' : i === current ? 'current' : 'ahead' }));
}

function problemAt(state: State, path: string): Problem | undefined {
  return state.problems.find((problem) => problem.path === path && problem.reason !== 'changed');
}

/** A problem in words: those of the path where there are some, else those of the reason. */
function withProblem<T extends object>(input: T, problem: Problem | undefined, { texts, locale }: Reader, kind: 'login' | 'code' | 'date' | 'other'): T & { problem?: string; reason?: Problem['reason'] } {
  if (!problem) {
    return input;
  }
  const { reason } = problem;
  const told = (): string => {
    if (kind === 'code') {
      return texts.text(reason === 'wrong' ? 'problem.code_wrong' : 'problem.code');
    }
    if (kind === 'login') {
      return texts.text('problem.login');
    }
    if (kind === 'date' && reason === 'invalid') {
      return texts.text('problem.date', { example: exampleDate(locale) });
    }
    return texts.text(`problem.${reason}`);
  };
  return { ...input, problem: told(), reason };
}

function loginInput(state: State, reader: Reader): Input {
  const input: Input = {
    path: 'login', label: reader.texts.text('identify.login'), value: state.values['login'] ?? '',
    type: 'text', autocomplete: 'email', inputmode: 'email', capitals: 'none', maxlength: 99,
  };
  return withProblem(input, problemAt(state, 'login'), reader, 'login');
}

function codeInput(state: State, ask: Ask, reader: Reader): Input {
  const input: Input = {
    path: 'code', label: reader.texts.text('code.label'), value: state.values['code'] ?? '',
    type: 'text', autocomplete: 'one-time-code', inputmode: 'numeric', capitals: 'none', maxlength: 12,
    ...(ask.playground ? { hint: reader.texts.text('code.playground') } : {}),
  };
  return withProblem(input, problemAt(state, 'code'), reader, 'code');
}

function detailInput(field: NonNullable<Ask['fields']>[number], state: State, reader: Reader): Input {
  const input: Input = { path: field.path, label: labelOf(field.path, reader.texts), value: state.values[field.path] ?? '', maxlength: 255, ...mannerOf(field) };
  return withProblem(input, problemAt(state, field.path), reader, 'other');
}

function dateInput(path: string, state: State, reader: Reader): DateInput {
  const { texts, locale } = reader;
  const order = dateOrder(locale);
  const parts = (order.length === dateParts.length ? order : dateParts).map((part) => ({
    part, name: partName(path, part), label: texts.text(`date.${part}`), value: state.values[partName(path, part)] ?? '',
    autocomplete: `bday-${part}`, maxlength: part === 'year' ? 4 : 2,
  }));
  const input: DateInput = { path, label: labelOf(path, texts), hint: texts.text('date.hint', { example: exampleDate(locale) }), parts };
  return withProblem(input, problemAt(state, path), reader, 'date');
}

function choicesOf(state: State, ask: Ask, reader: Reader): Partial<Screen> {
  const chosen = state.values['payment_method_category'];
  const choices = (ask.methods ?? []).map((method) => ({
    value: method.payment_method_category, name: planName(method, reader), plan: planText(method, ask, reader),
    chosen: method.payment_method_category === chosen,
  }));
  const problem = problemAt(state, 'payment_method_category');
  return { choices, ...(problem ? { choiceProblem: reader.texts.text('problem.choice') } : {}) };
}

function confirmScreen(screen: Screen, state: State, ask: Ask, reader: Reader): Screen {
  const { texts, locale } = reader;
  const before = ask.agreed ?? (screen.notice === undefined ? undefined : state.answers.consent);
  const changed = before && ask.terms ? comparisonOf(before, ask.terms, reader) : [];
  const lines = (ask.order_lines ?? []).map((line) => ({ name: line.name, quantity: `${line.quantity} ×`, amount: money(locale, line.total_amount, ask.purchase_currency) }));
  const submit: Button = { action: 'submit', label: texts.text(ask.intent === 'tokenize' ? 'confirm.agree' : 'confirm.button') };
  const again: Button[] = state.chose ? [{ action: 'back-method', label: texts.text('confirm.other') }] : [];
  return {
    ...screen,
    ...(ask.agreed ? { title: texts.text('changed.title'), ...(screen.notice === undefined ? { intro: texts.text('changed.intro') } : {}) } : {}),
    comparison: changed,
    plan: ask.terms ? sentences(ask, ask.terms, reader) : [],
    ...(ask.terms ? { planName: planName(nameable(ask.terms, ask), reader) } : {}),
    lines,
    terms: termsOf(ask, reader),
    small: texts.text('confirm.consent'),
    buttons: [submit, ...again],
  };
}

/** The terms with the server's name of the method, where it said one. */
function nameable(terms: Terms, ask: Ask): Terms & { name?: string } {
  const name = ask.methods?.find((method) => method.payment_method_category === terms.payment_method_category)?.name;
  return name === undefined ? terms : { ...terms, name };
}

function sentences(ask: Ask, terms: Terms, reader: Reader): string[] {
  const save = ask.intent.includes('tokenize') ? [reader.texts.text('plan.save', { merchant: ask.merchant_name })] : [];
  return ask.intent === 'tokenize' ? save : [planText(terms, terms, reader), ...save];
}

function termsOf(ask: Ask, { texts }: Reader): string[] {
  return [texts.text('terms.text', { merchant: ask.merchant_name }), ...(ask.playground ? [texts.text('terms.playground')] : [])];
}

function resultScreen(state: State, ask: Ask, { texts }: Reader): Screen {
  const merchant = ask.merchant_name;
  const result = state.result ?? { show_form: true };
  switch (outcomeOf(result)) {
    case 'approved': {
      const intro = texts.text(result.finalize_required ? 'approved.finalize' : 'approved.text', { merchant });
      return { ...blank('approved', texts.text('approved.title')), intro, said: intro, buttons: [{ action: 'close', label: texts.text('page.shop') }] };
    }
    case 'mend':
      return {
        ...blank('mend', texts.text('mend.title')), intro: texts.text('mend.text'), said: texts.text('mend.text'),
        list: [...new Set((result.error?.invalid_fields ?? []).map((path) => labelOf(path, texts)))],
        buttons: [{ action: 'close', label: texts.text('page.shop') }],
      };
    default:
      return {
        ...blank('denied', texts.text('denied.title')), intro: texts.text('denied.text'), said: texts.text('denied.text'),
        buttons: [{ action: 'close', label: texts.text('denied.button') }],
      };
  }
}

function failureScreen({ breakdown }: State, { texts }: Reader): Screen {
  const intro = texts.text(breakdown?.repeatable ? 'failure.retry_text' : 'failure.text');
  const retry: Button[] = breakdown?.repeatable ? [{ action: 'retry', label: texts.text('failure.retry') }] : [];
  return {
    ...blank('failure', texts.text('failure.title')), intro, said: intro,
    ...(breakdown?.correlationId ? { small: texts.text('failure.reference', { id: breakdown.correlationId }) } : {}),
    buttons: [...retry, { action: 'close', label: texts.text('page.shop') }],
  };
}
