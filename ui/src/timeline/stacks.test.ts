import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import { runningCounts, type Piece } from './lod';
import { Projection } from './projection';
import { coveredBy, flagsOf, gapsOf, hitsOf, shownOf } from './stacks';

/** A piece of 1,400 columns of one value each, with some events in some of them. */
function pieceOf(seed: number): Piece {
  const random = randomFrom(seed);
  const columns = 1400;
  const counts = Uint32Array.from({ length: columns }, () => (random() < 0.3 ? Math.floor(random() * 40) : 0));
  const flags = Uint8Array.from(counts, (count) => (count > 0 && random() < 0.05 ? 1 : 0));
  const fetch = { from: 0n, to: 1400n, bucket: 1n, columns };
  const frame = {
    columns,
    from: '',
    to: '',
    series: ['a'],
    counts,
    flags,
    problems: new Uint32Array(columns),
    paces: new Uint8Array(),
  };
  return { fetch, frame, running: runningCounts(counts, columns, 1, 0) };
}

const view = Projection.of({ from: 0n, to: 1400n }, 1400);

it('marks every hit once, at most so close that marks can be told apart', () => {
  for (const seed of [1, 2, 3]) {
    const piece = pieceOf(seed);
    const random = randomFrom(seed + 100);
    const events = piece.running.at(-1) ?? 0;
    for (const share of [0, 0.001, 0.05, 1]) {
      const moments = Array.from({ length: events }, (_, k) => k + 1).filter(() => random() < share);
      const marks = hitsOf(view, [piece], moments);
      expect(marks.reduce((sum, { count }) => sum + count, 0)).toBe(moments.length);
      marks.forEach(({ x, moment }, at) => {
        expect(moments).toContain(moment);
        expect(x - (marks[at - 1]?.x ?? -100)).toBeGreaterThanOrEqual(4);
      });
    }
  }
});

it('joins flags and says between which moments they lie', () => {
  const piece = pieceOf(4);
  const marks = flagsOf(view, [piece]);
  const flagged = piece.frame.flags.reduce((sum, bits) => sum + (bits ? 1 : 0), 0);
  expect(flagged).toBeGreaterThan(marks.length / 2);
  for (const { after, moment } of marks) expect(moment).toBeGreaterThan(after);
});

it('leaves out of a stack what is faded first, and shows what is listed on top', () => {
  const glyphs = ['Placed', 'Added', 'Failed', 'Paid', 'Added'];
  const isFaded = (series: string) => series !== 'Failed';
  expect(shownOf(glyphs, 3, isFaded)).toEqual(['Placed', 'Failed']);
  expect(shownOf(glyphs, 2, isFaded)).toEqual(['Failed']);
  expect(shownOf(glyphs, 9, isFaded)).toEqual(['Placed', 'Added', 'Paid', 'Added', 'Failed']);
  expect(shownOf(glyphs, 3, () => false)).toEqual(['Placed', 'Added']);
});

it('tells which flags the tags of cursors hide', () => {
  const flag = (x: number) => ({ x, bits: 1, after: 0, moment: 1 });
  const flags = [10, 100, 108, 130].map(flag);
  expect(coveredBy([104, null], flags).map(({ x }) => x)).toEqual([100, 108]);
  expect(coveredBy([null, null], flags)).toEqual([]);
});

it('says how long nothing happened only where that is longer than elsewhere', () => {
  const gapsAt = (places: readonly number[]) => {
    const counts = new Uint32Array(1400);
    for (const place of places) counts[place] = 1;
    const fetch = { from: 0n, to: 1400n, bucket: 1n, columns: 1400 };
    const none = { flags: new Uint8Array(1400), problems: new Uint32Array(1400), paces: new Uint8Array() };
    const frame = { columns: 1400, from: '', to: '', series: ['a'], counts, ...none };
    const gaps = gapsOf(view, [{ fetch, frame, running: runningCounts(counts, 1400, 1, 0) }]);
    return gaps.map(({ length }) => length);
  };
  expect(gapsAt([10, 160, 310, 460, 610, 760, 910, 1060, 1210])).toEqual([]);
  expect(gapsAt([10, 160, 310, 460, 610, 1060, 1210])).toEqual([450n]);
  expect(gapsAt([10, 1210])).toEqual([1200n]);
});
