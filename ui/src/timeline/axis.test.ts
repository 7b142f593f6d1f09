import { describe, expect, it } from 'vitest';
import { bigFromFloat } from '../base/exact';
import { nanosFromRfc3339 } from '../base/instant';
import { randomFrom } from '../base/random.test-kit';
import { countTicks, inside, lengthOf, pan, timeTicks, valueFromX, xFromValue, zoomAt, type Span } from './axis';

const YEAR = 31_536_000_000_000_000n;

function spans(count: number): Span[] {
  const random = randomFrom(4711);
  return Array.from({ length: count }, () => {
    const from = bigFromFloat((random() - 0.2) * 2e18);
    return { from, to: from + 1n + bigFromFloat(10 ** (random() * 18)) };
  });
}

describe('values and pixels', () => {
  it('floors: the value of a pixel is at or left of it, and the next one is right of it', () => {
    const random = randomFrom(5);
    for (const span of spans(300)) {
      const width = 300 + Math.floor(random() * 2000);
      const x = random() * width;
      const value = valueFromX(span, width, x);
      expect(xFromValue(span, width, value)).toBeLessThanOrEqual(x);
      if (value + 1n <= span.to) expect(xFromValue(span, width, value + 1n)).toBeGreaterThan(x);
    }
  });

  it('is monotone', () => {
    for (const span of spans(50)) {
      let last = span.from - 1n;
      for (let x = 0; x < 1400; x += 7) {
        const value = valueFromX(span, 1400, x);
        expect(value).toBeGreaterThanOrEqual(last);
        last = value;
      }
    }
  });

  it('comes back from a value to itself where values are at least a pixel apart', () => {
    const span = { from: 1n, to: 201n };
    for (let value = 1n; value < 201n; value += 1n) {
      expect(valueFromX(span, 1400, xFromValue(span, 1400, value))).toBe(value);
    }
  });
});

describe('zoom and pan', () => {
  const bounds = { from: 0n, to: YEAR };
  it('keeps the value under the pointer, within a pixel', () => {
    const random = randomFrom(6);
    let span: Span = bounds;
    for (let i = 0; i < 40; i += 1) {
      const x = random() * 1000;
      const before = valueFromX(span, 1000, x);
      span = zoomAt(span, 1000, x, 0.8, bounds, 1000n);
      expect(Math.abs(xFromValue(span, 1000, before) - x)).toBeLessThan(1.5);
    }
  });

  it('stays inside the bounds and above the shortest window', () => {
    const random = randomFrom(7);
    let span: Span = bounds;
    for (let i = 0; i < 500; i += 1) {
      span =
        random() < 0.5
          ? zoomAt(span, 1000, random() * 1000, 0.5 + random(), bounds, 1000n)
          : pan(span, 1000, (random() - 0.5) * 3000, bounds);
      expect(span.from).toBeGreaterThanOrEqual(bounds.from);
      expect(span.to).toBeLessThanOrEqual(bounds.to);
      expect(lengthOf(span)).toBeGreaterThanOrEqual(1000n);
    }
  });

  it('moves a window without changing its length', () => {
    expect(inside({ from: -50n, to: 50n }, { from: 0n, to: 1000n })).toEqual({ from: 0n, to: 100n });
    expect(inside({ from: 990n, to: 1090n }, { from: 0n, to: 1000n })).toEqual({ from: 900n, to: 1000n });
  });
});

describe('ticks', () => {
  it('stand where their label says, at every length', () => {
    for (const span of spans(200)) {
      const ticks = countTicks(span, 1400, 80);
      expect(ticks.length).toBeLessThanOrEqual(20);
      for (const tick of ticks) {
        const value = BigInt(tick.text.replaceAll(',', ''));
        expect(Math.abs(xFromValue(span, 1400, value) - tick.x)).toBeLessThan(0.001);
      }
    }
  });

  it('are few, in order and inside the window, at every length of time', () => {
    for (const span of spans(300)) {
      const ticks = timeTicks(span, 1400, 100);
      expect(ticks.length).toBeLessThanOrEqual(30);
      ticks.forEach((tick, i) => {
        expect(tick.x).toBeGreaterThanOrEqual(0);
        expect(tick.x).toBeLessThanOrEqual(1400);
        expect(tick.x).toBeGreaterThan(ticks[i - 1]?.x ?? -1);
      });
    }
  });

  it('name months and carry the year where it changes', () => {
    const from = nanosFromRfc3339('2024-03-01T00:00:00Z') ?? 0n;
    const to = nanosFromRfc3339('2025-06-01T00:00:00Z') ?? 0n;
    const texts = timeTicks({ from, to }, 1400, 100).map((tick) => tick.text);
    expect(texts[0]).toBe('Mar 2024');
    expect(texts).toContain('Jan 2025');
  });

  it('name the day once and then the clock', () => {
    const from = nanosFromRfc3339('2026-08-14T09:31:00Z') ?? 0n;
    const ticks = timeTicks({ from, to: from + 60_000_000_000n }, 800, 100).map((tick) => tick.text);
    expect(ticks[0]).toBe('2026-08-14 09:31:00');
    expect(ticks[1]).toBe('09:31:10');
  });
});
