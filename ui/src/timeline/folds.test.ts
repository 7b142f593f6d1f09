import { expect, it } from 'vitest';
import { floatFromBig } from '../base/exact';
import { randomFrom } from '../base/random.test-kit';
import { foldsOf } from './folds';
import type { Piece } from './lod';

function pieceOf(counts: readonly number[], bucket: bigint): Piece {
  const running = new Float64Array(counts.length + 1);
  counts.forEach((count, at) => (running[at + 1] = (running[at] ?? 0) + count));
  const fetch = { from: 0n, to: bucket * BigInt(counts.length), bucket, columns: counts.length };
  const frame = {
    columns: counts.length,
    from: '',
    to: '',
    series: ['a'],
    counts: Uint32Array.from(counts),
    flags: new Uint8Array(counts.length),
    problems: new Uint32Array(counts.length),
    paces: new Uint8Array(),
  };
  return { fetch, frame, running };
}

it('folds no event, and nothing before the first or behind the last', () => {
  const random = randomFrom(13);
  for (let i = 0; i < 200; i += 1) {
    let isQuiet = false;
    const counts = Array.from({ length: 1000 }, () => {
      if (random() < 0.02) isQuiet = !isQuiet;
      return isQuiet || random() < 0.3 ? 0 : 1;
    });
    const bucket = 1024n;
    const whole = { from: 0n, to: 1000n * bucket };
    const folds = foldsOf([pieceOf(counts, bucket)], whole);
    folds.forEach((fold, at) => {
      const [first, last] = [floatFromBig(fold.from / bucket), floatFromBig((fold.to - 1n) / bucket)];
      for (let column = first; column <= last; column += 1) expect(counts[column]).toBe(0);
      expect(counts.slice(0, first).some((count) => count > 0)).toBe(true);
      expect(counts.slice(last).some((count) => count > 0)).toBe(true);
      expect(fold.from).toBeGreaterThan(folds[at - 1]?.to ?? -1n);
    });
  }
});

it('keeps a little of a stretch on each side', () => {
  const counts = [1, ...Array.from({ length: 98 }, () => 0), 2];
  const [fold] = foldsOf([pieceOf(counts, 300n)], { from: 0n, to: 30_000n });
  expect(fold).toEqual({ from: 300n + 200n, to: 29_700n - 200n, gap: 29_400n });
});

it('folds nothing where events are about as far apart from each other', () => {
  const random = randomFrom(37);
  for (let events = 2; events < 60; events += 1) {
    for (const jitter of [0, 0.4]) {
      const counts = new Array<number>(1400).fill(0);
      for (let k = 0; k < events; k += 1) {
        counts[Math.min(1399, Math.floor(((k + jitter * random()) * 1399) / Math.max(1, events - 1)))] = 1;
      }
      expect(foldsOf([pieceOf(counts, 512n)], { from: 0n, to: 1400n * 512n }), `${events}`).toEqual([]);
    }
  }
});

it('folds what is long against the others, also where it is one stretch of few', () => {
  // Pairs, as of a call and its answer, and one pause.
  const counts = new Array<number>(1000).fill(0);
  for (const at of [0, 30, 60, 90, 900, 930, 960, 999]) counts[at] = 1;
  const folds = foldsOf([pieceOf(counts, 512n)], { from: 0n, to: 512_000n });
  expect(folds.map(({ gap }) => gap)).toEqual([809n * 512n]);
});
