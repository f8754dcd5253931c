// The terms as a page of its own, in the language of its address.

import { element } from '../design/element';
import { testId } from '../design/testids';
import { loadTexts } from '../language/catalog';

const asked = new URLSearchParams(location.search);
const texts = await loadTexts(asked.get('language') ?? 'en');
document.documentElement.lang = texts.language;
document.title = texts.text('terms.title');
const merchant = (asked.get('merchant') ?? '').slice(0, 255) || '–';
document.body.append(
  element('main', { class: 'page', ...testId('documentTerms') },
    asked.get('playground') === 'true' && element('span', { class: 'testdrive' }, 'TESTDRIVE'),
    element('h1', {}, texts.text('terms.title')),
    element('p', {}, texts.text('terms.text', { merchant })),
    asked.get('playground') === 'true' && element('p', {}, texts.text('terms.playground'))));
