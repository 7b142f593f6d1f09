import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import {
  isScaled,
  lastOffset,
  offsetFromScroll,
  offsetShowing,
  scrollFromOffset,
  SPACER_CAP,
  spacerHeight,
  visibleRows,
} from './scale';

const SHAPES = [
  { rows: 0, rowHeight: 28, viewport: 500 },
  { rows: 3, rowHeight: 28, viewport: 500 },
  { rows: 1_000_214, rowHeight: 28, viewport: 500 },
  { rows: 1_000_214, rowHeight: 42, viewport: 500 },
  { rows: 48_210_993, rowHeight: 28, viewport: 900 },
];

it('never asks for a taller element than the cap', () => {
  for (const shape of SHAPES) expect(spacerHeight(shape)).toBeLessThanOrEqual(SPACER_CAP);
});

it('reaches the first and the last row at the ends of the scroll bar', () => {
  for (const shape of SHAPES) {
    expect(visibleRows(shape, offsetFromScroll(shape, 0)).first).toBe(0);
    const end = Math.max(0, spacerHeight(shape) - shape.viewport);
    expect(visibleRows(shape, offsetFromScroll(shape, end)).end).toBe(shape.rows);
  }
});

it('comes back from an offset to itself', () => {
  const random = randomFrom(11);
  for (const shape of SHAPES) {
    for (let i = 0; i < 50; i += 1) {
      const offset = random() * lastOffset(shape);
      expect(offsetFromScroll(shape, scrollFromOffset(shape, offset))).toBeCloseTo(offset, 3);
    }
  }
});

it('scales only lists that need it', () => {
  expect(SHAPES.map(isScaled)).toEqual([false, false, true, true, true]);
});

it('shows any row with the least movement', () => {
  const random = randomFrom(12);
  for (const shape of SHAPES.slice(2)) {
    let offset = 0;
    for (let i = 0; i < 100; i += 1) {
      const row = Math.floor(random() * shape.rows);
      offset = offsetShowing(shape, offset, row, 2);
      const { first, end } = visibleRows(shape, offset);
      expect(first).toBeLessThanOrEqual(row);
      expect(end).toBeGreaterThan(row);
      expect(offsetShowing(shape, offset, row, 2)).toBe(offset);
    }
  }
});

it('shows whole rows from the top, also where the list ends', () => {
  for (const shape of SHAPES) {
    expect(lastOffset(shape) % shape.rowHeight).toBe(0);
    const offset = offsetShowing(shape, 0, Math.max(0, shape.rows - 1), 2);
    expect(offset % shape.rowHeight).toBe(0);
    const end = scrollFromOffset(shape, lastOffset(shape));
    expect(end).toBeCloseTo(Math.max(0, spacerHeight(shape) - shape.viewport), 3);
  }
});
