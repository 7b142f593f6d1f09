// The values of an axis on the screen: linear, but for long empty stretches, which are folded to a few pixels. Pure: it
// knows no store, no event and no canvas. Values stay whole numbers; only distances from the window's start are floats.

import { bigFromFloat, floatFromBig } from '../base/exact';
import { lengthOf, type Fold, type Span } from './axis';

/** Where a fold lies on the screen. */
export interface FoldMark {
  fold: Fold;
  /** Pixels from the left edge. */
  left: number;
  right: number;
}

/** At most so many pixels wide is a fold. It is narrower where there are many. */
export const FOLD_PIXELS = 40;
/** All folds together take at most this share of the width. */
const FOLD_SHARE = 0.25;

export class Projection {
  /** The value at the left edge. */
  readonly origin: bigint;
  readonly width: number;
  /** Pixels of one value where nothing is folded. */
  readonly scale: number;
  /** The stretches that are narrower than they would be. Where they would be narrow anyway they are not. In order. */
  readonly folds: readonly Fold[];
  readonly #candidates: readonly Fold[];
  readonly #foldWidth: number;

  private constructor(
    origin: bigint,
    width: number,
    scale: number,
    folds: readonly Fold[],
    candidates: readonly Fold[],
  ) {
    this.origin = origin;
    this.width = width;
    this.scale = scale;
    this.folds = folds;
    this.#candidates = candidates;
    this.#foldWidth = foldWidth(width, candidates);
  }

  /** A window over a width in pixels. `candidates`: empty stretches in order, that do not touch each other. */
  static of(window: Span, width: number, candidates: readonly Fold[] = []): Projection {
    const wide = foldWidth(width, candidates);
    const { from, to } = window;
    const folds = candidates.filter((fold) => overlap(fold, from, to) > 0n).toSorted(longestFirst);
    for (;;) {
      const covered = folds.reduce((sum, fold) => sum + overlap(fold, from, to), 0n);
      const share = folds.reduce((sum, fold) => sum + ratio(overlap(fold, from, to), lengthOf(fold)), 0);
      const open = lengthOf(window) - covered;
      // Where nothing but a fold is in the window there is nothing to fold it for.
      if (open <= 0n) return new Projection(from, width, width / floatFromBig(lengthOf(window)), [], candidates);
      const scale = (width - wide * share) / floatFromBig(open);
      const shortest = folds.at(-1);
      if (!shortest || isWide(shortest, scale, wide)) {
        const seen = candidates.filter((fold) => isWide(fold, scale, wide));
        return new Projection(from, width, scale, seen, candidates);
      }
      // What would be narrower than its fold is drawn at its length, which leaves the others more room.
      folds.pop();
    }
  }

  /** The pixel of a value; outside of the window it is outside of `0..width`. */
  xOf(value: bigint): number {
    const { origin } = this;
    const [low, high] = value < origin ? [value, origin] : [origin, value];
    let open = high - low;
    let x = 0;
    for (const fold of this.folds) {
      const covered = overlap(fold, low, high);
      if (covered === 0n) continue;
      open -= covered;
      x += ratio(covered, lengthOf(fold)) * this.#foldWidth;
    }
    x += floatFromBig(open) * this.scale;
    return value < origin ? -x : x;
  }

  /** The largest value whose pixel is at or left of `x` (floor, never nearest). */
  valueAt(x: number): bigint {
    // The guess is off by what a float cannot tell apart: straddle the answer, then halve.
    let low = this.#guess(x);
    let high = low + 1n;
    for (let step = 1n; this.xOf(low) > x; step *= 2n) [low, high] = [low - step, low];
    for (let step = 1n; this.xOf(high) <= x; step *= 2n) [low, high] = [high, high + step];
    while (high - low > 1n) {
      const middle = low + (high - low) / 2n;
      if (this.xOf(middle) <= x) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The folds that are seen, at least in part. */
  marks(): FoldMark[] {
    const marks = this.folds.map((fold) => ({ fold, left: this.xOf(fold.from), right: this.xOf(fold.to) }));
    return marks.filter(({ left, right }) => right > 0 && left < this.width);
  }

  /** The window scaled by `factor` (under 1 zooms in) around the pixel `x`, inside `bounds`, not under `shortest`. */
  zoomed(x: number, factor: number, bounds: Span, shortest: bigint): Span {
    const at = Math.min(this.width, Math.max(0, x));
    const most = this.width / floatFromBig(shortest);
    const scale = Math.min(Math.max(most, this.scale), this.scale / factor);
    return this.#rescaled(this.valueAt(at), scale).#windowAt(-at, bounds);
  }

  /** The window moved by pixels, stopping at the ends of `bounds`. */
  panned(pixels: number, bounds: Span): Span {
    return this.#windowAt(pixels, bounds);
  }

  /** The window at the same scale in which a value is at the pixel `x`. */
  placed(value: bigint, x: number, bounds: Span): Span {
    return this.#rescaled(value, this.scale).#windowAt(-x, bounds);
  }

  /** A window as wide as this one, from the pixel `x` on. */
  #windowAt(x: number, bounds: Span): Span {
    const from = this.valueAt(x);
    if (from < bounds.from) {
      const to = this.#rescaled(bounds.from, this.scale).valueAt(this.width);
      return { from: bounds.from, to: to < bounds.to ? to : bounds.to };
    }
    const to = this.valueAt(x + this.width);
    if (to <= bounds.to) return { from, to: to > from ? to : from + 1n };
    const before = this.#rescaled(bounds.to, this.scale).valueAt(-this.width);
    return { from: before > bounds.from ? before : bounds.from, to: bounds.to };
  }

  #rescaled(origin: bigint, scale: number): Projection {
    const wide = foldWidth(this.width, this.#candidates);
    const folds = this.#candidates.filter((fold) => isWide(fold, scale, wide));
    return new Projection(origin, this.width, scale, folds, this.#candidates);
  }

  /** About the value at a pixel: over the folds between it and the origin, one after the other. */
  #guess(x: number): bigint {
    const isLeft = x < 0;
    let rest = Math.abs(x);
    let at = this.origin;
    for (const fold of isLeft ? this.folds.toReversed() : this.folds) {
      const near = isLeft ? (fold.to < at ? fold.to : at) : fold.from > at ? fold.from : at;
      const far = isLeft ? fold.from : fold.to;
      if (isLeft ? far >= at : far <= at) continue;
      const open = floatFromBig(isLeft ? at - near : near - at) * this.scale;
      if (open >= rest) break;
      rest -= open;
      const length = isLeft ? near - far : far - near;
      const folded = ratio(length, lengthOf(fold)) * this.#foldWidth;
      if (folded >= rest) {
        const by = bigFromFloat(floatFromBig(length) * (rest / folded));
        return isLeft ? near - by : near + by;
      }
      rest -= folded;
      at = far;
    }
    const by = bigFromFloat(rest / this.scale);
    return isLeft ? at - by : at + by;
  }
}

function foldWidth(width: number, candidates: readonly Fold[]): number {
  return Math.min(FOLD_PIXELS, (width * FOLD_SHARE) / Math.max(1, candidates.length));
}

function isWide(fold: Span, scale: number, wide: number): boolean {
  return floatFromBig(lengthOf(fold)) * scale > wide;
}

/** How much of a fold lies between two values. */
function overlap(fold: Span, low: bigint, high: bigint): bigint {
  const from = fold.from > low ? fold.from : low;
  const to = fold.to < high ? fold.to : high;
  return to > from ? to - from : 0n;
}

function ratio(part: bigint, whole: bigint): number {
  return part === whole ? 1 : floatFromBig(part) / floatFromBig(whole);
}

function longestFirst(a: Span, b: Span): number {
  const difference = lengthOf(b) - lengthOf(a);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
