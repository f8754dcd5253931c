// What a developer reads in the browser's console.

const prefix = '[Klarna.Payments by Kvitto]';
const told = new Set<string>();

/** Tells something that should be mended, once per cause. */
export function warn(cause: string, text: string, ...details: unknown[]): void {
  once(cause, () => console.warn(`${prefix} ${text}`, ...details));
}

/** Tells something good to know, once per cause. */
export function inform(cause: string, text: string): void {
  once(cause, () => console.info(`${prefix} ${text}`));
}

/** Tells what the server had to say about calls. */
export function informNotes(notes: readonly string[] | undefined): void {
  for (const note of notes ?? []) inform(note, note);
}

function once(cause: string, tell: () => void): void {
  if (told.has(cause)) return;
  told.add(cause);
  tell();
}
