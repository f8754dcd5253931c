import { callID } from './callid';

const key = 'kvitto.device';

/** What the server takes; anything else in the storage is not ours. */
const form = /^[A-Za-z0-9-]{1,64}$/;

/**
 * The id of this device: random, made once and kept in the storage of the shop's
 * page, so that the shop's rules know who comes again. Undefined where the page
 * has no storage: then nobody is known again, and nothing else changes.
 */
export function deviceID(): string | undefined {
  try {
    const kept = localStorage.getItem(key);
    if (kept && form.test(kept)) return kept;
    const made = callID();
    localStorage.setItem(key, made);
    return made;
  } catch {
    return undefined; // blocked, full, or a page that may not have any
  }
}
