import type { CallRequest, Result } from '../channel/shapes';
import { warn } from './developer';
import { ask, report, withSwitch } from './session';
import type { Token } from './token';
import { Widget, type WidgetOptions } from './widget';

/** A widget of the page with what belongs to it. */
export interface Shown {
  widget: Widget;
  /** counts the loads, so that a late answer does not replace a newer view */
  loads: number;
  session: string;
  revision: number;
}

export interface WidgetEvents {
  heightChanged(height: number, name: string): void;
  /** the shop took the widget out of its page */
  removed(name: string): void;
}

/** The widgets of a namespace, by their names. */
export class Widgets {
  readonly #shown = new Map<string, Shown>();

  constructor(private readonly events: WidgetEvents) {}

  /** The widget of a name, if there is one. */
  get(name: string): Shown | undefined {
    return this.#shown.get(name);
  }

  /** Puts a widget into its container, or finds it there. */
  place(options: Omit<WidgetOptions, 'removed' | 'heightChanged' | 'base' | 'country'>, token: Token): Shown {
    const { name } = options;
    const old = this.#shown.get(name);
    if (old?.widget.serves(options.container, token.base)) return old;
    if (old) this.#drop(name, old);
    const shown: Shown = {
      widget: new Widget({
        ...options,
        base: token.base,
        country: token.purchase_country,
        heightChanged: (height) => this.events.heightChanged(height, name),
        removed: () => {
          this.#drop(name, shown);
          this.events.removed(name);
        },
      }),
      loads: 0,
      session: '',
      revision: 0,
    };
    this.#shown.set(name, shown);
    return shown;
  }

  #drop(name: string, shown: Shown): void {
    shown.widget.close();
    if (this.#shown.get(name) === shown) this.#shown.delete(name);
  }

  /** Loads a widget and calls back when it shows the answer. */
  async load(name: string, token: Token, path: 'load' | 'review', request: CallRequest): Promise<Result> {
    const shown = this.#shown.get(name);
    if (!shown) return { show_form: false };
    const own = ++shown.loads;
    const reply = await ask(token, path, withSwitch(request));
    if (!reply?.result) return { show_form: false };
    if (reply.widget && own === shown.loads) {
      shown.session = token.session_id;
      shown.revision = reply.revision;
      shown.widget.show(reply.widget);
    }
    if (!reply.result.show_form) return reply.result;
    if (await shown.widget.drawn) return reply.result;
    this.#drop(name, shown); // the next load tries with a new frame
    warn('widget', `The widget's page ${token.base}/widget.html did not come; load calls back with show_form: false.`);
    report(token, 'failure', { call: path, message: 'the page of the widget did not come' });
    return { show_form: false };
  }
}
