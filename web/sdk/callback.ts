import type { Callback } from './arguments';
import { reportError } from './errors';

/** Calls back; what the shop's code throws is reported, not ours to stop for. */
export function answer(callback: Callback | undefined, result: object): void {
  try {
    callback?.(result);
  } catch (error) {
    reportError(error);
  }
}
