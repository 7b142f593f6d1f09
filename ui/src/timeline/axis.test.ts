import { describe, expect, it } from 'vitest';
import { bigFromFloat } from '../base/exact';
import { nanosFromRfc3339 } from '../base/instant';
import { randomFrom } from '../base/random.test-kit';
import { countTicks, inside, timeTicks, UTC, xFromValue, type Span } from './axis';

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
    expect(ticks[0]).toBe('14 Aug 2026 09:31:00');
    expect(ticks[1]).toBe('09:31:10');
  });

  it('count in the numbers that people know, and only where there is something', () => {
    const ticks = countTicks({ from: -40n, to: 60n }, 1000, 80, { from: 1n, to: 51n }, -1n);
    expect(ticks.map(({ text }) => text)).toEqual(['0', '10', '20', '30', '40']);
    expect(ticks[1]?.x).toBeCloseTo(((11 + 40) / 100) * 1000);
  });

  // Clocks of this zone went from two hours ahead to one at 01:00 UTC.
  const turned = nanosFromRfc3339('2026-10-25T01:00:00Z') ?? 0n;
  const berlin = { ...UTC, offsetAt: (nanos: bigint) => (nanos < turned ? 7200n : 3600n) };
  const hour = 3_600_000_000_000n;

  it('stand at the borders of the days of a zone', () => {
    const from = nanosFromRfc3339('2026-10-20T12:00:00Z') ?? 0n;
    const span = { from, to: from + 10n * 24n * hour };
    const ticks = timeTicks(span, 1400, 100, undefined, berlin);
    const text = (text: string) => ticks.find((tick) => tick.text.startsWith(text))?.x ?? -1;
    expect(text('24 Oct')).toBeCloseTo(xFromValue(span, 1400, nanosFromRfc3339('2026-10-23T22:00:00Z') ?? 0n));
    expect(text('27 Oct')).toBeCloseTo(xFromValue(span, 1400, nanosFromRfc3339('2026-10-26T23:00:00Z') ?? 0n));
  });

  it('say the offset of times that came twice, and stand in order', () => {
    const span = { from: turned - 3n * hour, to: turned + 3n * hour };
    const ticks = timeTicks(span, 2400, 100, undefined, berlin);
    const texts = ticks.map(({ text }) => text.replace('2026-10-25 ', '').replace('2026-10-24 ', ''));
    expect(texts).toEqual(
      expect.arrayContaining(['02:00 +02:00', '02:30 +02:00', '02:00 +01:00', '02:30 +01:00', '03:00']),
    );
    ticks.forEach((tick, at) => expect(tick.x).toBeGreaterThan(ticks[at - 1]?.x ?? -1));
  });

  it('leave out times that a zone skips', () => {
    const spring = nanosFromRfc3339('2026-03-29T01:00:00Z') ?? 0n;
    const zone = { ...UTC, offsetAt: (nanos: bigint) => (nanos < spring ? 3600n : 7200n) };
    const ticks = timeTicks({ from: spring - 2n * hour, to: spring + 2n * hour }, 2400, 100, undefined, zone);
    expect(ticks.map(({ text }) => text).filter((text) => text.includes('02:'))).toEqual([]);
  });
});
