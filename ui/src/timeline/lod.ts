// Level of detail: which window of density to fetch for what is visible, and how columns and moments answer to each
// other. Pure.

import { floatFromBig } from '../base/exact';
import { inside, lengthOf, type Span } from './axis';

export interface Fetch extends Span {
  columns: number;
  /** Width of a column on the axis; a power of two, so that columns keep their borders while the window moves. */
  bucket: bigint;
}

/** The engine answers at most this many columns. */
export const MOST_COLUMNS = 16_384;

/**
 * Three window widths at the largest power of two that is no wider than a pixel, so that panning by a window needs no
 * new fetch. Columns start at multiples of the bucket.
 */
export function fetchFor(visible: Span, width: number, bounds: Span): Fetch {
  const length = lengthOf(visible);
  const wanted = inside({ from: visible.from - length, to: visible.to + length }, bounds);
  let bucket = powerOfTwoAtMost(length / BigInt(Math.max(1, Math.ceil(width))));
  while (lengthOf(wanted) / bucket + 2n > BigInt(MOST_COLUMNS)) bucket *= 2n;
  const from = wanted.from - mod(wanted.from, bucket);
  const over = mod(wanted.to, bucket);
  const to = over === 0n ? wanted.to : wanted.to + bucket - over;
  return { from, to, bucket, columns: floatFromBig((to - from) / bucket) };
}

/** Whether what was fetched still serves: the same bucket, and the visible window inside it. */
export function serves(fetched: Fetch, visible: Span, width: number, bounds: Span): boolean {
  const wanted = fetchFor(visible, width, bounds);
  const from = visible.from > bounds.from ? visible.from : bounds.from;
  const to = visible.to < bounds.to ? visible.to : bounds.to;
  return wanted.bucket === fetched.bucket && fetched.from <= from && fetched.to >= to;
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

function powerOfTwoAtMost(value: bigint): bigint {
  let power = 1n;
  while (power * 2n <= value) power *= 2n;
  return power;
}

function mod(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor;
}
