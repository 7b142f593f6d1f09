import { describe, expect, it } from 'vitest';
import { bigFromFloat } from '../base/exact';
import { nanosFromRfc3339 } from '../base/instant';
import { randomFrom } from '../base/random.test-kit';
import { countTicks, inside, timeTicks, xFromValue, type Span } from './axis';

function spans(count: number): Span[] {
  const random = randomFrom(4711);
  return Array.from({ length: count }, () => {
    const from = bigFromFloat((random() - 0.2) * 2e18);
    return { from, to: from + 1n + bigFromFloat(10 ** (random() * 18)) };
  });
}

describe('windows', () => {
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
