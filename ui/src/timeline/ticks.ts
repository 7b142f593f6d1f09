// The ruler of an axis as it is shown: in each stretch between folds where its date is said, and ticks as dense as the
// width allows. Pure.

import type { Axis } from '../backend/bindings';
import { bigFromFloat } from '../base/exact';
import { civilFromNanos, type CivilTime } from '../base/instant';
import { coarsestBorders, countTicks, timeTicks, type Border, type Span, type Tick, type Zone } from './axis';
import type { Projection } from './projection';
import { saidText, type Grain, type Said } from './said';

/** Pixels between two ticks. */
const TIME_GAP = 104;
const COUNT_GAP = 83;
/** So many that a stretch has room for its day and year beside its fold. */
const DAY_GAP = 112;
/** So far from the begin of a stretch a border of the calendar may stand that says its date. */
const NEAR_PIXELS = 12;
const SECOND = 1_000_000_000n;

/** What the axis itself adds to what is visible. */
export interface AxisOfTicks {
  axis: Axis;
  /** First and last value that there is, exclusive. */
  bounds: Span;
  /** How far the numbers that people know are ahead of the axis. */
  ahead: bigint;
  zone: Zone;
}

/** A stretch between folds: its date is said at its begin, before all other words. */
export interface Stretch {
  /** Pixels from the left edge. */
  from: number;
  to: number;
  /** Where its date may be said: one of them is, the first that has room. */
  starts: Tick[];
  /** What all of it lies in: said where no tick has room. `null`: it lies in two years. */
  inside: Said | null;
}

export interface Ruler {
  ticks: Tick[];
  /** Where something is folded; else empty. */
  stretches: Stretch[];
  /** `2026`, `2025–2026`: where stretches have no room to say their year; else empty. */
  years: string;
  /** What is known before the first word is read; `null`: nothing. */
  known: Said | null;
  zone: Zone;
}

export function rulerOf(view: Projection, window: Span, { axis, bounds, ahead, zone }: AxisOfTicks): Ruler {
  const bare = { stretches: [], years: '', known: null, zone };
  if (axis !== 'time') return { ...bare, ticks: countTicks(window, view.width, COUNT_GAP, bounds, ahead) };
  const length = bigFromFloat(view.width / view.scale);
  const pitch = { length, most: Math.max(1, Math.floor(view.width / TIME_GAP)) };
  const open = stretchesOf(view, window);
  const inEach = open.map((stretch) => {
    const left = view.xOf(stretch.from);
    const ticks = timeTicks(stretch, view.xOf(stretch.to) - left, TIME_GAP, pitch, zone);
    return ticks.map((tick) => ({ ...tick, x: view.xOf(stretch.from) + tick.x }));
  });
  const ticks = inEach.flat();
  if (open.length < 2) return { ...bare, ticks };
  const stretches = open.map((stretch, at): Stretch => {
    const isCut = at === 0 && stretch.from > bounds.from;
    const begin = stretch.from > bounds.from ? stretch.from : bounds.from;
    const starts = coarsestBorders(near(begin, stretch, view), zone).slice(0, 1);
    const others = [...(inEach[at] ?? []).slice(0, 1), ...coarsestBorders(stretch, zone).slice(0, 1).map(tickOf)];
    const start = starts.map(tickOf);
    return {
      from: view.xOf(stretch.from),
      to: view.xOf(stretch.to),
      // What goes on beyond the left edge has no begin there.
      starts: isCut ? [...others, ...start] : [...start, ...others],
      inside: insideOf(stretch, zone),
    };
  });
  const isTight = view.width / open.length < DAY_GAP;
  const first = civilAt(window.from, zone);
  const known: Said = { civil: first, grain: 'year', offset: '' };
  return isTight ? { ticks, stretches, years: yearsText(window, zone), known, zone } : { ...bare, ticks, stretches };

  function tickOf({ instant, said }: Border): Tick {
    return { x: view.xOf(instant), text: saidText(said, null, zone.format), said };
  }
}

/** Some pixels to both sides, in the stretch. */
function near(value: bigint, stretch: Span, view: Projection): Span {
  const reach = bigFromFloat(NEAR_PIXELS / view.scale);
  const [from, to] = [value - reach, value + reach + 1n];
  return { from: from > stretch.from ? from : stretch.from, to: to < stretch.to ? to : stretch.to };
}

/** The day, month or year that all of a stretch lies in. */
function insideOf({ from, to }: Span, zone: Zone): Said | null {
  const [first, last] = [civilAt(from, zone), civilAt(to - 1n, zone)];
  if (first.year !== last.year) return null;
  const isOneMonth = first.month === last.month;
  const grain: Grain = !isOneMonth ? 'year' : first.day === last.day ? 'day' : 'month';
  return { civil: first, grain, offset: '' };
}

function civilAt(at: bigint, zone: Zone): CivilTime {
  return civilFromNanos(at + zone.offsetAt(at) * SECOND);
}

function yearsText(window: Span, zone: Zone): string {
  const [first, last] = [civilAt(window.from, zone).year, civilAt(window.to - 1n, zone).year];
  return first === last ? `${first}` : `${first}–${last}`;
}

function stretchesOf({ folds }: Projection, window: Span): Span[] {
  const stretches: Span[] = [];
  let { from } = window;
  for (const fold of folds) {
    if (fold.to <= from || fold.from >= window.to) continue;
    if (fold.from > from) stretches.push({ from, to: fold.from });
    from = fold.to;
  }
  return from < window.to ? [...stretches, { from, to: window.to }] : stretches;
}
