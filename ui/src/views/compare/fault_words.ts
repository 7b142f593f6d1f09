// How a row of a read model that is wrong is told of.

import type { DriftFault } from '../../backend/bindings';
import { countText } from '../../base/format';
import { DRIFT as T } from '../../strings/drift';

function eventOf({ eventType, position, version }: DriftFault): string {
  const at = version !== '' ? `v ${countText(version)}` : position !== '' ? `#${countText(position)}` : '';
  return `${at} ${eventType}`.trim();
}

// Two things, each under its own name: where a row went wrong, and what changed last where nobody can tell that.

export function sinceOf(fault: DriftFault): string {
  return fault.isLastChange ? T.nobodyCanTell : eventOf(fault);
}

export function lastChangeOf(fault: DriftFault): string {
  return fault.isLastChange ? eventOf(fault) : '';
}

/** Why, and where nobody can tell since when, that too. */
export function whyOf({ isLastChange, why }: DriftFault): string {
  return [why, isLastChange ? T.neverHeld : ''].filter(Boolean).join(' · ');
}

/** Whether a value stands as numbers do: also one that a row holds as text. */
export function isNumber(literal: string): boolean {
  return /^"?[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?"?$/.test(literal);
}
