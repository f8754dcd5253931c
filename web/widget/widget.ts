// The widget: shows the card of a view, tells its height, hands links on.

import { connectToPage } from '../channel/frame';
import type { FromWidget, Scheme, ToWidget } from '../channel/messages';
import type { WidgetView } from '../channel/shapes';
import { element } from '../design/element';
import { wear } from '../design/look';
import { testId } from '../design/testids';
import { loadTexts } from '../language/catalog';
import { cardOf, type Card } from './card';

function renderCard(card: Card, link: HTMLElement): HTMLElement {
  const badge = card.testdrive && element('span', { class: 'testdrive', ...testId('widgetTestdrive') }, 'TESTDRIVE');
  if (card.unavailable) {
    return element('main', { class: 'card surface card-unavailable', ...testId('widgetUnavailable') },
      element('div', { class: 'row' }, element('h1', { class: 'name' }, card.unavailable.title), badge),
      element('p', { class: 'plan' }, card.unavailable.text));
  }
  const several = card.methods.length > 1;
  const amount = element('p', { class: 'amount', ...testId('widgetAmount') }, card.amount);
  const methods = card.methods.map(({ category, name, plan }) => {
    const heading = element(several ? 'h2' : 'h1', { class: 'name' }, name);
    return element(several ? 'li' : 'div', { class: 'method', ...testId('widgetMethod', { category }) },
      several ? heading : element('div', { class: 'row' }, heading, amount),
      element('p', { class: 'plan', ...testId('widgetPlan', { category }) }, plan));
  });
  return element('main', { class: 'card surface', ...testId('widget') },
    several && element('div', { class: 'row head' }, element('h1', { class: 'plan' }, card.title), amount),
    several ? element('ul', {}, ...methods) : methods[0],
    card.note !== undefined && element('p', { class: 'plan note' }, card.note),
    element('div', { class: 'row foot' }, link, badge));
}

/** A link that the page may open in its own way. */
function termsLink(label: string, view: WidgetView): HTMLElement {
  const address = new URL('terms.html', location.href);
  address.search = String(new URLSearchParams({ language: view.language, merchant: view.merchant_name, ...(view.playground ? { playground: 'true' } : {}) }));
  const link = element('a', { href: address.href, ...testId('widgetTerms') }, label);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    page.send({ type: 'link', url: address.href });
  });
  return link;
}

async function show(view: WidgetView, scheme?: Scheme): Promise<void> {
  const texts = await loadTexts(view.language);
  document.documentElement.lang = texts.language;
  document.title = texts.text('page.title');
  wear(view.options, scheme);
  const card = cardOf(view, { texts, locale: view.locale, today: new Date() });
  document.body.replaceChildren(renderCard(card, termsLink(card.terms, view)));
  tellHeight();
}

let told = 0;

function tellHeight(): void {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (height > 0 && height !== told) {
    told = height;
    page.send({ type: 'height', height });
  }
}

const page = await connectToPage<FromWidget, ToWidget>();
new ResizeObserver(tellHeight).observe(document.body);
let rendered = false;
let shown = Promise.resolve(); // views are shown in their order
page.listen((message) => {
  shown = shown.then(async () => {
    await show(message.view, message.scheme);
    if (!rendered) {
      rendered = true;
      page.send({ type: 'rendered' });
    }
  });
});
