// Which stretches of an axis are empty for so long that they are worth folding, and how long nothing happened there. It
// looks at the density of the whole axis, so that folds are the same at every zoom.

import type { DensityFrame } from '../backend/frames';
import { floatFromBig } from '../base/exact';
import { lengthOf, type Fold, type Span } from './axis';
import { MOST_COLUMNS, powerOfTwoAtMost, runningCounts, type Fetch, type Piece } from './lod';

/** A stretch counts when it is at least this part of the whole. */
const LEAST_SHARE = 50n;
/** And so many times as long as what commonly lies between two events: where all are as far apart, none is a gap. */
const LONG_AGAINST_COMMON = 4n;
/** More of them would take the place of what happened. */
const MOST_FOLDS = 16;
/** On each side so much of a stretch stays, in this part of the whole, so that a small overshoot jumps nowhere. */
const REST_SHARE = 150n;
/** The events at both ends of a stretch are looked up to this part of the whole: no gap is told more closely. */
const FINEST_SHARE = 1n << 20n;

/** Asks for the density of a part of the axis. */
type Load = (fetch: Fetch) => Promise<DensityFrame>;

/**
 * The same folds with the time between the two events at their ends. What they were found by knows those to a column,
 * and columns are as wide as the window makes them; here the columns are the same whatever the window.
 */
export async function measured(folds: readonly Fold[], pieces: readonly Piece[], whole: Span, load: Load) {
  const columns = columnsOf(pieces);
  return await Promise.all(
    folds.map(async (fold): Promise<Fold> => {
      const last = columns.findLast(({ to }) => to <= fold.from);
      const first = columns.find(({ from }) => from >= fold.to);
      if (!last || !first) return fold;
      const [left, right] = await Promise.all([eventsIn(last, whole, load), eventsIn(first, whole, load)]);
      return left && right ? { ...fold, gap: right.first - left.last } : fold;
    }),
  );
}

/** The longest empty stretches between events, in order. Exact: not one event lies inside of them. */
export function foldsOf(pieces: readonly Piece[], whole: Span): Fold[] {
  const ofWhole = lengthOf(whole) / LEAST_SHARE;
  const ofCommon = commonGap(pieces) * LONG_AGAINST_COMMON;
  const least = ofWhole > ofCommon ? ofWhole : ofCommon;
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

/** The median time between two events in a row, to a column. 0: most of them share one with the next. */
function commonGap(pieces: readonly Piece[]): bigint {
  const columns = columnsOf(pieces);
  const starts = columns.slice(1).map(({ from }, at) => from - (columns[at]?.from ?? from));
  const events = pieces.reduce((sum, { running }) => sum + (running.at(-1) ?? 0) - (running[0] ?? 0), 0);
  const inColumns = events - columns.length;
  const middle = Math.floor((events - 2) / 2) - inColumns;
  return starts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))[middle] ?? 0n;
}

/** The columns that hold events, in order. */
function columnsOf(pieces: readonly Piece[]): Span[] {
  return pieces.flatMap(({ fetch, running }) =>
    Array.from({ length: fetch.columns }, (_, column) => column)
      .filter((column) => running[column + 1] !== running[column])
      .map((column) => {
        const from = fetch.from + fetch.bucket * BigInt(column);
        return { from, to: from + fetch.bucket };
      }),
  );
}

/** The first and the last event of a column; `null`: they are there no more. */
async function eventsIn(column: Span, whole: Span, load: Load): Promise<{ first: bigint; last: bigint } | null> {
  const length = lengthOf(column);
  let bucket = powerOfTwoAtMost(lengthOf(whole) / FINEST_SHARE);
  while (length / bucket > MOST_COLUMNS) bucket *= 2n;
  if (bucket > length) bucket = length;
  const fetch = { ...column, bucket, columns: floatFromBig(length / bucket) };
  const { counts, columns, series } = await load(fetch);
  const running = runningCounts(counts, columns, series.length, 0);
  const total = running[columns] ?? 0;
  if (total === 0) return null;
  const at = (edge: number): bigint => column.from + bucket * BigInt(edge);
  return { first: at(running.findIndex((events) => events > 0) - 1), last: at(running.indexOf(total) - 1) };
}
