// The ruler of an axis as it is shown: in each stretch between folds ticks, as dense as the width allows, and its day.
// Pure.

import type { Axis } from '../backend/bindings';
import { bigFromFloat } from '../base/exact';
import { civilFromNanos, clockText, monthText, type CivilTime } from '../base/instant';
import { countTicks, timeTicks, type Span, type Tick, type Zone } from './axis';
import type { Projection } from './projection';

/** Pixels between two ticks. */
const TIME_GAP = 104;
const COUNT_GAP = 83;
/** So many that a stretch has room for its day and year beside its fold. */
const DAY_GAP = 112;
const SECOND = 1_000_000_000n;
const FEW_MINUTES = 180n * SECOND;

/** What the axis itself adds to what is visible. */
export interface AxisOfTicks {
  axis: Axis;
  /** First and last value that there is, exclusive. */
  bounds: Span;
  /** How far the numbers that people know are ahead of the axis. */
  ahead: bigint;
  zone: Zone;
}

/** The day, or days, of a stretch between folds: said where it has no room for a tick. */
export interface Day {
  /** Pixels from the left edge. */
  from: number;
  to: number;
  /** With its year where that is not the one before. */
  text: string;
  /** With its year. */
  whole: string;
}

export interface Ruler {
  ticks: Tick[];
  days: Day[];
  /** `2026`, `2025–2026`: where no stretch has room to say its year; else empty. */
  years: string;
}

export function rulerOf(view: Projection, window: Span, { axis, bounds, ahead, zone }: AxisOfTicks): Ruler {
  if (axis !== 'time') return { ticks: countTicks(window, view.width, COUNT_GAP, bounds, ahead), days: [], years: '' };
  const length = bigFromFloat(view.width / view.scale);
  const pitch = { length, most: Math.max(1, Math.floor(view.width / TIME_GAP)) };
  const stretches = open(view, window);
  const ticks = stretches.flatMap((stretch) => {
    const left = view.xOf(stretch.from);
    const ticks = timeTicks(stretch, view.xOf(stretch.to) - left, TIME_GAP, pitch, zone);
    return ticks.map((tick) => ({ ...tick, x: tick.x + left }));
  });
  const civilAt = (at: bigint) => civilFromNanos(at + zone.offsetAt(at) * SECOND);
  let before: CivilTime | null = null;
  const days = stretches.map((stretch) => {
    const [first, last] = [civilAt(stretch.from), civilAt(stretch.to - 1n)];
    const [text, whole] = [daysText(first, last, before?.year ?? first.year), daysText(first, last, null)];
    // The same day once more would tell nothing: its middle, where the word stands, is what time then?
    const isAgain = before !== null && isSameDay(before, last);
    const clock = isAgain ? middleText(stretch, civilAt) : '';
    const words = isAgain ? { text: clock, whole: `${whole} ${clock}` } : { text, whole };
    before = last;
    return { from: view.xOf(stretch.from), to: view.xOf(stretch.to), ...words };
  });
  const isTight = days.length > 1 && view.width / days.length < DAY_GAP;
  return { ticks, days: days.length > 1 ? days : [], years: isTight ? yearsText(window, zone) : '' };
}

function isSameDay(a: CivilTime, b: CivilTime): boolean {
  return a.year === b.year && a.month === b.month && a.day === b.day;
}

/** `19:38`, with seconds where a stretch is of minutes only. */
function middleText({ from, to }: Span, civilAt: (at: bigint) => CivilTime): string {
  const clock = clockText(civilAt(from + (to - from) / 2n));
  return to - from < FEW_MINUTES ? clock : clock.slice(0, 5);
}

function yearsText(window: Span, zone: Zone): string {
  const [first, last] = [window.from, window.to - 1n].map((at) => civilFromNanos(at + zone.offsetAt(at) * SECOND).year);
  return first === last ? `${first}` : `${first}–${last}`;
}

/** `3 Aug`, `3–4 Aug`, `31 Dec–1 Jan 2027`: a year is said where it is not the one that is known. */
function daysText(first: CivilTime, last: CivilTime, year: bigint | null): string {
  const isOneMonth = first.year === last.year && first.month === last.month;
  const end = `${last.day} ${monthText(last.month)}${last.year === year ? '' : ` ${last.year}`}`;
  if (isOneMonth) return first.day === last.day ? end : `${first.day}–${end}`;
  return `${first.day} ${monthText(first.month)}–${end}`;
}

function open({ folds }: Projection, window: Span): Span[] {
  const stretches: Span[] = [];
  let { from } = window;
  for (const fold of folds) {
    if (fold.to <= from || fold.from >= window.to) continue;
    if (fold.from > from) stretches.push({ from, to: fold.from });
    from = fold.to;
  }
  return from < window.to ? [...stretches, { from, to: window.to }] : stretches;
}
