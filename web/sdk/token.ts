import { misuse } from './errors';

/** What the SDK reads of a client token. */
export interface Token {
  text: string;
  session_id: string;
  /** Where the server is, without a slash at the end. */
  base: string;
  purchase_country: string;
  language: string;
  session_type: string;
  scheme: boolean;
}

/**
 * Reads a client token without checking its signature: the server does.
 *
 * @throws InvalidClientTokenError when it is no JSON Web Token
 * @returns undefined when it names no session or no server we may talk to
 */
export function readToken(text: unknown, ownHost: string): Token | undefined {
  const claims = decode(text);
  const name = (key: string): string => (typeof claims[key] === 'string' ? claims[key] : '');
  const base = name('base_url').replace(/\/+$/, '');
  if (!name('session_id') || !trusted(base, ownHost)) return undefined;
  return {
    text: text as string,
    session_id: name('session_id'),
    base,
    purchase_country: name('purchase_country').toUpperCase(),
    language: name('language'),
    session_type: name('session_type').toLowerCase(),
    scheme: claims['scheme'] === true,
  };
}

function decode(text: unknown): Record<string, unknown> {
  if (typeof text !== 'string' || text === '') {
    throw misuse('InvalidClientTokenError', 'init needs client_token, a string from the answer that created the session.');
  }
  try {
    const parts = text.split('.');
    const binary = atob((parts[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'));
    const claims: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
    if (parts.length === 3 && typeof claims === 'object' && claims !== null) return claims as Record<string, unknown>;
  } catch {
    // told below
  }
  throw misuse('InvalidClientTokenError', 'client_token is not a JSON Web Token; pass it as the server answered it.');
}

/** Whether a server's address is one that a shop's customer may be sent to. */
function trusted(base: string, ownHost: string): boolean {
  if (!URL.canParse(base)) return false;
  const { protocol, hostname, host } = new URL(base);
  return (
    (protocol === 'https:' || protocol === 'http:') &&
    (host === ownHost ||
      hostname === 'localhost' ||
      hostname.endsWith('.localhost') ||
      hostname === '[::1]' ||
      /^127(\.\d+){3}$/.test(hostname) ||
      hostname.endsWith('.klarna.com'))
  );
}
