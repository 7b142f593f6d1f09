import { expect, it } from 'vitest';
import { unitOf, wholeUnits } from './units';

it('names an instant no finer than a pixel, and never a later one', () => {
  expect(unitOf(43_200_000_000_000n)).toBe(3_600_000_000_000n);
  expect(unitOf(999_999n)).toBe(1_000n);
  expect(unitOf(0n)).toBe(1n);
  expect(wholeUnits(3_599_999_999_999n, 3_600_000_000_000n)).toBe(0n);
  expect(wholeUnits(-1n, 1_000n)).toBe(-1_000n);
});
