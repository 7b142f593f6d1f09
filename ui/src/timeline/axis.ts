// The arithmetic of an axis: a window of whole numbers (nanoseconds, moments or positions) over a width in pixels.
// Pure: it knows no store, no event and no canvas. The window is exact; only distances inside it become floats.

import { clampBig, floatFromBig, floorDiv } from '../base/exact';
import { countText } from '../base/format';
import { civilFromNanos, nanosFromCivil } from '../base/instant';
import type { TimeFormat } from '../base/zone.svelte';
import { saidText, type Grain, type Said } from './said';

/** Inclusive-exclusive. */
export interface Span {
  from: bigint;
  to: bigint;
}

/** An empty stretch that is folded. It leaves a little of the gap on each side. */
export interface Fold extends Span {
  /** The time between the two events at its ends. */
  gap: bigint;
}

export interface Tick {
  /** Pixels from the left edge. */
  x: number;
  text: string;
  /** The border of the calendar that it stands at; absent where the axis is no time. */
  said?: Said;
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

/**
 * Ticks of an axis of whole numbers: 1, 2 or 5 times a power of ten, about `gap` pixels apart. None stands outside of
 * `bounds`, where there is nothing. `ahead`: how far the numbers that people know are ahead of the axis.
 */
export function countTicks(span: Span, width: number, gap: number, bounds: Span = span, ahead = 0n): Tick[] {
  const step = countStep(lengthOf(span), Math.max(1, Math.floor(width / gap)));
  const ticks: Tick[] = [];
  const from = span.from > bounds.from ? span.from : bounds.from;
  const to = span.to < bounds.to ? span.to : bounds.to;
  for (let known = ceiledTo(from + ahead, step); known < to + ahead; known += step) {
    ticks.push({ x: xFromValue(span, width, known - ahead), text: countText(known) });
  }
  return ticks;
}

/** How times are written in a zone. */
export interface Zone {
  /** Seconds that its clocks are ahead of UTC, at an instant. */
  offsetAt(nanos: bigint): bigint;
  /** The form of dates. */
  format: TimeFormat;
}

export const UTC: Zone = { offsetAt: () => 0n, format: 'iso' };

/**
 * Ticks of the time axis at calendar borders of a zone. Where its clocks were put back, times that came twice say their
 * offset. The first tick carries the whole date, each other one what is not that of the one before it.
 * `length` over `most` says how far they stand apart: as where the whole width was this span, if nothing else is said.
 */
export function timeTicks(
  span: Span,
  width: number,
  gap: number,
  { length, most }: TickPitch = { length: lengthOf(span), most: Math.max(1, Math.floor(width / gap)) },
  zone: Zone = UTC,
): Tick[] {
  let before: Said | null = null;
  return bordersOf(span, stepFor(length, most), zone).map(({ instant, said }) => {
    const text = saidText(said, before, zone.format);
    before = said;
    return { x: xFromValue(span, width, instant), text, said };
  });
}

/** An instant at a border of the calendar. */
export interface Border {
  instant: bigint;
  said: Said;
}

/** The borders in `reach` of the coarsest unit that has one there, in order. Not empty, unless `reach` is. */
export function coarsestBorders(reach: Span, zone: Zone): Border[] {
  for (const step of COARSE_TO_FINE) {
    const borders = bordersOf(reach, step, zone);
    if (borders.length > 0) return borders;
  }
  return [];
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

/** From border to border of a calendar. */
interface Step {
  grain: Grain;
  /** So many years, months, days; of a clock nanoseconds. */
  by: bigint;
}

/** The coarsest steps first: a border of one is what people look for, a finer one only where there is none. */
const COARSE_TO_FINE: readonly Step[] = [
  ...[1000n, 100n, 10n, 1n].map((by) => ({ grain: 'year' as const, by })),
  { grain: 'month', by: 1n },
  { grain: 'day', by: 1n },
  ...FIXED_STEPS.filter((step) => step < DAY)
    .toReversed()
    .map(clockStep),
];

function clockStep(by: bigint): Step {
  return { grain: by < 60n * SECOND ? 'seconds' : 'clock', by };
}

/** The finest step of which so long a stretch has no more than so many. */
function stepFor(length: bigint, most: number): Step {
  const fits = (unit: bigint) => length / unit <= BigInt(most);
  const fixed = FIXED_STEPS.find(fits);
  if (fixed !== undefined && fixed < DAY) return clockStep(fixed);
  const days = [1n, 2n, 7n].find((n) => fits(DAY * n));
  if (days !== undefined) return { grain: 'day', by: days };
  const months = [1n, 2n, 3n, 6n].find((n) => fits(MONTH * n));
  if (months !== undefined) return { grain: 'month', by: months };
  return { grain: 'year', by: [1n, 2n, 5n, 10n, 20n, 50n, 100n].find((n) => fits(YEAR * n)) ?? 200n };
}

/** The calendar borders of a stretch of time, in order. */
function bordersOf(span: Span, { grain, by }: Step, zone: Zone): Border[] {
  const clock = clockOf(span, zone);
  const borders = civilBorders(clock.civil, grain, by).flatMap((civil) => {
    const instants = clock.instantsOf(civil).filter((instant) => instant >= span.from && instant < span.to);
    return instants.map((instant) => {
      const offset = instants.length > 1 ? ` ${offsetText(zone.offsetAt(instant))}` : '';
      return { instant, said: { civil: civilFromNanos(civil), grain, offset } };
    });
  });
  return borders.toSorted((a, b) => (a.instant < b.instant ? -1 : 1));
}

/** What is on a clock at the borders of a stretch of civil time, in nanoseconds as if it were UTC. */
function civilBorders(span: Span, grain: Grain, by: bigint): bigint[] {
  if (grain === 'year' || grain === 'month') return monthBorders(span, grain === 'year' ? by * 12n : by);
  const step = grain === 'day' ? by * DAY : by;
  // Weeks begin on Mondays; the calendar of days was counted from a Thursday on.
  const ahead = grain === 'day' && by === 7n ? 3n * DAY : 0n;
  const borders: bigint[] = [];
  for (let at = ceiledTo(span.from + ahead, step) - ahead; at < span.to; at += step) borders.push(at);
  return borders;
}

function monthBorders({ from, to }: Span, by: bigint): bigint[] {
  const start = civilFromNanos(from);
  const borders: bigint[] = [];
  for (let month = floorDiv(start.year * 12n + BigInt(start.month - 1), by) * by; ; month += by) {
    const year = floorDiv(month, 12n);
    const at = nanosFromCivil(year, floatFromBig(month - year * 12n) + 1, 1);
    if (at >= to) return borders;
    if (at >= from) borders.push(at);
  }
}

/** The civil time of a stretch in a zone, and the way back. */
function clockOf({ from, to }: Span, zone: Zone): { civil: Span; instantsOf: (civil: bigint) => bigint[] } {
  const [first, last] = [zone.offsetAt(from) * SECOND, zone.offsetAt(to) * SECOND];
  // In a short stretch clocks change once at most: where both ends have one offset, all of it does.
  if (first === last && to - from < 60n * DAY) {
    return { civil: { from: from + first, to: to + first }, instantsOf: (civil) => [civil - first] };
  }
  const most = 24n * 3600n * SECOND;
  const instantsOf = (civil: bigint) => {
    const offsets = new Set([civil - most, civil + most].map((near) => zone.offsetAt(near) * SECOND));
    const instants = [...offsets].map((offset) => civil - offset);
    const real = instants.filter((instant) => instant + zone.offsetAt(instant) * SECOND === civil);
    return real.toSorted((a, b) => (a < b ? -1 : 1));
  };
  // Where clocks were put back the stretch of civil time is shorter than that of time.
  const [low, high] = first < last ? [first, last] : [last, first];
  return { civil: { from: from + low, to: to + high }, instantsOf };
}

/** `+02:00`. */
function offsetText(seconds: bigint): string {
  const minutes = (seconds < 0n ? -seconds : seconds) / 60n;
  return `${seconds < 0n ? '-' : '+'}${`${minutes / 60n}`.padStart(2, '0')}:${`${minutes % 60n}`.padStart(2, '0')}`;
}

/** The first multiple of `step` that is no less. */
function ceiledTo(value: bigint, step: bigint): bigint {
  const over = ((value % step) + step) % step;
  return over === 0n ? value : value + step - over;
}
