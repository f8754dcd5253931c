// The dialog around the screens: header, the way out, focus and announcements.

import { element, icon } from '../design/element';
import { testId } from '../design/testids';
import type { Texts } from '../language/catalog';
import type { Header } from './screen';

const focusable = 'a[href], button:not([disabled]), input:not([disabled]), summary, [tabindex="0"]';

/** A modal dialog that fills the document. */
export class Dialog {
  private readonly status = element('p', { class: 'unseen', role: 'status', 'aria-live': 'polite', ...testId('flowStatus') });
  private readonly place = element('div', { class: 'place' });
  private readonly header = element('header', { class: 'header' });
  private readonly dialog = element('div', { class: 'dialog surface', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'title', ...testId('flow') },
    this.header, this.place, this.status);
  private readonly backdrop = element('div', { class: 'backdrop', hidden: true }, this.dialog);

  /** @param leave is called by the button, and by Escape */
  constructor(private readonly leave: () => void) {
    document.body.append(this.backdrop);
    document.addEventListener('keydown', (event) => this.key(event));
  }

  open(header: Header, texts: Texts): void {
    const close = element('button', { type: 'button', class: 'close', 'aria-label': texts.text('page.close'), ...testId('flowClose') }, icon('M6 6l12 12M18 6L6 18', 'icon'));
    close.addEventListener('click', () => this.leave());
    this.header.replaceChildren(
      element('div', { class: 'who' },
        element('span', { class: 'merchant', ...testId('flowMerchant') }, header.merchant),
        header.testdrive && element('span', { class: 'testdrive', title: texts.text('page.testdrive'), ...testId('flowTestdrive') }, 'TESTDRIVE')),
      element('span', { class: 'amount', hidden: header.amount === '', ...testId('flowAmount') },
        element('span', { class: 'unseen' }, `${texts.text('page.total')} `), header.amount),
      close);
    this.backdrop.hidden = false;
  }

  close(): void {
    this.backdrop.hidden = true;
    this.place.replaceChildren();
    this.say('');
  }

  /**
   * Shows a screen. The focus goes to its first wrong input, else to the first
   * one to be typed in, whose form says the heading, else to the heading.
   */
  show(screen: HTMLElement): void {
    this.place.replaceChildren(screen);
    this.place.scrollTop = 0;
    const typed = [...screen.querySelectorAll<HTMLInputElement>('input:not([type="radio"])')];
    const target = screen.querySelector<HTMLElement>('[aria-invalid="true"]') ?? typed.find((input) => input.value === '') ?? typed[0]
      ?? screen.querySelector<HTMLElement>('#title');
    target?.focus();
  }

  /** Says something to those who listen. */
  say(text: string): void {
    this.status.textContent = text;
  }

  /** While busy nothing can be sent; the focus stays where it is. */
  busy(busy: boolean): void {
    this.dialog.toggleAttribute('data-busy', busy);
    this.place.setAttribute('aria-busy', String(busy));
    for (const button of this.place.querySelectorAll('button')) {
      button.setAttribute('aria-disabled', String(busy));
    }
  }

  private key(event: KeyboardEvent): void {
    if (this.backdrop.hidden || event.isComposing) {
      return;
    }
    if (event.key === 'Escape') {
      event.preventDefault();
      this.leave();
    } else if (event.key === 'Tab') {
      this.keepFocus(event);
    }
  }

  private keepFocus(event: KeyboardEvent): void {
    const stops = [...this.dialog.querySelectorAll<HTMLElement>(focusable)].filter((stop) => stop.checkVisibility() && isStop(stop));
    const [first, last] = [stops[0], stops.at(-1)];
    const at = document.activeElement;
    if (event.shiftKey ? at === first || !this.dialog.contains(at) : at === last || !this.dialog.contains(at)) {
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    }
  }
}

/** Of a group of radio buttons only the chosen one is a stop for Tab. */
function isStop(stop: HTMLElement): boolean {
  if (!(stop instanceof HTMLInputElement) || stop.type !== 'radio' || stop.checked) {
    return true;
  }
  return !stop.form?.querySelector(`input[type="radio"][name="${CSS.escape(stop.name)}"]:checked`);
}
