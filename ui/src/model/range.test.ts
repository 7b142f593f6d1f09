import { afterEach, describe, expect, it } from 'vitest';
import { shareText } from '../base/format';
import { typedRange } from '../base/typed_time';
import { shownTime } from '../base/zone.svelte';
import { S } from '../strings';
import { spanFromText, whyNoSpan } from './range.svelte';

const HOUR = 3_600_000_000_000n;

describe('a range that is typed', () => {
  afterEach(() => {
    shownTime.zone = 'UTC';
  });

  it('is of the zone that times are shown in', () => {
    const inUtc = spanFromText('time', typedRange('2026-08-14 07:10 .. 2026-08-14 08:10'));
    shownTime.zone = 'Europe/Berlin';
    expect(spanFromText('time', typedRange('2026-08-14 09:10 .. 14.08.2026 10:10'))).toEqual(inUtc);
    expect(spanFromText('time', typedRange('2026-03-29 02:30 .. 2026-03-29 04:00'))).toBeNull();
  });

  it('is two times, or two positions', () => {
    const span = spanFromText('time', typedRange('2026-08-14 09:10 .. 2026-08-14T10:10:00Z'));
    expect(span && span.to - span.from).toBe(HOUR);
    expect(spanFromText('time', typedRange('2026-08-14 .. 2026-08-15'))?.from).toBe(1_786_665_600_000_000_000n);
    expect(spanFromText('position', '#4,711 .. 9007199254740993')).toEqual({ from: 4711n, to: 9007199254740993n });
  });

  it('is nothing else', () => {
    for (const text of ['', '2026-08-14', '2026-08-15 .. 2026-08-14', 'a .. b', '1 .. 2 .. 3']) {
      expect(spanFromText('time', typedRange(text))).toBeNull();
    }
    expect(spanFromText('position', '9 .. 9')).toBeNull();
  });
});

describe('why a text is no range', () => {
  it('is said exactly where it is none', () => {
    const why = (text: string) => whyNoSpan('time', typedRange(text));
    expect(why('2026-08-14 .. 2026-08-15')).toBe('');
    expect(why('2026-08-15 .. 2026-08-14')).toBe(S.range.reversed);
    expect(why('2026-08-15 .. 2026-08-15')).toBe(S.range.empty);
    expect(why('2026-08-14 to 2026-08-15')).toBe(S.range.wrong);
    expect(whyNoSpan('position', '9 .. 5')).toBe(S.range.reversed);
  });
});

describe('a share', () => {
  it('shows something never as nothing, and less than all never as all', () => {
    const shares: [number, number][] = [
      ...([
        [0, 9],
        [1, 10_000],
        [5, 10_000],
        [61, 100],
        [9_999, 10_000],
        [7, 7],
      ] as [number, number][]),
    ];
    expect(shares.map(([count, of]) => shareText(count, of))).toEqual([
      '0 %',
      '<0.1 %',
      '<0.1 %',
      '61 %',
      '99 %',
      '100 %',
    ]);
  });
});
