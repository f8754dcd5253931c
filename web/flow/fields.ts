// How each detail is asked for: its label and what browser and keyboard are told
// about it. Pure.

import type { Field } from '../channel/shapes';
import { known, type Texts } from '../language/catalog';

/** Attributes of an input. */
export interface InputManner {
  type: 'text' | 'email' | 'tel';
  autocomplete: string;
  inputmode: 'text' | 'email' | 'tel' | 'numeric';
  capitals: 'none' | 'words' | 'sentences' | 'characters';
}

/** The label of a detail by its path ("billing_address.city"). */
export function labelOf(path: string, texts: Texts): string {
  const name = path.slice(path.lastIndexOf('.') + 1);
  const key = `field.${name}`;
  return known(key) ? texts.text(key) : texts.text('field.other');
}

// The names that HTML has for these details.
const autofill: Readonly<Record<string, string>> = {
  given_name: 'given-name',
  family_name: 'family-name',
  title: 'honorific-prefix',
  organization_name: 'organization',
  email: 'email',
  street_address: 'address-line1',
  street_address2: 'address-line2',
  postal_code: 'postal-code',
  city: 'address-level2',
  region: 'address-level1',
  phone: 'tel',
  country: 'country',
};

/** How the input of a detail behaves. */
export function mannerOf({ path, type }: Field): InputManner {
  const [group = '', name = ''] = path.split('.');
  const found = autofill[name];
  const section = group === 'shipping_address' ? 'shipping ' : group === 'billing_address' ? 'billing ' : '';
  const autocomplete = found ? section + found : 'off';
  switch (type) {
    case 'email':
      return { type: 'email', autocomplete, inputmode: 'email', capitals: 'none' };
    case 'tel':
      return { type: 'tel', autocomplete, inputmode: 'tel', capitals: 'none' };
    case 'national_id':
      return { type: 'text', autocomplete: 'off', inputmode: 'text', capitals: 'characters' };
    default:
      return { type: 'text', autocomplete, inputmode: 'text', capitals: name === 'postal_code' ? 'characters' : 'words' };
  }
}
