import { describe, expect, it } from 'vitest';
import type { LaneMark } from '../backend/bindings';
import { floatFromBig } from '../base/exact';
import { randomFrom } from '../base/random.test-kit';
import { cellWidth, fullestOf, placeMarks, type LaneScale } from './lane_marks';

const SPAN = { from: 0n, to: 50_000n };
const SCALE: LaneScale = { drawn: SPAN, cells: 50, shown: SPAN, width: 700, height: 15, most: 201 };

const mark = (cell: number, events: number): LaneMark => ({
  ...{ cell, events, moment: cell * 10 + events, eventType: 'ItemAdded', time: `${cell * 1_000 + 500}` },
});
const timeX = (time: string) => (floatFromBig(BigInt(time)) / 50_000) * 700;

describe('what a lane shows of its cells', () => {
  it('is a glyph for one event and a column for several, as high as they are many', () => {
    const [alone, few, many] = placeMarks([mark(0, 1), mark(20, 8), mark(40, 201)], SCALE, timeX);
    expect([alone?.height, alone?.count, alone?.x]).toEqual([0, '', 7]);
    expect([few?.height, few?.count]).toEqual([3, '8']);
    expect([many?.height, many?.count, many?.x]).toEqual([15, '201', 567]);
    expect(cellWidth(SCALE)).toBe(14);
  });

  it('never lets a count run into another or under a mark', () => {
    const next = randomFrom(4711);
    for (let round = 0; round < 200; round += 1) {
      const marks = Array.from({ length: 50 }, (_, cell) => mark(cell, 1 + Math.floor(10 ** (next() * 5))));
      const some = marks.filter(() => next() < 0.5);
      const placed = placeMarks(
        some,
        { ...SCALE, most: fullestOf({ from: '', to: '', cells: 50, lanes: [some] }) },
        timeX,
      );
      const boxes = placed.map(({ count, x }) => {
        const half = Math.max(10, count.length * 6) / 2;
        return [x - half, x + half] as const;
      });
      placed.forEach(({ count }, at) => {
        if (count === '') return;
        expect(boxes[at - 1]?.[1] ?? -Infinity).toBeLessThanOrEqual(boxes[at]?.[0] ?? 0);
        expect(boxes[at]?.[1] ?? 0).toBeLessThanOrEqual(boxes[at + 1]?.[0] ?? Infinity);
      });
    }
  });

  it('shows no column where every event stands alone', () => {
    expect(fullestOf({ from: '', to: '', cells: 50, lanes: [[mark(3, 1)], []] })).toBe(0);
  });
});
