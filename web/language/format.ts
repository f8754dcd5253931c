// Amounts and dates the way the customer's locale writes them.

/** An amount of minor units (10000, "SEK") as text ("100,00 kr"). */
export function money(locale: string, amount: number, currency: string): string {
  const format = currencyFormat(locale, currency);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** A day as text ("28 December 2026"). */
export function day(locale: string, date: Date): string {
  return new Intl.DateTimeFormat(supported(locale), { dateStyle: 'long' }).format(date);
}

/** The day that is `days` after `today`. */
export function dueDate(today: Date, days: number): Date {
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() + days);
}

export type DatePart = 'day' | 'month' | 'year';

/** The order in which the locale writes day, month and year. */
export function dateOrder(locale: string): DatePart[] {
  return new Intl.DateTimeFormat(supported(locale), { day: 'numeric', month: 'numeric', year: 'numeric' })
    .formatToParts(new Date(1990, 2, 21))
    .map((part) => part.type)
    .filter((type): type is DatePart => type === 'day' || type === 'month' || type === 'year');
}

/** A date of birth that nobody has, written in figures in the locale's order. */
export function exampleDate(locale: string): string {
  return new Intl.DateTimeFormat(supported(locale), { day: 'numeric', month: 'numeric', year: 'numeric' }).format(new Date(1990, 2, 21));
}

function currencyFormat(locale: string, currency: string): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat(supported(locale), { style: 'currency', currency });
  } catch {
    return new Intl.NumberFormat(supported(locale), { minimumFractionDigits: 2, maximumFractionDigits: 2 }); // no such currency
  }
}

function supported(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
