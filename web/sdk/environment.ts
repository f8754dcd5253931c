// Where the script came from and what the page has set.

/** The page's switches (docs/sdk.md). */
declare global {
  interface Window {
    kvitto?: { interaction?: unknown };
    klarnaAsyncCallback?: unknown;
    Klarna?: Record<string, unknown>;
  }
}

// Known while the script runs for the first time only.
const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : '';

/** The host and port the script came from, '' when nothing tells. */
export const ownHost = script && new URL(script).host;

/** The server of the script: its address up to /lib/v1/api.js, '' when it came from elsewhere. */
export const ownBase = /^(.*)\/lib\/v1\/api\.js(?:[?#]|$)/.exec(script)?.[1] ?? '';

/** The page's own switch, read at each call. */
export function interaction(): string | undefined {
  const value = window.kvitto?.interaction;
  return typeof value === 'string' ? value : undefined;
}
