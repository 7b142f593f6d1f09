import { afterEach, expect, it, vi } from 'vitest';
import { dayText, daysBetweenText, instantText, minutesText, minuteText, nanosFromRfc3339 } from './instant';
import { shownTime, zoneNames } from './zone.svelte';

afterEach(() => {
  shownTime.zone = 'UTC';
  shownTime.format = 'iso';
  vi.restoreAllMocks();
});

function check(zone: string, written: string, expected: string): void {
  shownTime.zone = zone;
  expect(instantText(written), `${written} in ${zone}`).toBe(expected);
}

it('writes an instant in the shown zone, with the digits of the store and the zone behind it', () => {
  check('UTC', '2026-08-14T09:31:07.482Z', '2026-08-14 09:31:07.482Z');
  check('Europe/Berlin', '2026-08-14T09:31:07.482Z', '2026-08-14 11:31:07.482+02:00');
  check('Europe/Berlin', '2026-01-14T23:31:07.100000Z', '2026-01-15 00:31:07.100000+01:00');
  check('America/St_Johns', '2026-08-14T01:00:00Z', '2026-08-13 22:30:00-02:30');
  check('Nowhere/Land', '2026-08-14T09:31:07Z', '2026-08-14 09:31:07Z');
  check('Europe/Berlin', 'no instant', 'no instant');
});

it('writes two ends of time so that they differ', () => {
  shownTime.zone = 'Europe/Berlin';
  const said = daysBetweenText;
  expect(said('2026-08-30T20:00:00Z', '2026-08-30T23:00:00Z')).toBe('30 Aug 2026 → 31 Aug 2026');
  expect(said('2026-08-30T07:31:07Z', '2026-08-30T12:02:00.5Z')).toBe('30 Aug 2026, 09:31:07 → 14:02:00');
  expect(said('2026-08-30T07:31:07Z', '2026-08-30T07:31:07Z')).toBe('30 Aug 2026, 09:31:07');
  expect(said('no time', 'no time')).toBe('no time');
});

it('says the zone of both ends once, and of each where clocks were changed between them', () => {
  const summer = ['2026-08-03T20:00:00Z', '2026-08-04T20:00:00Z'] as const;
  expect(minutesText(...summer)).toEqual(['2026-08-03 20:00', '2026-08-04 20:00 UTC']);
  shownTime.zone = 'Europe/Berlin';
  expect(minutesText(...summer)).toEqual(['2026-08-03 22:00', '2026-08-04 22:00 +02:00']);
  const [first, last] = minutesText('2026-01-03T20:00:00Z', summer[0]);
  expect([first, last]).toEqual(['2026-01-03 21:00 +01:00', '2026-08-03 22:00 +02:00']);
  expect(minutesText('', summer[0])).toEqual(['', '2026-08-03 22:00 +02:00']);
});

it('writes dates in the chosen form', () => {
  shownTime.zone = 'Asia/Tokyo';
  shownTime.format = 'dayFirst';
  expect(minuteText('2026-08-03T20:00:00Z')).toBe('04.08.2026 05:00 +09:00');
  expect(dayText('2026-08-03T20:00:00Z')).toBe('04.08.2026');
  expect(daysBetweenText('2026-08-03T20:00:00Z', '2026-08-05T20:00:00Z')).toBe('04.08.2026 → 06.08.2026');
  shownTime.format = 'monthFirst';
  expect(instantText('2026-08-03T20:00:00Z')).toBe('08/04/2026 05:00:00+09:00');
  expect(dayText('2026-08-03T20:00:00Z')).toBe('08/04/2026');
  shownTime.format = 'iso';
  expect(dayText('2026-08-03T20:00:00Z')).toBe('4 Aug 2026');
});

it('leads from a clock on the wall back to the instant, also where clocks are changed', () => {
  shownTime.zone = 'Europe/Berlin';
  for (const written of [
    '2026-03-29T00:59:59Z',
    '2026-03-29T01:00:00Z',
    '2026-10-25T01:30:00Z',
    '2026-07-01T12:00:00Z',
  ]) {
    const nanos = nanosFromRfc3339(written) ?? 0n;
    expect(shownTime.instant(shownTime.civil(nanos)), written).toBe(nanos);
  }
});

it('names each zone once, where the engine counts UTC among them too', () => {
  vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(['Europe/Berlin', 'UTC']);
  expect(zoneNames()).toEqual(['UTC', 'local', 'Europe/Berlin']);
});
