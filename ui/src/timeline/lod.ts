// Level of detail: which window of density to fetch for what is visible, and how columns and moments answer to each
// other. Pure.

import type { DensityFrame } from '../backend/frames';
import { bigFromFloat, floatFromBig } from '../base/exact';
import type { Span } from './axis';
import type { Projection } from './projection';

export interface Fetch extends Span {
  columns: number;
  /** Width of a column on the axis; a power of two, so that columns keep their borders while the window moves. */
  bucket: bigint;
}

/** The engine answers at most this many columns. */
export const MOST_COLUMNS = 16_384;

/** In passing, a column may be so many times as wide or as narrow as it will be. */
const ROUGH = 4n;

/** What to fetch for a window: one range for each stretch between folds. */
export interface Plan {
  bucket: bigint;
  /** The values that are covered; folds are empty. */
  reach: Span;
  fetches: Fetch[];
}

/** One fetched range. */
export interface Piece {
  fetch: Fetch;
  frame: DensityFrame;
  /** Events before each column border, of the whole axis. */
  running: Float64Array;
}

/**
 * Three window widths at the largest power of two that is no wider than a pixel, so that panning by a window needs no
 * new fetch. Columns start at multiples of the bucket. `folds`: what is known to be empty.
 */
export function planFor(view: Projection, whole: Span, folds: readonly Span[]): Plan {
  const reach = {
    from: greatest(whole.from, view.valueAt(-view.width)),
    to: least(whole.to, view.valueAt(2 * view.width) + 1n),
  };
  const stretches = without(reach, folds);
  let bucket = bucketOf(view);
  for (;;) {
    const fetches = stretches.reduce<Fetch[]>((all, stretch) => joined(all, aligned(stretch, bucket)), []);
    if (fetches.reduce((sum, fetch) => sum + fetch.columns, 0) <= MOST_COLUMNS) return { bucket, reach, fetches };
    bucket *= 2n;
  }
}

/** Whether what was fetched still serves: the same bucket, and the visible window inside it. */
export function serves(plan: Plan, view: Projection, window: Span, whole: Span): boolean {
  return bucketOf(view) === plan.bucket && reaches(plan, window, whole);
}

/** Whether what was fetched is good enough to be looked at in passing: columns up to a few pixels wide, none missing. */
export function resembles(plan: Plan, view: Projection, window: Span, whole: Span): boolean {
  const bucket = bucketOf(view);
  return plan.bucket <= bucket * ROUGH && bucket <= plan.bucket * ROUGH && reaches(plan, window, whole);
}

function reaches(plan: Plan, window: Span, whole: Span): boolean {
  return plan.reach.from <= greatest(window.from, whole.from) && plan.reach.to >= least(window.to, whole.to);
}

function bucketOf(view: Projection): bigint {
  return powerOfTwoAtMost(bigFromFloat(1 / view.scale));
}

function without(reach: Span, folds: readonly Span[]): Span[] {
  const stretches: Span[] = [];
  let { from } = reach;
  for (const fold of folds) {
    if (fold.to <= from || fold.from >= reach.to) continue;
    if (fold.from > from) stretches.push({ from, to: fold.from });
    from = fold.to;
  }
  if (from < reach.to) stretches.push({ from, to: reach.to });
  return stretches;
}

function aligned({ from, to }: Span, bucket: bigint): Fetch {
  const first = from - mod(from, bucket);
  const over = mod(to, bucket);
  const end = over === 0n ? to : to + bucket - over;
  return { from: first, to: end, bucket, columns: floatFromBig((end - first) / bucket) };
}

/** Two stretches may meet in the bucket that a short fold lies in. */
function joined(fetches: Fetch[], next: Fetch): Fetch[] {
  const last = fetches.at(-1);
  if (!last || last.to < next.from) return [...fetches, next];
  const { bucket } = next;
  return [...fetches.slice(0, -1), aligned({ from: last.from, to: next.to }, bucket)];
}

/** Events before each column border: `columns + 1` numbers, from the counts of a block and the events before it. */
export function runningCounts(counts: Uint32Array, columns: number, slots: number, before: number): Float64Array {
  const running = new Float64Array(columns + 1);
  running[0] = before;
  for (let column = 0; column < columns; column += 1) {
    let sum = 0;
    for (let slot = 0; slot < slots; slot += 1) sum += counts[column * slots + slot] ?? 0;
    running[column + 1] = (running[column] ?? 0) + sum;
  }
  return running;
}

/** How many events lie at or before a column: the moment that pointing there means. */
export function momentOfColumn(running: Float64Array, column: number): number {
  const last = running.length - 1;
  return running[Math.min(last, Math.max(0, column + 1))] ?? 0;
}

/** The column that holds the event which made `moment`; -1 before the block, `columns` after it. */
export function columnOfMoment(running: Float64Array, moment: number): number {
  const last = running.length - 1;
  if (moment <= (running[0] ?? 0)) return -1;
  if (moment > (running[last] ?? 0)) return last;
  let low = 0;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((running[middle + 1] ?? 0) >= moment) high = middle;
    else low = middle + 1;
  }
  return low;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function greatest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** At least 1. */
export function powerOfTwoAtMost(value: bigint): bigint {
  let power = 1n;
  while (power * 2n <= value) power *= 2n;
  return power;
}

function mod(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor;
}

/** The events of each series in a column. */
export function countsOf({ counts, series }: DensityFrame, column: number): Map<string, number> {
  return new Map(series.map((name, at) => [name, counts[column * series.length + at] ?? 0]));
}
