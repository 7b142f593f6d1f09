// The arithmetic of an axis: a window of whole numbers (nanoseconds, moments or positions) over a width in pixels.
// Pure: it knows no store, no event and no canvas. The window is exact; only distances inside it become floats.

import { clampBig, floatFromBig } from '../base/exact';
import {
  civilFromNanos,
  clockText,
  dateText,
  fractionText,
  monthText,
  nanosFromCivil,
  type CivilTime,
} from '../base/instant';
import { countText } from '../base/format';

/** Inclusive-exclusive. */
export interface Span {
  from: bigint;
  to: bigint;
}

/** An empty stretch that is folded. It leaves a little of the gap on each side. */
export interface Fold extends Span {
  /** How long nothing happened, known to a column of the whole axis. */
  gap: bigint;
}

export interface Tick {
  /** Pixels from the left edge. */
  x: number;
  text: string;
}

/** So many ticks at most in such a length of the axis. */
export interface TickPitch {
  length: bigint;
  most: number;
}

export function lengthOf(span: Span): bigint {
  return span.to - span.from;
}

/** The pixel of a value, as a float; outside the window it is outside `0..width`. */
export function xFromValue(span: Span, width: number, value: bigint): number {
  return (floatFromBig(value - span.from) / floatFromBig(lengthOf(span))) * width;
}

/** Moves a window inside bounds without changing its length, unless it is longer than they are. */
export function inside(span: Span, bounds: Span): Span {
  const length = lengthOf(span);
  if (length >= lengthOf(bounds)) return bounds;
  const from = clampBig(span.from, bounds.from, bounds.to - length);
  return { from, to: from + length };
}

/** Two values in order, as a window of at least `shortest`. */
export function spanOf(one: bigint, other: bigint, bounds: Span, shortest: bigint): Span {
  const from = one < other ? one : other;
  const to = one < other ? other : one;
  const missing = shortest - (to - from);
  return missing > 0n ? inside({ from: from - missing / 2n, to: to + missing - missing / 2n }, bounds) : { from, to };
}

export function sameSpan(a: Span, b: Span): boolean {
  return a.from === b.from && a.to === b.to;
}

/** Ticks of an axis of whole numbers: 1, 2 or 5 times a power of ten, about `gap` pixels apart. */
export function countTicks(span: Span, width: number, gap: number): Tick[] {
  const step = countStep(lengthOf(span), Math.max(1, Math.floor(width / gap)));
  const ticks: Tick[] = [];
  let value = span.from - (span.from % step);
  if (value < span.from) value += step;
  for (; value < span.to; value += step) ticks.push({ x: xFromValue(span, width, value), text: countText(value) });
  return ticks;
}

/**
 * Ticks of the time axis, in UTC, at calendar borders. The first tick and every change of day carry the whole date.
 * `length` over `most` says how far they stand apart: as where the whole width was this span, if nothing else is said.
 */
export function timeTicks(
  span: Span,
  width: number,
  gap: number,
  { length, most }: TickPitch = { length: lengthOf(span), most: Math.max(1, Math.floor(width / gap)) },
): Tick[] {
  const fixed = FIXED_STEPS.find((step) => length / step <= BigInt(most));
  if (fixed !== undefined && fixed < DAY) return clockTicks(span, width, fixed);
  const days = [1, 2, 7].find((n) => length / (DAY * BigInt(n)) <= BigInt(most));
  if (days !== undefined) return dayTicks(span, width, BigInt(days));
  const months = [1, 2, 3, 6].find((n) => length / (MONTH * BigInt(n)) <= BigInt(most));
  if (months !== undefined) return monthTicks(span, width, months);
  const years = [1n, 2n, 5n, 10n, 20n, 50n, 100n].find((n) => length / (YEAR * n) <= BigInt(most)) ?? 200n;
  return yearTicks(span, width, years);
}

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;
const MONTH = 30n * DAY;
const YEAR = 365n * DAY;
const FIXED_STEPS = [
  ...[1n, 10n, 100n, 1_000n, 10_000n, 100_000n, 1_000_000n].flatMap((unit) => [unit, 2n * unit, 5n * unit]),
  ...[10n, 20n, 50n, 100n, 200n, 500n].map((millis) => millis * 1_000_000n),
  ...[1n, 2n, 5n, 10n, 15n, 30n, 60n, 120n, 300n, 600n, 900n, 1800n].map((seconds) => seconds * SECOND),
  ...[1n, 2n, 3n, 6n, 12n].map((hours) => hours * 3600n * SECOND),
  DAY,
];

function countStep(length: bigint, most: number): bigint {
  for (let unit = 1n; ; unit *= 10n) {
    for (const step of [unit, 2n * unit, 5n * unit]) if (length / step <= BigInt(most)) return step;
  }
}

function clockTicks(span: Span, width: number, step: bigint): Tick[] {
  const ticks: Tick[] = [];
  let value = span.from - (((span.from % step) + step) % step);
  if (value < span.from) value += step;
  let day = '';
  for (; value < span.to; value += step) {
    const t = civilFromNanos(value);
    const date = dateText(t);
    const clock = step < 60n * SECOND ? clockText(t) + fractionText(t.nanos) : clockText(t).slice(0, 5);
    ticks.push({ x: xFromValue(span, width, value), text: date === day ? clock : `${date} ${clock}` });
    day = date;
  }
  return ticks;
}

function dayTicks(span: Span, width: number, days: bigint): Tick[] {
  const step = DAY * days;
  const ticks: Tick[] = [];
  let value = span.from - (((span.from % step) + step) % step);
  if (value < span.from) value += step;
  let year: bigint | null = null;
  for (; value < span.to; value += step) {
    const t = civilFromNanos(value);
    const text = `${t.day} ${monthText(t.month)}`;
    ticks.push({ x: xFromValue(span, width, value), text: t.year === year ? text : `${text} ${t.year}` });
    year = t.year;
  }
  return ticks;
}

function monthTicks(span: Span, width: number, months: number): Tick[] {
  const start = civilFromNanos(span.from);
  const ticks: Tick[] = [];
  let year = start.year;
  let month = start.month - ((start.month - 1) % months);
  let shownYear: bigint | null = null;
  for (;;) {
    const value = nanosFromCivil(year, month, 1);
    if (value >= span.to) return ticks;
    if (value >= span.from) {
      ticks.push({ x: xFromValue(span, width, value), text: monthLabel({ year, month }, shownYear) });
      shownYear = year;
    }
    month += months;
    if (month > 12) {
      month = 1;
      year += 1n;
    }
  }
}

function yearTicks(span: Span, width: number, step: bigint): Tick[] {
  const first = civilFromNanos(span.from).year;
  const ticks: Tick[] = [];
  for (let year = first - (first % step); ; year += step) {
    const value = nanosFromCivil(year, 1, 1);
    if (value >= span.to) return ticks;
    if (value >= span.from) ticks.push({ x: xFromValue(span, width, value), text: `${year}` });
  }
}

function monthLabel(t: Pick<CivilTime, 'year' | 'month'>, shownYear: bigint | null): string {
  return t.year === shownYear ? monthText(t.month) : `${monthText(t.month)} ${t.year}`;
}
