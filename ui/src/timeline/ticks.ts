// Ticks of an axis as it is shown: in each stretch between folds, as dense as the width allows. Pure.

import type { Axis } from '../backend/bindings';
import { bigFromFloat } from '../base/exact';
import { countTicks, timeTicks, type Span, type Tick, type Zone } from './axis';
import type { Projection } from './projection';

/** Pixels between two ticks. */
const TIME_GAP = 104;
const COUNT_GAP = 83;

/** What the axis itself adds to what is visible. */
export interface AxisOfTicks {
  axis: Axis;
  /** First and last value that there is, exclusive. */
  bounds: Span;
  /** How far the numbers that people know are ahead of the axis. */
  ahead: bigint;
  zone: Zone;
}

export function ticksOf(view: Projection, window: Span, { axis, bounds, ahead, zone }: AxisOfTicks): Tick[] {
  if (axis !== 'time') return countTicks(window, view.width, COUNT_GAP, bounds, ahead);
  const length = bigFromFloat(view.width / view.scale);
  const pitch = { length, most: Math.max(1, Math.floor(view.width / TIME_GAP)) };
  return open(view, window).flatMap((stretch) => {
    const left = view.xOf(stretch.from);
    const ticks = timeTicks(stretch, view.xOf(stretch.to) - left, TIME_GAP, pitch, zone);
    return ticks.map(({ x, text }) => ({ x: x + left, text }));
  });
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
