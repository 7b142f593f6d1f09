import { expect, it } from 'vitest';
import { magnetAt, Speed, type Magnet } from './magnets';

const at = (x: number, moment: number): Magnet => ({ x, moment, after: null });

it('draws a slow pointer within six pixels to the nearest', () => {
  const magnets = [at(100, 1), at(108, 2), at(300, 3)];
  expect(magnetAt(103, 0, magnets)?.moment).toBe(1);
  expect(magnetAt(105, 299, magnets)?.moment).toBe(2);
  expect(magnetAt(106, 0, magnets)?.moment).toBe(2);
  expect(magnetAt(114, 0, magnets)?.moment).toBe(2);
  expect(magnetAt(115, 0, magnets)).toBeNull();
  expect(magnetAt(300, 300, magnets)).toBeNull();
  expect(magnetAt(100, 0, [])).toBeNull();
});

it('knows the speed of a pointer, and that it rests', () => {
  const speed = new Speed();
  expect(speed.at(10, 1000)).toBe(0);
  expect(speed.at(20, 1100)).toBeCloseTo(100);
  // The same time again is no division by nothing.
  expect(speed.at(90, 1100)).toBeCloseTo(100);
  expect(speed.at(120, 1200)).toBeCloseTo(1000);
  speed.rest();
  expect(speed.at(900, 1201)).toBe(0);
});
