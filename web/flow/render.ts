// Turns a screen into elements. It decides nothing.

import { element, icon } from '../design/element';
import { testId } from '../design/testids';
import type { Texts } from '../language/catalog';
import { renderChoices, renderInput } from './inputs';
import { renderComparison, renderOrder, renderPlan, renderTerms } from './agreement';
import type { Button, Screen, Stage } from './screen';

/** What the customer does on a screen. */
export interface Hands {
  submit(form: HTMLFormElement): void;
  press(action: Exclude<Button['action'], 'submit'>): void;
}

/** The content of a dialog: a heading `#title` that can be focused, and all below it. */
export function renderScreen(screen: Screen, texts: Texts, hands: Hands): HTMLElement {
  const hasForm = screen.buttons.some(({ action }) => action === 'submit');
  const body = [
    screen.stages.length > 0 && renderStages(screen.stages, texts),
    resultIcon(screen),
    element('h1', { id: 'title', tabindex: -1, class: 'title' }, screen.title),
    screen.intro !== undefined && element('p', { id: 'intro', class: 'intro' }, screen.intro),
    screen.notice !== undefined && element('p', { class: 'notice', ...testId('noticeChanged') }, screen.notice),
    screen.list.length > 0 && element('ul', { class: 'list', ...testId('mendList') }, ...screen.list.map((item) => element('li', {}, item))),
    screen.name === 'preparing' && element('div', { class: 'dots', 'aria-hidden': 'true' }, element('i'), element('i'), element('i')),
    hasForm ? renderForm(screen, texts, hands) : renderEnd(screen, hands),
  ];
  return element('div', { class: `screen screen-${screen.name}`, ...screenId(screen) }, ...body);
}

function screenId({ name }: Screen): ReturnType<typeof testId> {
  switch (name) {
    case 'preparing':
      return testId('flowPreparing');
    case 'approved':
    case 'denied':
    case 'mend':
    case 'failure':
      return testId('result', { name });
    default:
      return testId('step', { name });
  }
}

function renderStages(stages: readonly Stage[], texts: Texts): HTMLElement {
  const items = stages.map(({ name, label, at }) =>
    element('li', { class: `stage stage-${at}`, 'aria-current': at === 'current' && 'step', ...testId('stage', { name }) },
      element('span', { class: 'stage-bar', 'aria-hidden': 'true' }),
      element('span', {}, label),
      at === 'done' && element('span', { class: 'unseen' }, ` (${texts.text('stage.done')})`)));
  return element('ol', { class: 'stages', 'aria-label': texts.text('stage.list'), ...testId('stages') }, ...items);
}

const resultIcons: Readonly<Partial<Record<Screen['name'], string>>> = {
  approved: 'M5 12.5l4.5 4.5L19 7.5',
  denied: 'M12 6.5v7M12 17v.5',
  mend: 'M12 6.5v7M12 17v.5',
  failure: 'M12 6.5v7M12 17v.5',
};

function resultIcon({ name }: Screen): HTMLElement | false {
  const path = resultIcons[name];
  return path !== undefined && element('div', { class: `result-icon result-icon-${name}` }, icon(path, 'icon'));
}

function renderForm(screen: Screen, texts: Texts, hands: Hands): HTMLElement {
  const form = element('form', {
    novalidate: true, class: 'form', 'aria-labelledby': 'title', 'aria-describedby': screen.intro !== undefined && 'intro', ...testId('form'),
  },
    renderComparison(screen, texts),
    renderPlan(screen),
    renderOrder(screen, texts),
    renderTerms(screen, texts),
    ...screen.inputs.map(renderInput),
    renderChoices(screen),
    screen.small !== undefined && element('p', { class: 'small' }, screen.small),
    renderButtons(screen.buttons, hands));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    hands.submit(form);
  });
  return form;
}

function renderEnd(screen: Screen, hands: Hands): HTMLElement {
  return element('div', { class: 'form' },
    renderButtons(screen.buttons, hands),
    screen.small !== undefined && element('p', { class: 'small', ...testId('reference') }, screen.small));
}

function renderButtons(buttons: readonly Button[], hands: Hands): HTMLElement {
  return element('div', { class: 'buttons' }, ...buttons.map(({ action, label }, i) => {
    const made = element('button', { type: action === 'submit' ? 'submit' : 'button', class: i === 0 ? 'primary' : 'secondary', ...testId('button', { action }) },
      element('span', { class: 'button-label' }, label));
    if (action !== 'submit') {
      made.addEventListener('click', () => hands.press(action));
    }
    return made;
  }));
}
