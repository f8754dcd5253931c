// What the purchase flow is about to do, as a function of what happened. Pure:
// the effects it returns are carried out by flow.ts.

import type { Start } from '../channel/messages';
import type { Answers, Ask, Problem, Result } from '../channel/shapes';
import { answersOf, formValues, type FormValues } from './answers';

/** Why a call brought no answer. */
export interface Breakdown {
  /** Names the exchange in the server's log; absent when nothing came back. */
  correlationId?: string;
  /** Whether the same call can go better the next time. */
  repeatable: boolean;
}

export type Phase = 'waiting' | 'preparing' | 'step' | 'result' | 'breakdown' | 'closed';

export interface State {
  phase: Phase;
  start?: Start;
  ask?: Ask;
  answers: Answers;
  /** What stands in the form of the step. */
  values: FormValues;
  /** What is wrong in the form, by the server's word or by our own. */
  problems: readonly Problem[];
  /** A call is under way. */
  busy: boolean;
  /** Somebody wants to leave: the server is being told, or a decision is under way and is waited for. */
  leaving: boolean;
  /** Counts the calls; an answer to an older one is no longer wanted. */
  serial: number;
  /** Counts what the customer has been shown. */
  visit: number;
  /** The customer chose among several ways to pay and may choose again. */
  chose: boolean;
  /** The flow began with a question that came before the confirmation. */
  staged: boolean;
  /** Paths of details that are neither shown again nor kept: national ids. */
  secret: readonly string[];
  result?: Result;
  notes: string[];
  breakdown?: Breakdown;
  kept?: Kept;
}

/** What a repeated call of the same session need not ask again. */
interface Kept {
  session: string;
  answers: Answers;
}

export type Event =
  | { type: 'started'; start: Start }
  | { type: 'submitted'; values: FormValues }
  | { type: 'back'; to: 'identify' | 'method' }
  | { type: 'asked'; serial: number; ask: Ask }
  | { type: 'decided'; serial: number; result: Result; notes: string[] }
  | { type: 'broken'; serial: number; breakdown: Breakdown }
  | { type: 'repeated' }
  | { type: 'cancelled' }
  | { type: 'closed' };

export type Effect =
  | { type: 'call'; serial: number; answers: Answers }
  | { type: 'busy'; busy: boolean }
  | { type: 'finish'; result: Result; notes: string[] }
  | { type: 'close soon'; visit: number };

export interface Turn {
  state: State;
  effects: Effect[];
}

export const initial: State = {
  phase: 'waiting', answers: {}, values: {}, problems: [], busy: false, leaving: false,
  serial: 0, visit: 0, chose: false, staged: false, secret: [], notes: [],
};

const cancelledResult: Result = { show_form: true, approved: false, finalize_required: false };
const failedResult: Result = { show_form: false, approved: false, finalize_required: false };

/** The next state, and what is to be done about it. */
export function next(state: State, event: Event): Turn {
  const turn = happened(state, event);
  const [before, after] = [deciding(state), deciding(turn.state)];
  return before === after ? turn : { ...turn, effects: [{ type: 'busy', busy: after }, ...turn.effects] };
}

/**
 * Whether the call under way may be a purchase: the customer has agreed. Its
 * answer is waited for, whoever wants to leave; others change nothing.
 */
function deciding({ busy, answers }: State): boolean {
  return busy && answers.consent !== undefined && !answers.cancelled;
}

function happened(state: State, event: Event): Turn {
  switch (event.type) {
    case 'started':
      return started(state, event.start);
    case 'submitted':
      return submitted(state, event.values);
    case 'back':
      return back(state, event.to);
    case 'asked':
      return event.serial === state.serial && state.busy ? asked(state, event.ask) : unchanged(state);
    case 'decided':
      return event.serial === state.serial && state.busy ? decided(state, event.result, event.notes) : unchanged(state);
    case 'broken':
      return event.serial === state.serial && state.busy ? broken(state, event.breakdown) : unchanged(state);
    case 'repeated':
      return state.phase === 'breakdown' && state.breakdown?.repeatable
        ? call({ ...state, phase: 'preparing', visit: state.visit + 1 }, state.answers)
        : unchanged(state);
    case 'cancelled':
      return cancelled(state);
    case 'closed':
      return closed(state);
  }
}

function unchanged(state: State): Turn {
  return { state, effects: [] };
}

function started(state: State, start: Start): Turn {
  const kept = state.kept?.session === start.session_id ? state.kept : undefined;
  const fresh: State = {
    ...initial, start, ask: start.ask, serial: state.serial + 1, visit: state.visit + 1,
    staged: start.ask.step !== 'confirm', ...(kept ? { kept } : {}),
  };
  const { login, code } = kept?.answers ?? {};
  if (login !== undefined && code !== undefined && start.ask.step === 'identify') {
    return call({ ...fresh, phase: 'preparing' }, { login, code });
  }
  return shown(fresh, start.ask);
}

/** Shows a step, its form filled with what is known. */
function shown(state: State, ask: Ask): Turn {
  return {
    state: {
      ...state, phase: 'step', ask, busy: false, visit: state.visit + 1,
      values: valuesOf(ask, state), problems: ask.problems ?? [], chose: state.chose || ask.step === 'method',
      secret: [...state.secret, ...(ask.fields ?? []).filter(({ type }) => type === 'national_id').map(({ path }) => path)],
    },
    effects: [],
  };
}

function valuesOf(ask: Ask, state: State): FormValues {
  switch (ask.step) {
    case 'identify':
      return { login: state.answers.login || state.kept?.answers.login || ask.login || '' }; // what was typed before what is known
    case 'details':
      return Object.assign({}, ...(ask.fields ?? []).map((field) => formValues(field, field.value || (field.type === 'national_id' ? '' : said(state, field.path))))) as FormValues;
    case 'method':
      return { payment_method_category: state.answers.payment_method_category ?? ask.preferred ?? ask.methods?.[0]?.payment_method_category ?? '' };
    default:
      return {}; // a code and a consent are given anew each time
  }
}

/** A detail as the customer gave it, now or before an earlier end. */
function said(state: State, path: string): string {
  for (const details of [state.answers.details, state.kept?.answers.details]) {
    const [first = '', second] = path.split('.');
    const found = details?.[first];
    const value = second !== undefined && typeof found === 'object' ? found[second] : found;
    if (typeof value === 'string') {
      return value;
    }
  }
  return '';
}

function submitted(state: State, values: FormValues): Turn {
  if (state.phase !== 'step' || state.busy || !state.ask) {
    return unchanged(state);
  }
  const { answers, problems } = answersOf(state.ask, values, state.answers);
  if (problems.length > 0) {
    return { state: { ...state, values, problems, visit: state.visit + 1 }, effects: [] };
  }
  return call({ ...state, values }, answers);
}

function back(state: State, to: 'identify' | 'method'): Turn {
  if (state.phase !== 'step' || state.busy) {
    return unchanged(state);
  }
  const { code: _code, payment_method_category: _category, consent: _consent, ...rest } = state.answers;
  if (to === 'method') {
    return call(state, state.answers.code === undefined ? rest : { ...rest, code: state.answers.code });
  }
  const { login = '', ...unnamed } = rest;
  const turn = call({ ...state, answers: unnamed }, unnamed);
  return { ...turn, state: { ...turn.state, kept: { session: state.start?.session_id ?? '', answers: { login } } } };
}

function call(state: State, answers: Answers): Turn {
  const serial = state.serial + 1;
  const { breakdown: _breakdown, ...rest } = state;
  return {
    state: { ...rest, answers, serial, busy: true },
    effects: [{ type: 'call', serial, answers }],
  };
}

function asked(state: State, ask: Ask): Turn {
  if (state.answers.cancelled) {
    return finish({ ...state, busy: false }, cancelledResult); // it asks on: it is not heard
  }
  if (state.leaving) {
    return call({ ...state, ask }, { ...state.answers, cancelled: true });
  }
  return shown(state, ask);
}

function decided(state: State, result: Result, notes: string[]): Turn {
  const at: State = { ...state, phase: 'result', result, notes, busy: false, leaving: false, problems: [], visit: state.visit + 1 };
  const outcome = outcomeOf(result);
  if (outcome === 'approved') { // told also to one who is leaving: it has been paid
    return { state: at, effects: [{ type: 'close soon', visit: at.visit }] };
  }
  return outcome === 'cancelled' || state.leaving ? closed(at) : { state: at, effects: [] };
}

export type Outcome = 'approved' | 'denied' | 'mend' | 'cancelled';

/** What a result means for the customer. */
export function outcomeOf(result: Result): Outcome {
  if (result.approved) {
    return 'approved';
  }
  if (!result.show_form) {
    return 'denied';
  }
  return result.error?.invalid_fields?.length ? 'mend' : 'cancelled';
}

function broken(state: State, breakdown: Breakdown): Turn {
  if (state.leaving) {
    return finish({ ...state, busy: false }, cancelledResult);
  }
  return { state: { ...state, phase: 'breakdown', breakdown, busy: false, visit: state.visit + 1 }, effects: [] };
}

function cancelled(state: State): Turn {
  switch (state.phase) {
    case 'waiting':
    case 'closed':
      return unchanged(state);
    case 'result':
    case 'breakdown':
      return closed(state);
    default:
      if (state.leaving) {
        return unchanged(state);
      }
      return deciding(state) ? unchanged({ ...state, leaving: true }) : call({ ...state, leaving: true }, { ...state.answers, cancelled: true });
  }
}

function closed(state: State): Turn {
  if (state.phase === 'result' && state.result) {
    return finish(state, state.result);
  }
  return state.phase === 'breakdown' ? finish(state, failedResult) : unchanged(state);
}

/** Hands the result over and keeps what a repeated call need not ask again. */
function finish(state: State, result: Result): Turn {
  const { cancelled: _cancelled, consent: _consent, ...answers } = state.answers;
  const kept: Answers = withoutDetails(answers, state.secret);
  if (state.ask?.step === 'identify' || state.ask?.step === 'code') {
    delete kept.code; // nobody said that it was the right one
  }
  const { result: _result, breakdown: _breakdown, start, ask: _ask, ...rest } = state;
  return {
    state: { ...rest, phase: 'closed', answers: {}, values: {}, problems: [], leaving: false, busy: false, ...(start ? { kept: { session: start.session_id, answers: kept } } : {}) },
    effects: [{ type: 'finish', result, notes: state.notes }],
  };
}

function withoutDetails(answers: Answers, paths: readonly string[]): Answers {
  if (!answers.details) {
    return { ...answers };
  }
  const details = Object.entries(answers.details).map(([name, value]) => [name, typeof value === 'string'
    ? value : Object.fromEntries(Object.entries(value).filter(([inner]) => !paths.includes(`${name}.${inner}`)))] as const);
  return { ...answers, details: Object.fromEntries(details.filter(([name]) => !paths.includes(name))) };
}
