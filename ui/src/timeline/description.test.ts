import { expect, it } from 'vitest';
import { runningCounts, type Piece } from './lod';
import { descriptionOf, textOf } from './description';

const HOUR = 3_600_000_000_000n;
const START = 1_785_542_400_000_000_000n;

function piece(from: bigint, counts: [number, number][], flagged: number[]): Piece {
  const columns = counts.length;
  const flat = Uint32Array.from(counts.flat());
  const flags = Uint8Array.from(counts, (_, at) => (flagged.includes(at) ? 1 : 0));
  const fetch = { from, to: from + HOUR * BigInt(columns), bucket: HOUR, columns };
  const frame = {
    columns,
    from: '',
    to: '',
    series: ['OrderPlaced', 'PaymentFailed'],
    counts: flat,
    flags,
    problems: Uint32Array.from(flags, (flag) => 3 * flag),
    paces: new Uint8Array(),
  };
  return { fetch, frame, running: runningCounts(flat, columns, 2, 0) };
}

// Two hours with events, a fold of 46 hours, three hours of which the middle one is empty.
const pieces = [
  piece(START, [[3, 0], [1, 1]], []), // prettier-ignore
  piece(START + 48n * HOUR, [[0, 1], [0, 0], [10, 4]], [2]), // prettier-ignore
];
const folds = [{ from: START + 3n * HOUR, to: START + 47n * HOUR, gap: 47n * HOUR + HOUR / 2n }];

it('says span, count, busiest interval, longest gap, problems and types', () => {
  const window = { from: START, to: START + 51n * HOUR };
  const { columns, facts, intervals } = descriptionOf({ axis: 'time', by: 'type', window, pieces, folds, ahead: 0n });
  expect(Object.fromEntries(facts)).toEqual({
    Span: '2026-08-01 00:00:00Z – 2026-08-03 02:59:59.999999999Z',
    Events: '20',
    'Busiest interval': '14 events in ≈ 1 h from 2026-08-03 02:00:00Z',
    'Longest gap': '≈ 2 d from 2026-08-01 02:00:00Z',
    Problems: 'at 3 events',
    'Event types': 'OrderPlaced 70 %, PaymentFailed 30 %',
  });
  expect(intervals.reduce((sum, { events }) => sum + events, 0)).toBe(20);
  expect(intervals.at(-1)).toMatchObject({ events: 15, kind: 'OrderPlaced', problems: 3 });
  expect(textOf('order-1', { columns, facts, intervals }).split('\n')).toHaveLength(
    1 + facts.length + 2 + intervals.length,
  );
});

it('tells only of what is visible, in the numbers that people know', () => {
  const window = { from: START, to: START + 2n * HOUR };
  const { facts } = descriptionOf({ axis: 'time', by: 'type', window, pieces, folds, ahead: 0n });
  expect(Object.fromEntries(facts)).toMatchObject({ Events: '5', Problems: 'none' });
  const versions = { ...piece(0n, [[1, 0], [1, 0]], []) }; // prettier-ignore
  const fetch = { from: 1n, to: 3n, bucket: 1n, columns: 2 };
  const shown = {
    axis: 'version' as const,
    by: 'type' as const,
    window: { from: 1n, to: 3n },
    pieces: [{ ...versions, fetch }],
    folds: [],
    ahead: -1n,
  };
  expect(descriptionOf(shown).facts[0]).toEqual(['Span', '0 – 1']);
});
