// An error in words: its heading, and why, which does not say the heading once more. Pure.

import type { AppErrorWire, ErrorCode } from '../backend/bindings';
import { S } from '../strings';

/** Codes that say that a store can no more be read as it was, whoever met it. */
const OF_STORE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['unreachable', 'corrupt']);

/** Whether it failed because the store is not as it was: then whoever watches the store tells the same. */
export function isOfStore(error: AppErrorWire | null): boolean {
  return error !== null && OF_STORE.has(error.code);
}

/** A message of the engine often begins with what its code means, and a colon; the heading says that, and more closely. */
export function errorWords({ code, message }: AppErrorWire): { title: string; why: string } {
  for (const [opening, title] of Object.entries(S.error.openings)) {
    if (message.startsWith(`${opening}: `)) return { title, why: sentence(message.slice(opening.length + 2)) };
  }
  // What was to be written, and was not, is a heading by itself.
  const [, what, reason] = /^(the [^:]+ is not written): (.+)$/s.exec(message) ?? [];
  if (what && reason) return { title: sentence(what), why: sentence(reason) };
  return { title: S.error.titles[code], why: sentence(message) };
}

/** Its first letter as a sentence begins, and without the full stop that follows each. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/\.$/, '');
}
