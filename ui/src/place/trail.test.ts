import { expect, it } from 'vitest';
import { Trail } from './trail';

it('walks back and forward like a browser', () => {
  const trail = new Trail<number>((a, b) => a === b);
  for (const place of [1, 2, 3]) trail.visit(place);
  expect([trail.back(), trail.back(), trail.back()]).toEqual([2, 1, null]);
  expect(trail.canGoBack).toBe(false);
  expect(trail.forward()).toBe(2);
  trail.visit(9);
  expect(trail.canGoForward).toBe(false);
  expect([trail.back(), trail.forward()]).toEqual([2, 9]);
});

it('keeps one entry for one place', () => {
  const trail = new Trail<number>((a, b) => a === b);
  for (const place of [1, 1, 1, 2]) trail.visit(place);
  expect([trail.back(), trail.back()]).toEqual([1, null]);
});
