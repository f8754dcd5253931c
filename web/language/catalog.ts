// The texts of the pages: English is part of the script, every other language
// is loaded when it is needed. A key that a language lacks is told in English.

import english from '../locales/en.json';

/** A text, or one for each plural category of its `count`. */
export type Message = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;
export type Messages = Readonly<Record<string, Message>>;
export type Key = keyof typeof english;
export type Values = Readonly<Record<string, string | number>>;

/** One language's way to say everything. */
export interface Texts {
  readonly language: string;
  /** The text of a key, with {names} replaced by values. */
  text(key: Key, values?: Values): string;
}

type Loader = () => Promise<{ default: Messages }>;

const others: Readonly<Record<string, Loader>> = {
  cs: () => import('../locales/cs.json'),
  da: () => import('../locales/da.json'),
  de: () => import('../locales/de.json'),
  el: () => import('../locales/el.json'),
  es: () => import('../locales/es.json'),
  fi: () => import('../locales/fi.json'),
  fr: () => import('../locales/fr.json'),
  hu: () => import('../locales/hu.json'),
  it: () => import('../locales/it.json'),
  nb: () => import('../locales/nb.json'),
  nl: () => import('../locales/nl.json'),
  pl: () => import('../locales/pl.json'),
  pt: () => import('../locales/pt.json'),
  ro: () => import('../locales/ro.json'),
  sk: () => import('../locales/sk.json'),
  sv: () => import('../locales/sv.json'),
};

/** Whether there are texts under this key; narrows a name made at run time. */
export function known(key: string): key is Key {
  return Object.hasOwn(english, key);
}

/** Texts from messages; pure. */
export function textsOf(language: string, messages: Messages): Texts {
  const plurals = new Intl.PluralRules(language);
  const englishPlurals = new Intl.PluralRules('en');
  return {
    language,
    text(key, values = {}) {
      const own = messages[key];
      return own === undefined
        ? filled((english as Messages)[key] ?? key, englishPlurals, values)
        : filled(own, plurals, values);
    },
  };
}

export const englishTexts: Texts = textsOf('en', english);

/** The texts of a language; English when it is unknown or cannot be loaded. */
export async function loadTexts(language: string): Promise<Texts> {
  const load = Object.hasOwn(others, language) ? others[language] : undefined;
  if (!load) {
    return englishTexts;
  }
  try {
    return textsOf(language, (await load()).default);
  } catch {
    return englishTexts;
  }
}

function filled(message: Message, plurals: Intl.PluralRules, values: Values): string {
  const form = typeof message === 'string' ? message : message[plurals.select(Number(values['count'] ?? 0))] ?? message.other ?? '';
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
