import type { Scheme } from '../channel/messages';

/** What the customer prefers; a shop's page may follow it or not. */
export const preference = matchMedia('(prefers-color-scheme: dark)');

/**
 * The scheme of the shop's page where an element stands, told by its text: light
 * text stands on a dark ground. Empty when the browser gives the colour in a form
 * that is not looked into; then the customer's preference decides.
 */
export function schemeOf(element: Element): { scheme?: Scheme } {
  const parts = /^rgba?\((\d+), (\d+), (\d+)/.exec(getComputedStyle(element).color);
  if (!parts) return {};
  const [red, green, blue] = parts.slice(1).map(Number) as [number, number, number];
  return { scheme: 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? 'dark' : 'light' };
}
