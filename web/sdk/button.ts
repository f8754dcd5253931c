import type { Options } from './arguments';

/** Pay with Klarna, continue with Klarna. */
const texts: Record<string, [pay: string, next: string]> = {
  cs: ['Zaplatit přes Klarna', 'Pokračovat přes Klarna'],
  da: ['Betal med Klarna', 'Fortsæt med Klarna'],
  de: ['Mit Klarna bezahlen', 'Weiter mit Klarna'],
  el: ['Πληρωμή με Klarna', 'Συνέχεια με Klarna'],
  en: ['Pay with Klarna', 'Continue with Klarna'],
  es: ['Pagar con Klarna', 'Continuar con Klarna'],
  fi: ['Maksa: Klarna', 'Jatka: Klarna'],
  fr: ['Payer avec Klarna', 'Continuer avec Klarna'],
  hu: ['Fizetés: Klarna', 'Folytatás: Klarna'],
  it: ['Paga con Klarna', 'Continua con Klarna'],
  nb: ['Betal med Klarna', 'Fortsett med Klarna'],
  nl: ['Betaal met Klarna', 'Ga verder met Klarna'],
  pl: ['Zapłać z Klarna', 'Kontynuuj z Klarna'],
  pt: ['Pagar com Klarna', 'Continuar com Klarna'],
  ro: ['Plătește cu Klarna', 'Continuă cu Klarna'],
  sv: ['Betala med Klarna', 'Fortsätt med Klarna'],
};

const themes = ['default', 'light', 'dark', 'outlined'];
const shapes = ['default', 'rect', 'pill'];

// The rules are for our buttons only; the shop's own rules may still change them.
const rules = `
#klarna-express-checkout{box-sizing:border-box;display:inline-flex;align-items:center;justify-content:center;width:100%;min-width:180px;
max-width:600px;min-height:44px;padding:10px 20px;border:1px solid transparent;border-radius:8px;font:600 16px/1.25 system-ui,sans-serif;
background:#0b051d;color:#fff;cursor:pointer}
#klarna-express-checkout.kec-shape-rect{border-radius:0}
#klarna-express-checkout.kec-shape-pill{border-radius:999px}
#klarna-express-checkout.kec-theme-light{background:#ffa8cd;color:#0b051d}
#klarna-express-checkout.kec-theme-outlined{background:#fff;color:#0b051d;border-color:#0b051d}
#klarna-express-checkout:hover{filter:brightness(1.15)}
#klarna-express-checkout.kec-theme-light:hover,#klarna-express-checkout.kec-theme-outlined:hover{filter:brightness(.95)}
#klarna-express-checkout:focus-visible{outline:3px solid #2c62f0;outline-offset:2px}
#klarna-express-checkout:disabled{opacity:.5;cursor:default}`;

let sheet: CSSStyleSheet | undefined;

/** The button of Express checkout. An unknown theme or shape is the default. */
export function makeButton(options: Options, language: string): HTMLButtonElement {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(rules);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.id = 'klarna-express-checkout';
  button.className = `kec-theme-${one(options['theme'], themes)} kec-shape-${one(options['shape'], shapes)}`;
  const [locale, text] = wording(options['locale'], language, options['label'] === 'continue');
  button.lang = locale;
  button.textContent = text;
  button.setAttribute('aria-label', text);
  return button;
}

const one = (value: unknown, known: readonly string[]): string => known.find((other) => other === value) ?? 'default';

function wording(locale: unknown, language: string, next: boolean): [locale: string, text: string] {
  for (const candidate of [locale, language, navigator.language]) {
    const code = String(candidate ?? '').slice(0, 2).toLowerCase().replace(/^n[no]$/, 'nb');
    const found = texts[code];
    if (found) return [code, found[next ? 1 : 0]];
  }
  return ['en-GB', next ? 'Continue with Klarna' : 'Pay with Klarna'];
}
