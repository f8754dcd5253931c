import { announce } from './announce';

const pace = 2000; // milliseconds between two looks
const rowsMax = 200; // kept in the list

/**
 * Puts new rows on top of the list. It stands still while somebody points at
 * the list, has the focus in it or has paused it, so that nothing moves away
 * under a pointer or a reader; what comes meanwhile is counted.
 */
export function followList(): void {
  for (const place of document.querySelectorAll<HTMLElement>('[data-live]')) {
    place.hidden = false;
    void follow(new Tail(place));
  }
}

async function follow(tail: Tail): Promise<void> {
  for (;;) {
    await new Promise((next) => setTimeout(next, pace));
    if (document.visibilityState === 'visible') {
      await tail.look();
    }
  }
}

class Tail {
  readonly #place: HTMLElement;
  readonly #address: string;
  readonly #rows = document.querySelector<HTMLElement>('[data-rows]');
  readonly #toggle: HTMLButtonElement | null;
  #paused = false;
  #pointed = false;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#address = place.dataset['live'] ?? '';
    this.#toggle = place.querySelector('[data-live-toggle]');
    this.#toggle?.addEventListener('click', () => {
      this.#paused = !this.#paused;
      this.#toggle?.setAttribute('aria-pressed', String(!this.#paused));
      if (this.#toggle !== null) {
        this.#toggle.textContent = this.#paused ? 'Go on' : 'Pause';
      }
      void this.look();
    });
    this.#rows?.addEventListener('pointerenter', () => { this.#pointed = true; });
    this.#rows?.addEventListener('pointerleave', () => { this.#pointed = false; });
  }

  get #still(): boolean {
    return this.#paused || this.#pointed || this.#rows?.contains(document.activeElement) === true;
  }

  async look(): Promise<void> {
    let text = '';
    try {
      const answer = await fetch(this.#address, { headers: { Accept: 'text/html' } });
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      text = await answer.text();
    } catch {
      this.#say('No answer from the server', true);
      return;
    }
    const found = new DOMParser().parseFromString(`<table><tbody>${text}</tbody></table>`, 'text/html').querySelectorAll<HTMLTableRowElement>('tr[data-id]');
    if (this.#rows === null) {
      if (found.length > 0 && this.#place.hasAttribute('data-live-reload')) {
        location.reload();
      }
      return;
    }
    const known = new Set([...this.#rows.querySelectorAll<HTMLElement>('tr')].map((row) => row.dataset['id']));
    const fresh = [...found].filter((row) => !known.has(row.dataset['id']));
    if (this.#still) {
      this.#say(fresh.length > 0 ? `Paused, ${fresh.length} new` : 'Paused', true);
      return;
    }
    this.#say('Live', false);
    if (fresh.length === 0) {
      return;
    }
    for (const row of fresh) {
      row.classList.add('new');
    }
    this.#rows.prepend(...fresh);
    for (const row of [...this.#rows.children].slice(rowsMax)) {
      row.remove();
    }
    announce(`${fresh.length} new`);
  }

  #say(text: string, paused: boolean): void {
    this.#place.classList.toggle('paused', paused);
    const state = this.#place.querySelector('[data-live-state]');
    if (state !== null) {
      state.textContent = text;
    }
  }
}
