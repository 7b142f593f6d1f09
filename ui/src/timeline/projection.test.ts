import { describe, expect, it } from 'vitest';
import { bigFromFloat, floatFromBig } from '../base/exact';
import { randomFrom } from '../base/random.test-kit';
import { lengthOf, type Fold, type Span } from './axis';
import { FOLD_PIXELS, Projection } from './projection';

const WIDTH = 1400;

/** A whole axis with empty stretches in it, and a window somewhere in it. */
function scenes(count: number): { whole: Span; window: Span; folds: Fold[] }[] {
  const random = randomFrom(4711);
  return Array.from({ length: count }, () => {
    const from = bigFromFloat((random() - 0.2) * 2e18);
    const length = 100_000n + bigFromFloat(10 ** (5 + random() * 13));
    const whole = { from, to: from + length };
    const cuts = Array.from({ length: Math.floor(random() * 6) * 2 }, () => random()).sort((a, b) => a - b);
    const at = (share: number) => from + bigFromFloat(floatFromBig(length) * share);
    const folds: Fold[] = [];
    for (let k = 0; k + 1 < cuts.length; k += 2) {
      const fold = { from: at(cuts[k] ?? 0), to: at(cuts[k + 1] ?? 0), gap: 0n };
      const last = folds.at(-1);
      if (fold.to > fold.from && (!last || fold.from > last.to)) folds.push(fold);
    }
    const ends = [random(), random()].sort((a, b) => a - b);
    const window = { from: at(ends[0] ?? 0), to: at(ends[1] ?? 1) + 1n };
    return { whole, window, folds };
  });
}

describe('a folded axis', () => {
  it('floors: the value of a pixel is at or left of it, and the next one is right of it', () => {
    const random = randomFrom(5);
    for (const { window, folds } of scenes(400)) {
      const view = Projection.of(window, WIDTH, folds);
      for (let k = 0; k < 5; k += 1) {
        const x = (random() * 3 - 1) * WIDTH;
        const value = view.valueAt(x);
        expect(view.xOf(value)).toBeLessThanOrEqual(x);
        expect(view.xOf(value + 1n)).toBeGreaterThan(x);
      }
    }
  });

  it('goes from the left edge to the right one', () => {
    for (const { window, folds } of scenes(400)) {
      const view = Projection.of(window, WIDTH, folds);
      expect(view.xOf(window.from)).toBe(0);
      expect(view.xOf(window.to)).toBeCloseTo(WIDTH, 3);
    }
  });

  it('is monotone, and never wider than it would be unfolded', () => {
    for (const { window, folds } of scenes(100)) {
      const view = Projection.of(window, WIDTH, folds);
      let last = view.valueAt(-WIDTH);
      for (let x = -WIDTH; x < 2 * WIDTH; x += 13) {
        const value = view.valueAt(x);
        expect(value).toBeGreaterThanOrEqual(last);
        last = value;
      }
    }
  });

  it('comes back from a value to itself where values are at least a pixel apart', () => {
    const folds = [{ from: 40n, to: 10_000n, gap: 0n }];
    const view = Projection.of({ from: 0n, to: 10_200n }, WIDTH, folds);
    for (let value = -20n; value < 10_400n; value += value < 39n || value >= 10_000n ? 1n : 9_960n) {
      expect(view.valueAt(view.xOf(value) + 1e-6)).toBe(value);
    }
  });

  it('is linear without folds, and where a stretch would be narrow anyway', () => {
    const window = { from: 100n, to: 1_500n };
    for (const folds of [[], [{ from: 300n, to: 310n, gap: 0n }]]) {
      const view = Projection.of(window, WIDTH, folds);
      expect(view.folds).toEqual([]);
      for (let value = 100n; value < 1_500n; value += 7n)
        expect(view.xOf(value)).toBeCloseTo(floatFromBig(value - 100n), 6);
    }
  });

  it('gives a fold no more than its width, at every zoom', () => {
    const random = randomFrom(6);
    for (const { whole, folds } of scenes(60)) {
      let window = whole;
      for (let k = 0; k < 20; k += 1) {
        const view = Projection.of(window, WIDTH, folds);
        for (const { left, right } of view.marks()) expect(right - left).toBeLessThanOrEqual(FOLD_PIXELS + 1e-6);
        window = view.zoomed(random() * WIDTH, 0.7, whole, 1_000n);
      }
    }
  });
});

describe('zoom and pan', () => {
  it('keep the value under the pointer, within a pixel', () => {
    const random = randomFrom(7);
    for (const { whole, folds } of scenes(100)) {
      let window = whole;
      for (let k = 0; k < 12; k += 1) {
        const view = Projection.of(window, WIDTH, folds);
        const x = (0.1 + random() * 0.8) * WIDTH;
        const before = view.valueAt(x);
        window = view.zoomed(x, 0.8, whole, 1_000n);
        // A window that touches an end cannot grow beyond it.
        if (window.from === whole.from || window.to === whole.to) continue;
        expect(Math.abs(Projection.of(window, WIDTH, folds).xOf(before) - x)).toBeLessThan(1.5);
      }
    }
  });

  it('stay inside the bounds, at any sequence', () => {
    const random = randomFrom(8);
    for (const { whole, folds } of scenes(40)) {
      let window = whole;
      for (let k = 0; k < 60; k += 1) {
        const view = Projection.of(window, WIDTH, folds);
        window =
          random() < 0.5
            ? view.zoomed(random() * WIDTH, 0.5 + random(), whole, 1_000n)
            : view.panned((random() - 0.5) * 3000, whole);
        expect(window.from).toBeGreaterThanOrEqual(whole.from);
        expect(window.to).toBeLessThanOrEqual(whole.to);
        expect(lengthOf(window)).toBeGreaterThan(0n);
      }
    }
  });

  it('put a value where it is wanted', () => {
    for (const { whole, window, folds } of scenes(200)) {
      const value = window.from + lengthOf(window) / 2n;
      const there = Projection.of(window, WIDTH, folds).placed(value, 300, whole);
      if (there.from === whole.from || there.to === whole.to) continue;
      expect(Math.abs(Projection.of(there, WIDTH, folds).xOf(value) - 300)).toBeLessThan(2);
    }
  });
});
