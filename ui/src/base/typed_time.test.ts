import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { instantText, minuteText, nanosFromRfc3339, rfc3339FromNanos, secondText } from './instant';
import { cursorOfTyped, isTypedTime, typedRange } from './typed_time';
import { shownTime, type TimeFormat } from './zone.svelte';

beforeEach(() => {
  vi.useFakeTimers();
  // In Berlin the day after is there already.
  vi.setSystemTime(new Date('2026-08-14T22:30:00Z'));
});

afterEach(() => {
  vi.useRealTimers();
  shownTime.zone = 'UTC';
  shownTime.format = 'iso';
});

function readsAs(texts: Record<string, string>, on: string | null = null): void {
  for (const [text, cursor] of Object.entries(texts)) expect(cursorOfTyped(text, on), text).toBe(cursor);
}

describe('a typed time', () => {
  it('is of the zone that times are shown in, and says it', () => {
    readsAs({ '2026-08-03 15:58': '2026-08-03 15:58:00Z', '2026-08-03': '2026-08-03 00:00:00Z' });
    shownTime.zone = 'Europe/Berlin';
    readsAs({
      '2026-08-03 15:58': '2026-08-03 15:58:00+02:00',
      '2026-08-03T15:58:41.482': '2026-08-03 15:58:41.482+02:00',
      '2026-01-03': '2026-01-03 00:00:00+01:00',
    });
    shownTime.zone = 'America/St_Johns';
    readsAs({ '2026-08-03 15:58': '2026-08-03 15:58:00-02:30' });
  });

  it('keeps the zone that it names', () => {
    shownTime.zone = 'Europe/Berlin';
    readsAs({
      '2026-08-03 15:58Z': '2026-08-03 15:58:00Z',
      '2026-08-03 15:58 UTC': '2026-08-03 15:58:00Z',
      '2026-08-03T15:58:00.1-02:30': '2026-08-03T15:58:00.1-02:30',
      '2026-08-03 15:58 Asia/Tokyo': '2026-08-03 15:58:00 Asia/Tokyo',
    });
  });

  it('is what the window writes, in every form and zone', () => {
    const written = '2026-08-03T13:58:41.5Z';
    for (const zone of ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Tokyo']) {
      for (const format of ['iso', 'dayFirst', 'monthFirst'] satisfies TimeFormat[]) {
        Object.assign(shownTime, { zone, format });
        const back = (text: string) => rfc3339FromNanos(nanosFromRfc3339(cursorOfTyped(text)) ?? 0n);
        expect(back(instantText(written)), `${zone} ${format}`).toBe('2026-08-03T13:58:41.500Z');
        expect(back(secondText(written)), `${zone} ${format}`).toBe('2026-08-03T13:58:41Z');
        expect(cursorOfTyped(minuteText(written)), `${zone} ${format}`).toMatch(/^2026-08-03 \d\d:[25]8:00(Z|[+-])/);
      }
    }
    readsAs({ '3 Aug 2026, 09:31:07': '2026-08-03 09:31:07+09:00', '3 Aug 2026': '2026-08-03 00:00:00+09:00' });
    readsAs({ '03.08.2026 14:00': '2026-08-03 14:00:00+09:00', '08/03/2026 9:00': '2026-08-03 09:00:00+09:00' });
  });

  it('without a day is of the one that is looked at, or of today', () => {
    shownTime.zone = 'Europe/Berlin';
    readsAs({ '14:00': '2026-08-15 14:00:00+02:00', 'yesterday 14:00': '2026-08-14 14:00:00+02:00' });
    readsAs({ 'today 9:30:01': '2026-08-15 09:30:01+02:00', yesterday: '2026-08-14 00:00:00+02:00' });
    const on = '2026-01-31T23:30:00Z';
    readsAs({ '14:00': '2026-02-01 14:00:00+01:00', 'yesterday 14:00': '2026-08-14 14:00:00+02:00' }, on);
  });

  it('names its zone where clocks showed it twice or never, for the engine to refuse', () => {
    shownTime.zone = 'Europe/Berlin';
    readsAs({
      '2026-03-29 01:59:59': '2026-03-29 01:59:59+01:00',
      '2026-03-29 02:30': '2026-03-29 02:30:00 Europe/Berlin',
      '2026-03-29 03:00': '2026-03-29 03:00:00+02:00',
      '2026-10-25 02:30': '2026-10-25 02:30:00 Europe/Berlin',
      '2026-10-25 03:00': '2026-10-25 03:00:00+01:00',
      '2026-10-25 02:30+01:00': '2026-10-25 02:30:00+01:00',
    });
    expect(nanosFromRfc3339(cursorOfTyped('2026-10-25 02:30'))).toBeNull();
  });

  it('of a day is its first instant, also where clocks leave out midnight or show it twice', () => {
    shownTime.zone = 'America/Santiago';
    readsAs({ '2026-09-06': '2026-09-06 01:00:00-03:00' });
    shownTime.zone = 'America/Havana';
    readsAs({ '2026-11-01': '2026-11-01 00:00:00-04:00' });
  });

  it('stands for the instant that is shown, in all hours of a year', () => {
    for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
      shownTime.zone = zone;
      const first = nanosFromRfc3339('2026-01-01T00:15:00Z') ?? 0n;
      for (let hour = 0n; hour < 8_760n; hour += 17n) {
        const nanos = first + hour * 3_600_000_000_000n;
        expect(nanosFromRfc3339(cursorOfTyped(instantText(rfc3339FromNanos(nanos)))), `${zone} ${nanos}`).toBe(nanos);
      }
    }
  });
});

it('is one of two in a range', () => {
  shownTime.zone = 'Europe/Berlin';
  expect(typedRange('2026-08-14 09:10 .. 14.08.2026 10:10')).toBe(
    '2026-08-14 09:10:00+02:00 .. 2026-08-14 10:10:00+02:00',
  );
  expect(typedRange('2026-08-14')).toBe('2026-08-14');
});

describe('what is no time', () => {
  it('is a version or a position, as the window writes them', () => {
    readsAs({ 'v 10': 'v10', 'v 734,166': 'v734166', V7: 'v7', '#40,866': '#40866', '# 4711': '#4711' });
  });

  it('stays as it is', () => {
    for (const text of ['head', '-2h', 'v1,2', '2026-02-30', '2026-13-01 10:00', '25:00', '4711', 'order:12:30x']) {
      expect(cursorOfTyped(text), text).toBe(text);
      expect(isTypedTime(text), text).toBe(false);
    }
    expect(isTypedTime('yesterday 14:00')).toBe(true);
  });
});
