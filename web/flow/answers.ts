// From what stands in a form to the answers of the contract, and back. Pure.

import type { Answers, Ask, Field, Problem } from '../channel/shapes';

/** The form's values by name. A date has three, `PATH#day`, `PATH#month` and `PATH#year`. */
export type FormValues = Readonly<Record<string, string>>;

export const dateParts = ['day', 'month', 'year'] as const;
export type DatePart = (typeof dateParts)[number];

/** The name of one part of a date in the form. */
export function partName(path: string, part: DatePart): string {
  return `${path}#${part}`;
}

/** The form's values of a detail whose value is known, "" for unknown. */
export function formValues(field: Field, value: string): FormValues {
  if (field.type !== 'date') {
    return { [field.path]: value };
  }
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  return { [partName(field.path, 'day')]: day, [partName(field.path, 'month')]: month, [partName(field.path, 'year')]: year };
}

interface Reading {
  answers: Answers;
  /** Nothing is sent while there are any. */
  problems: Problem[];
}

/** The answers so far with those of this step; problems where the form cannot be meant so. */
export function answersOf(ask: Ask, values: FormValues, so: Answers): Reading {
  switch (ask.step) {
    case 'identify':
      return identified(values, so);
    case 'code':
      return coded(values, so);
    case 'details':
      return detailed(ask.fields ?? [], values, so);
    case 'method': {
      const category = values['payment_method_category'] ?? '';
      const offered = ask.methods?.some((method) => method.payment_method_category === category);
      return reading({ ...so, payment_method_category: category }, offered ? undefined : { path: 'payment_method_category', reason: 'required' });
    }
    case 'confirm':
      return reading(ask.terms ? { ...so, consent: ask.terms } : so);
  }
}

function reading(answers: Answers, problem?: Problem): Reading {
  return { answers, problems: problem ? [problem] : [] };
}

function identified(values: FormValues, so: Answers): Reading {
  const login = (values['login'] ?? '').trim();
  if (login === '') {
    return reading(so, { path: 'login', reason: 'required' });
  }
  const plausible = /^[^\s@]+@[^\s@]+$/.test(login) || /^\+?[\d\s()./-]{5,}$/.test(login);
  return reading({ ...so, login }, plausible ? undefined : { path: 'login', reason: 'invalid' });
}

function coded(values: FormValues, so: Answers): Reading {
  const code = (values['code'] ?? '').replace(/[\s-]/g, '');
  if (code === '') {
    return reading(so, { path: 'code', reason: 'required' });
  }
  return reading({ ...so, code }, /^\d{6}$/.test(code) ? undefined : { path: 'code', reason: 'invalid' });
}

function detailed(fields: readonly Field[], values: FormValues, so: Answers): Reading {
  const details: NonNullable<Answers['details']> = { ...so.details };
  const problems: Problem[] = [];
  for (const { path, type } of fields) {
    const value = type === 'date' ? isoDate(path, values) : (values[path] ?? '').trim();
    if (value === '' || value === undefined) {
      problems.push({ path, reason: value === '' ? 'required' : 'invalid' });
      continue;
    }
    const [first = '', second] = path.split('.');
    const before = details[first];
    details[first] = second === undefined ? value : { ...(typeof before === 'object' ? before : {}), [second]: value };
  }
  return { answers: { ...so, details }, problems };
}

/** The date of three parts as YYYY-MM-DD; "" when all are empty, undefined when there is no such day. */
function isoDate(path: string, values: FormValues): string | undefined {
  const [day, month, year] = dateParts.map((part) => (values[partName(path, part)] ?? '').trim()) as [string, string, string];
  if (day + month + year === '') {
    return '';
  }
  if (!/^\d{1,2}$/.test(day) || !/^\d{1,2}$/.test(month) || !/^\d{4}$/.test(year)) {
    return undefined;
  }
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return date.toISOString().startsWith(iso) ? iso : undefined;
}
