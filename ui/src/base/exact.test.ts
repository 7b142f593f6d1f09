import { describe, expect, it } from 'vitest';
import { clampBig, floorDiv } from './exact';

describe('floorDiv', () => {
  it('rounds down on both sides of zero', () => {
    for (let value = -20n; value <= 20n; value += 1n) {
      const quotient = floorDiv(value, 7n);
      expect(quotient * 7n).toBeLessThanOrEqual(value);
      expect((quotient + 1n) * 7n).toBeGreaterThan(value);
    }
  });
});

describe('clampBig', () => {
  it('keeps a value inside', () => {
    expect([clampBig(-1n, 0n, 9n), clampBig(5n, 0n, 9n), clampBig(10n, 0n, 9n)]).toEqual([0n, 5n, 9n]);
  });
});
