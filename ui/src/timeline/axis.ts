// The arithmetic of an axis: a window of whole numbers (nanoseconds, moments or positions) over a width in pixels.
// Pure: it knows no store, no event and no canvas. The window is exact; only distances inside it become floats.

import { clampBig, floatFromBig } from '../base/exact';
import { civilFromNanos, clockText, dateText, fractionText, monthText, nanosFromCivil } from '../base/instant';
import { countText } from '../base/format';

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
  /** With the date or the year that a tick before it says for both; absent where nobody does. */
  whole?: string;
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

/** How far the clocks of a zone are ahead of UTC. */
export interface Zone {
  /** Seconds, at an instant. */
  offsetAt(nanos: bigint): bigint;
}

export const UTC: Zone = { offsetAt: () => 0n };

/**
 * Ticks of the time axis at calendar borders of a zone. Where its clocks were put back, times that came twice say their
 * offset. The first tick and every change of day carry the whole date.
 * `length` over `most` says how far they stand apart: as where the whole width was this span, if nothing else is said.
 */
export function timeTicks(
  span: Span,
  width: number,
  gap: number,
  { length, most }: TickPitch = { length: lengthOf(span), most: Math.max(1, Math.floor(width / gap)) },
  zone: Zone = UTC,
): Tick[] {
  const clock = clockOf(span, zone);
  const ticks = civilTicks(clock.civil, length, most).flatMap(({ civil, text, whole }) => {
    const instants = clock.instantsOf(civil).filter((instant) => instant >= span.from && instant < span.to);
    return instants.map((instant) => {
      const offset = instants.length > 1 ? ` ${offsetText(zone.offsetAt(instant))}` : '';
      return { x: xFromValue(span, width, instant), text: text + offset, whole: whole + offset };
    });
  });
  return ticks.toSorted((a, b) => a.x - b.x);
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

/** What is on a clock of a zone, in nanoseconds as if it were UTC. */
interface CivilTick {
  civil: bigint;
  text: string;
  whole: string;
}

/** The calendar borders of a stretch of civil time. */
function civilTicks(span: Span, length: bigint, most: number): CivilTick[] {
  const fixed = FIXED_STEPS.find((step) => length / step <= BigInt(most));
  if (fixed !== undefined && fixed < DAY) return clockTicks(span, fixed);
  const days = [1, 2, 7].find((n) => length / (DAY * BigInt(n)) <= BigInt(most));
  if (days !== undefined) return dayTicks(span, BigInt(days));
  const months = [1, 2, 3, 6].find((n) => length / (MONTH * BigInt(n)) <= BigInt(most));
  if (months !== undefined) return monthTicks(span, months);
  const years = [1n, 2n, 5n, 10n, 20n, 50n, 100n].find((n) => length / (YEAR * n) <= BigInt(most)) ?? 200n;
  return yearTicks(span, years);
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

function clockTicks(span: Span, step: bigint): CivilTick[] {
  const ticks: CivilTick[] = [];
  let day = '';
  for (let civil = ceiledTo(span.from, step); civil < span.to; civil += step) {
    const t = civilFromNanos(civil);
    const date = dateText(t);
    const clock = step < 60n * SECOND ? clockText(t) + fractionText(t.nanos) : clockText(t).slice(0, 5);
    const whole = `${date} ${clock}`;
    ticks.push({ civil, text: date === day ? clock : whole, whole });
    day = date;
  }
  return ticks;
}

function dayTicks(span: Span, days: bigint): CivilTick[] {
  const step = DAY * days;
  const ticks: CivilTick[] = [];
  let year: bigint | null = null;
  for (let civil = ceiledTo(span.from, step); civil < span.to; civil += step) {
    const t = civilFromNanos(civil);
    const text = `${t.day} ${monthText(t.month)}`;
    const whole = `${text} ${t.year}`;
    ticks.push({ civil, text: t.year === year ? text : whole, whole });
    year = t.year;
  }
  return ticks;
}

function monthTicks(span: Span, months: number): CivilTick[] {
  const start = civilFromNanos(span.from);
  const ticks: CivilTick[] = [];
  let year = start.year;
  let month = start.month - ((start.month - 1) % months);
  let shownYear: bigint | null = null;
  for (;;) {
    const civil = nanosFromCivil(year, month, 1);
    if (civil >= span.to) return ticks;
    if (civil >= span.from) {
      const whole = `${monthText(month)} ${year}`;
      ticks.push({ civil, text: year === shownYear ? monthText(month) : whole, whole });
      shownYear = year;
    }
    month += months;
    if (month > 12) {
      month = 1;
      year += 1n;
    }
  }
}

function yearTicks(span: Span, step: bigint): CivilTick[] {
  const first = civilFromNanos(span.from).year;
  const ticks: CivilTick[] = [];
  for (let year = first - (first % step); ; year += step) {
    const civil = nanosFromCivil(year, 1, 1);
    if (civil >= span.to) return ticks;
    if (civil >= span.from) ticks.push({ civil, text: `${year}`, whole: `${year}` });
  }
}

/** The first multiple of `step` that is no less. */
function ceiledTo(value: bigint, step: bigint): bigint {
  const over = ((value % step) + step) % step;
  return over === 0n ? value : value + step - over;
}
