// The purchase flow: takes what happens, asks state.ts what it means, and does it.

import { browserNetwork, short, usual } from '../channel/exchange';
import { connectToPage } from '../channel/frame';
import type { FromFlow, Start, ToFlow } from '../channel/messages';
import type { Port } from '../channel/port';
import type { Answers } from '../channel/shapes';
import { wear } from '../design/look';
import { englishTexts, loadTexts, type Texts } from '../language/catalog';
import type { Reader } from '../language/plan';
import type { FormValues } from './answers';
import { send } from './call';
import { Dialog } from './dialog';
import { renderScreen, type Hands } from './render';
import { headerOf, screenOf } from './screen';
import { initial, next, type Effect, type Event, type State } from './state';

/** How long the good news stays. Milliseconds. */
const approvedStays = 2_500;

class Flow {
  private state: State = initial;
  private texts: Texts = englishTexts;
  private readonly dialog = new Dialog(() => this.take({ type: 'cancelled' }));
  private readonly hands: Hands = {
    submit: (form) => this.take({ type: 'submitted', values: valuesOf(form) }),
    press: (action) => {
      switch (action) {
        case 'back-identify':
          return this.take({ type: 'back', to: 'identify' });
        case 'back-method':
          return this.take({ type: 'back', to: 'method' });
        case 'retry':
          return this.take({ type: 'repeated' });
        case 'close':
          return this.take({ type: 'closed' });
      }
    },
  };

  constructor(private readonly page: Port<FromFlow, ToFlow>) {
    // Whoever closes the window on the last screen has the result already.
    window.addEventListener('pagehide', () => this.take({ type: 'closed' }));
  }

  async start(start: Start): Promise<void> {
    this.texts = await loadTexts(start.ask.language);
    document.documentElement.lang = this.texts.language;
    document.documentElement.toggleAttribute('data-popup', start.popup);
    document.title = this.texts.text('page.title');
    this.take({ type: 'started', start });
  }

  take(event: Event): void {
    const before = this.state;
    const { state, effects } = next(before, event);
    this.state = state;
    if (state.visit !== before.visit || state.phase !== before.phase) {
      this.draw();
    }
    if (state.busy !== before.busy || state.visit !== before.visit) {
      this.dialog.busy(state.busy);
      if (state.busy) {
        this.dialog.say(this.texts.text('page.busy'));
      }
    }
    effects.forEach((effect) => this.carryOut(effect));
  }

  private draw(): void {
    const { ask, phase } = this.state;
    if (phase === 'closed' || phase === 'waiting' || !ask) {
      this.dialog.close();
      return;
    }
    const reader: Reader = { texts: this.texts, locale: ask.locale, today: new Date() };
    const screen = screenOf(this.state, ask, reader);
    wear(ask.options);
    this.dialog.open(headerOf(ask, reader), this.texts);
    this.dialog.show(renderScreen(screen, this.texts, this.hands));
    this.dialog.say(screen.said);
  }

  private carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'busy':
        return this.page.send({ type: 'busy', busy: effect.busy });
      case 'finish':
        return this.page.send({ type: 'result', result: effect.result, notes: effect.notes });
      case 'close soon':
        setTimeout(() => {
          if (this.state.visit === effect.visit) {
            this.take({ type: 'closed' });
          }
        }, approvedStays);
        return;
      case 'call':
        void this.call(effect.serial, effect.answers);
    }
  }

  private async call(serial: number, answers: Answers): Promise<void> {
    const { start } = this.state;
    if (!start) {
      return;
    }
    const outcome = await send(start, answers, browserNetwork, answers.cancelled ? short : usual);
    if ('breakdown' in outcome) {
      this.take({ type: 'broken', serial, breakdown: outcome.breakdown });
      return;
    }
    const { ask, result, notes } = outcome.answer;
    if (result) {
      this.take({ type: 'decided', serial, result, notes: notes ?? [] });
    } else if (ask) {
      this.take({ type: 'asked', serial, ask });
    }
  }
}

function valuesOf(form: HTMLFormElement): FormValues {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string') {
      values[name] = value;
    }
  }
  return values;
}

const page = await connectToPage<FromFlow, ToFlow>();
const flow = new Flow(page);
let begun = Promise.resolve(); // a message waits for the texts of the one before
page.listen((message) => {
  begun = begun.then(() => (message.type === 'start' ? flow.start(message) : flow.take({ type: 'cancelled' })));
});
