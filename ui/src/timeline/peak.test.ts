import { expect, it } from 'vitest';
import { runningCounts, type Piece } from './lod';
import { peakOf } from './peak';

function pieceOf(events: number[]): Piece {
  const counts = Uint32Array.from(events);
  const columns = events.length;
  const fetch = { from: 1000n, to: 1000n + 10n * BigInt(columns), bucket: 10n, columns };
  const flags = new Uint8Array(columns);
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

const ALL = { from: 0n, to: 10_000n };

it('is the busiest column with what is as busy beside it', () => {
  expect(peakOf([pieceOf([1, 2, 40, 90, 60, 3, 80])], ALL)).toEqual({ from: 1030n, to: 1050n });
  expect(peakOf([pieceOf([0, 0, 7])], ALL)).toEqual({ from: 1020n, to: 1030n });
});

it('lies in the window, and is nowhere without an event', () => {
  expect(peakOf([pieceOf([5, 1, 90])], { from: 1000n, to: 1020n })).toEqual({ from: 1000n, to: 1010n });
  expect(peakOf([pieceOf([0, 0])], ALL)).toBeNull();
  expect(peakOf([], ALL)).toBeNull();
});
