// The terms as a page of its own, in the language of its address.

import { element } from '../design/element';
import { testId } from '../design/testids';
import { loadTexts } from '../language/catalog';

const asked = new URLSearchParams(location.search);
const texts = await loadTexts(asked.get('language') ?? 'en');
document.documentElement.lang = texts.language;
document.title = texts.text('terms.title');
const merchant = nameOf(asked.get('merchant') ?? '');
document.body.append(
  element('main', { class: 'page', ...testId('documentTerms') },
    asked.get('playground') === 'true' && element('span', { class: 'testdrive' }, 'TESTDRIVE'),
    element('h1', {}, texts.text('terms.title')),
    element('p', {}, texts.text('terms.text', { merchant })),
    asked.get('playground') === 'true' && element('p', {}, texts.text('terms.playground'))));

/**
 * A name in quotes. Anybody can write this page's address, so that what stands
 * in it must not pass for the server's words: one line, short, no address.
 */
function nameOf(text: string): string {
  const name = text.replace(/[^\p{L}\p{M}\p{N} &'’+-]+/gu, ' ').replace(/\s+/g, ' ').trim();
  const letters = [...name].slice(0, 60).join('').trim();
  return letters === '' ? '–' : `“${letters}”`;
}
