// The colours and the radius that a merchant set in the session's options, as
// custom properties. Pure but for `wear`.

import type { Scheme } from '../channel/messages';
import type { Look } from '../channel/shapes';

export interface Wear {
  /** Custom properties by name. */
  properties: Readonly<Record<string, string>>;
  /** The ground that goes with the merchant's text colour; none when it has none. */
  scheme?: Scheme;
}

const colours: Readonly<Record<string, readonly string[]>> = {
  color_border: ['--line', '--line-strong'],
  color_border_selected: ['--selected'],
  color_details: ['--details'],
  color_text: ['--text', '--text-soft'],
};

/** What of the options is a hex colour or a length; all else is passed over. */
export function wearOf(options: Look): Wear {
  const properties: Record<string, string> = {};
  for (const [option, names] of Object.entries(colours)) {
    const value = options[option]?.trim() ?? '';
    if (/^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value)) {
      names.forEach((name) => (properties[name] = value));
    }
  }
  const [, size, unit = 'px'] = /^(\d{1,3}(?:\.\d{1,3})?)(px|em|rem|%)?$/.exec(options['radius_border']?.trim() ?? '') ?? [];
  if (size !== undefined) {
    properties['--radius'] = properties['--radius-control'] = size + unit;
  }
  const text = properties['--text'];
  return text === undefined ? { properties } : { properties, scheme: luminance(text) < 0.4 ? 'light' : 'dark' };
}

/** The relative luminance of a hex colour, 0 to 1. */
function luminance(hex: string): number {
  const long = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, '$&$&') : hex;
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(long.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

let worn: string[] = [];

/**
 * Puts the options on the document, in place of those before. ground is the
 * scheme of the page around, where it is known.
 */
export function wear(options: Look, ground?: Scheme): void {
  const { properties, scheme = ground } = wearOf(options);
  const root = document.documentElement;
  worn.forEach((name) => root.style.removeProperty(name));
  worn = Object.keys(properties);
  worn.forEach((name) => root.style.setProperty(name, properties[name] ?? ''));
  if (scheme) {
    root.dataset['scheme'] = scheme;
  } else {
    delete root.dataset['scheme'];
  }
}
