import { expect, it } from 'vitest';
import { bigFromFloat, floatFromBig } from '../base/exact';
import { randomFrom } from '../base/random.test-kit';
import { columnOfMoment, fetchFor, MOST_COLUMNS, momentOfColumn, runningCounts, serves } from './lod';

it('fetches buckets that are powers of two, start at multiples, and cover the window', () => {
  const random = randomFrom(8);
  for (let i = 0; i < 500; i += 1) {
    const from = bigFromFloat((random() - 0.1) * 1e18);
    const visible = { from, to: from + 2000n + bigFromFloat(10 ** (4 + random() * 13)) };
    const bounds = { from: visible.from - 10n ** 15n, to: visible.to + 10n ** 15n };
    const fetch = fetchFor(visible, 1400, bounds);
    expect(fetch.bucket & (fetch.bucket - 1n)).toBe(0n);
    expect(fetch.from % fetch.bucket).toBe(0n);
    expect(fetch.bucket * BigInt(fetch.columns)).toBe(fetch.to - fetch.from);
    expect(fetch.from).toBeLessThanOrEqual(visible.from);
    expect(fetch.to).toBeGreaterThanOrEqual(visible.to);
    expect(floatFromBig(visible.to - visible.from) / floatFromBig(fetch.bucket)).toBeGreaterThanOrEqual(1400);
    expect(fetch.columns).toBeLessThan(3 * 2 * 1400 + 4);
    expect(serves(fetch, visible, 1400, bounds)).toBe(true);
  }
});

it('asks for no more columns than the engine answers, on the widest screen', () => {
  const bounds = { from: 0n, to: 10n ** 17n };
  for (const width of [960, 2560, 3840, 7680]) {
    const visible = { from: 5n * 10n ** 16n, to: 5n * 10n ** 16n + 10n ** 15n - 1n };
    const fetch = fetchFor(visible, width, bounds);
    expect(fetch.columns).toBeLessThanOrEqual(MOST_COLUMNS);
    expect(serves(fetch, visible, width, bounds)).toBe(true);
  }
});

it('serves while the window moves inside what was fetched, and not beyond', () => {
  const bounds = { from: 0n, to: 1_000_000n };
  const fetch = fetchFor({ from: 400_000n, to: 410_000n }, 1000, bounds);
  expect(serves(fetch, { from: 405_000n, to: 415_000n }, 1000, bounds)).toBe(true);
  expect(serves(fetch, { from: 425_000n, to: 435_000n }, 1000, bounds)).toBe(false);
  expect(serves(fetch, { from: 404_000n, to: 406_000n }, 1000, bounds)).toBe(false);
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
