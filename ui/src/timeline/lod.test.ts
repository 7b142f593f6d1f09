import { expect, it } from 'vitest';
import { bigFromFloat, floatFromBig } from '../base/exact';
import { randomFrom } from '../base/random.test-kit';
import type { Span } from './axis';
import { columnOfMoment, MOST_COLUMNS, momentOfColumn, planFor, runningCounts, serves } from './lod';
import { Projection } from './projection';

it('fetches buckets that are powers of two, start at multiples, and cover the window', () => {
  const random = randomFrom(8);
  for (let i = 0; i < 500; i += 1) {
    const from = bigFromFloat((random() - 0.1) * 1e18);
    const visible = { from, to: from + 2000n + bigFromFloat(10 ** (4 + random() * 13)) };
    const whole = { from: visible.from - 10n ** 15n, to: visible.to + 10n ** 15n };
    const view = Projection.of(visible, 1400);
    const plan = planFor(view, whole, []);
    expect(plan.bucket & (plan.bucket - 1n)).toBe(0n);
    expect(plan.fetches).toHaveLength(1);
    for (const fetch of plan.fetches) {
      expect(fetch.from % fetch.bucket).toBe(0n);
      expect(fetch.bucket * BigInt(fetch.columns)).toBe(fetch.to - fetch.from);
      expect(fetch.from).toBeLessThanOrEqual(visible.from);
      expect(fetch.to).toBeGreaterThanOrEqual(visible.to);
      expect(fetch.columns).toBeLessThan(3 * 2 * 1400 + 4);
    }
    expect(floatFromBig(visible.to - visible.from) / floatFromBig(plan.bucket)).toBeGreaterThanOrEqual(1399);
    expect(serves(plan, view, visible, whole)).toBe(true);
  }
});

it('asks for no more columns than the engine answers, on the widest screen', () => {
  const whole = { from: 0n, to: 10n ** 17n };
  for (const width of [960, 2560, 3840, 7680]) {
    const visible = { from: 5n * 10n ** 16n, to: 5n * 10n ** 16n + 10n ** 15n - 1n };
    const { fetches } = planFor(Projection.of(visible, width), whole, []);
    expect(fetches.reduce((sum, fetch) => sum + fetch.columns, 0)).toBeLessThanOrEqual(MOST_COLUMNS);
  }
});

it('serves while the window moves inside what was fetched, and not beyond', () => {
  const whole = { from: 0n, to: 1_000_000n };
  const plan = planFor(Projection.of({ from: 400_000n, to: 410_000n }, 1000), whole, []);
  const isServed = (window: Span) => serves(plan, Projection.of(window, 1000), window, whole);
  expect(isServed({ from: 405_000n, to: 415_000n })).toBe(true);
  expect(isServed({ from: 425_000n, to: 435_000n })).toBe(false);
  expect(isServed({ from: 404_000n, to: 406_000n })).toBe(false);
});

it('leaves out what is folded, and nothing else', () => {
  const random = randomFrom(12);
  for (let i = 0; i < 300; i += 1) {
    const whole = { from: 0n, to: 1_000_000n + bigFromFloat(random() * 1e12) };
    const third = whole.to / 3n;
    const folds = [
      { from: third / 2n, to: third, gap: 0n },
      { from: third + third / 8n, to: 2n * third, gap: 0n },
    ];
    const view = Projection.of({ from: whole.to / 10n, to: whole.to - whole.to / 10n }, 900, folds);
    const { fetches, reach } = planFor(view, whole, folds);
    let last = reach.from;
    for (const fetch of fetches) {
      const between = { from: last, to: fetch.from };
      const isFolded = folds.some((fold) => fold.from <= between.from && fold.to >= between.to);
      expect(between.to <= between.from || isFolded).toBe(true);
      last = fetch.to;
    }
    expect(last).toBeGreaterThanOrEqual(reach.to);
  }
});

it('finds the column of every moment, and the moment of every column is its last event', () => {
  const random = randomFrom(9);
  const columns = 200;
  const counts = Uint32Array.from({ length: columns * 3 }, () => (random() < 0.5 ? 0 : Math.floor(random() * 4)));
  const running = runningCounts(counts, columns, 3, 40);
  const last = running[columns] ?? 0;
  for (let moment = 41; moment <= last; moment += 1) {
    const column = columnOfMoment(running, moment);
    expect(running[column] ?? 0).toBeLessThan(moment);
    expect(momentOfColumn(running, column)).toBeGreaterThanOrEqual(moment);
  }
  expect(columnOfMoment(running, 40)).toBe(-1);
  expect(columnOfMoment(running, last + 1)).toBe(columns);
});
