// Zooming on an axis that counts. Its windows begin with a whole event or position: rounded step by step, what is zoomed at
// would wander off by up to one of them with each, which are many pixels where one is looked at closely. So what is held
// is kept exactly, however many steps there are. Pure.

import { bigFromFloat, clampBig, floatFromBig } from '../base/exact';
import { lengthOf, sameSpan, type Span } from './axis';
import type { Projection } from './projection';

interface Held {
  x: number;
  /** The value at `x`, and how much of it lies left of there. */
  value: bigint;
  part: number;
  /** Pixels of one value, before the window was rounded. */
  scale: number;
  /** What is shown of it. */
  window: Span;
}

/** So far off may be drawn what is known to a column, and what rounding has moved. */
const [COLUMN_PIXELS, ROUNDED_VALUES] = [1.5, 2];

export class Hold {
  #held: Held | null = null;

  /** The window scaled by `factor` (under 1 zooms in) around the pixel `x`, inside `bounds`, not under `shortest`. */
  zoomed(view: Projection, window: Span, x: number, factor: number, bounds: Span, shortest: bigint): Span {
    const { width } = view;
    const held = this.#heldAt(view, window, Math.min(width, Math.max(0, x)));
    const [least, most] = [width / floatFromBig(lengthOf(bounds)), width / floatFromBig(shortest)];
    const scale = Math.max(least, Math.min(Math.max(most, held.scale), held.scale / factor));
    const length = clampBig(bigFromFloat(Math.round(width / scale)), 1n, lengthOf(bounds));
    const left = (held.x / width) * floatFromBig(length);
    const from = held.value + bigFromFloat(Math.round(held.part - left));
    const start = clampBig(from, bounds.from, bounds.to - length);
    this.#held = { ...held, scale, window: { from: start, to: start + length } };
    return this.#held.window;
  }

  /** What is drawn at a pixel is zoomed at once more: where it is to stay, though rounding has moved it meanwhile. */
  again(view: Projection, window: Span, x: number): number {
    const held = this.#held;
    if (!held || !sameSpan(held.window, window)) return x;
    if (Math.abs(held.x - x) > Math.max(COLUMN_PIXELS, ROUNDED_VALUES * held.scale)) return x;
    // Where it is drawn is known better the closer one looks.
    this.#held = { ...placeAt(view, x), x: held.x, scale: held.scale, window };
    return held.x;
  }

  #heldAt(view: Projection, window: Span, x: number): Held {
    const held = this.#held;
    if (held && held.x === x && sameSpan(held.window, window)) return held;
    return { ...placeAt(view, x), x, scale: view.scale, window };
  }
}

function placeAt(view: Projection, x: number): Pick<Held, 'value' | 'part'> {
  const value = view.valueAt(x);
  return { value, part: (x - view.xOf(value)) / view.scale };
}
