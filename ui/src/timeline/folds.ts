// Which stretches of an axis are empty for so long that they are worth folding. Pure: it looks at the density of the
// whole axis, so that folds are the same at every zoom.

import { floatFromBig } from '../base/exact';
import { lengthOf, type Fold, type Span } from './axis';
import type { Piece } from './lod';

/** A stretch counts when it is at least this part of the whole. */
const LEAST_SHARE = 50n;
/** More of them would take the place of what happened. */
const MOST_FOLDS = 16;
/** On each side so much of a stretch stays, in this part of the whole, so that a small overshoot jumps nowhere. */
const REST_SHARE = 150n;

/** The longest empty stretches between events, in order. Exact: not one event lies inside of them. */
export function foldsOf(pieces: readonly Piece[], whole: Span): Fold[] {
  const least = lengthOf(whole) / LEAST_SHARE;
  const found: Span[] = [];
  let end: bigint | null = null;
  for (const { fetch, running } of pieces) {
    for (let column = 0; column < fetch.columns; column += 1) {
      if (running[column + 1] === running[column]) continue;
      const from = fetch.from + fetch.bucket * BigInt(column);
      if (end !== null && from - end >= least) found.push({ from: end, to: from });
      end = from + fetch.bucket;
    }
  }
  const rest = lengthOf(whole) / REST_SHARE;
  return found
    .toSorted((a, b) => floatFromBig(lengthOf(b) - lengthOf(a)))
    .slice(0, MOST_FOLDS)
    .map(({ from, to }) => {
      const quarter = (to - from) / 4n;
      const kept = quarter < rest ? quarter : rest;
      return { from: from + kept, to: to - kept, gap: to - from };
    })
    .filter((fold) => fold.to > fold.from)
    .toSorted((a, b) => floatFromBig(a.from - b.from));
}
