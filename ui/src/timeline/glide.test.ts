// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Glide } from './glide';

let frames: (() => void)[] = [];
const moved = { zoom: [] as number[], pan: [] as number[] };

beforeEach(() => {
  frames = [];
  moved.zoom = [];
  moved.pan = [];
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
});
afterEach(() => document.documentElement.removeAttribute('data-still'));

function glide(): Glide {
  const parts = {
    zoomAt: (_: number, factor: number) => moved.zoom.push(factor),
    panBy: (by: number) => moved.pan.push(by),
  };
  return new Glide(
    { zoomAt: (x, factor) => void parts.zoomAt(x, factor), panBy: (by) => void parts.panBy(by) },
    (step) => frames.push(step),
  );
}

function settle(): void {
  for (let step = frames.shift(); step; step = frames.shift()) step();
}

it('begins at once, settles, and goes neither more nor less than it was asked', () => {
  const own = glide();
  own.zoom(10, 0.25);
  expect(moved.zoom).toHaveLength(1);
  own.zoom(10, 2);
  expect(moved.zoom).toHaveLength(1);
  settle();
  expect(moved.zoom.length).toBeGreaterThan(4);
  expect(moved.zoom.reduce((all, factor) => all * factor, 1)).toBeCloseTo(0.5, 9);
  own.pan(120);
  settle();
  expect(moved.pan[0]).toBeCloseTo(48);
  expect(moved.pan.reduce((all, by) => all + by, 0)).toBeCloseTo(120, 9);
});

it('stops where something else is shown', () => {
  const own = glide();
  own.pan(100);
  own.stop();
  settle();
  expect(moved.pan).toEqual([40]);
});

it('makes each step at once where motion is reduced', () => {
  document.documentElement.setAttribute('data-still', '');
  const own = glide();
  own.pan(100);
  own.zoom(5, 0.5);
  expect([moved.pan, moved.zoom, frames]).toEqual([[100], [0.5], []]);
});

it('goes further the longer a key is held, up to a limit', () => {
  const own = glide();
  expect(own.paceAt(1000)).toBe(1);
  expect(own.paceAt(1100)).toBeGreaterThan(1);
  for (let now = 1200; now < 4000; now += 100) own.paceAt(now);
  expect(own.paceAt(4050)).toBe(4);
  expect(own.paceAt(5000)).toBe(1);
});
