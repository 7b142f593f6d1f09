import { expect, it } from 'vitest';
import { nanosFromRfc3339 } from '../base/instant';
import { UTC, type Fold } from './axis';
import { Projection } from './projection';
import { wordsOf } from './ruler';
import { rulerOf } from './ticks';

const HOUR = 3_600_000_000_000n;
const RESERVED = 80;
const widthOf = (text: string) => 6 * text.length;

const at = (text: string) => nanosFromRfc3339(text) ?? 0n;

/** Events at these times, and between them folds that leave an hour on each side. */
function words(times: string[], width: number) {
  const instants = times.map(at);
  const folds: Fold[] = instants.slice(1).flatMap((to, k) => {
    const from = instants[k] ?? 0n;
    return to - from > 10n * HOUR ? [{ from: from + HOUR, to: to - HOUR, gap: to - from }] : [];
  });
  const window = { from: (instants[0] ?? 0n) - HOUR, to: (instants.at(-1) ?? 0n) + HOUR };
  const view = Projection.of(window, width, folds);
  const ruler = rulerOf(view, window, { axis: 'time', bounds: window, ahead: 0n, zone: UTC });
  return { view, ruler, words: wordsOf(ruler, view, RESERVED, widthOf) };
}

const ORDER = [
  '2026-08-01T06:10:00Z',
  '2026-08-02T15:30:00Z',
  '2026-08-03T13:58:00Z',
  '2026-08-07T05:00:00Z',
  '2026-08-09T16:00:00Z',
  '2026-08-12T06:00:00Z',
];

it('says of each stretch between folds which day it is, however narrow the window', () => {
  for (const width of [700, 900, 1300]) {
    const told = words(ORDER, width);
    expect(told.view.folds.length).toBe(ORDER.length - 1);
    for (const [k, time] of ORDER.slice(0, -1).entries()) {
      const x = told.view.xOf(at(time));
      const stretch = told.ruler.days[k];
      const inside = told.words.filter(
        ({ of, left, text }) =>
          of !== 'fold' && stretch && left + widthOf(text) > stretch.from && left < stretch.to + 60,
      );
      const day = time.slice(8, 10).replace(/^0/, '');
      expect(stretch && stretch.from <= x && x < stretch.to, time).toBe(true);
      expect(
        inside.some(({ text }) => text.includes(`${day} Aug`) || text.includes(time.slice(0, 10))),
        `${width} ${time} ${JSON.stringify(told.words)}`,
      ).toBe(true);
    }
  }
});

it('writes no two words over each other, and none where something else stands', () => {
  for (let width = 120; width < 1500; width += 7) {
    const { words: told } = words(ORDER, width);
    const places = told
      .map(({ left, text }) => ({ left, right: left + widthOf(text) }))
      .toSorted((a, b) => a.left - b.left);
    places.forEach(({ left, right }, k) => {
      expect(left).toBeGreaterThanOrEqual(places[k - 1]?.right ?? 0);
      expect(right).toBeLessThanOrEqual(width - RESERVED);
    });
  }
});

it('says the year with the first word that has room for it, and again where it changes', () => {
  for (let width = 780; width < 1500; width += 10) {
    const told = words(ORDER, width).words.filter(({ of }) => of !== 'fold');
    expect(told.map(({ text }) => text).join(' '), `${width}`).toContain('2026');
  }
  // Where there is none for it, the axis says it at its end.
  expect(words(ORDER, 780).ruler.years).toBe('');
  expect(words(ORDER, 600).ruler.years).toBe('2026');
  const years = ['2023-12-03T12:00:00Z', '2023-12-30T12:00:00Z', '2024-03-01T12:00:00Z', '2024-05-01T12:00:00Z'];
  const told = words(years, 640)
    .words.filter(({ of }) => of !== 'fold')
    .toSorted((a, b) => a.left - b.left)
    .map(({ text }) => text);
  expect(told[0]).toContain('2023');
  expect(told.find((text) => text.includes('Mar') || text.includes('-03-'))).toContain('2024');
});

it('lets the next tick say the date of one that has no room', () => {
  const view = Projection.of({ from: 0n, to: 100n }, 900, []);
  const ticks = [
    { x: -20, text: '2026-08-14 09:31', whole: '2026-08-14 09:31' },
    { x: 200, text: '09:32', whole: '2026-08-14 09:32' },
    { x: 420, text: '09:33', whole: '2026-08-14 09:33' },
  ];
  const told = wordsOf({ ticks, days: [] }, view, RESERVED, widthOf);
  expect(told.map(({ text }) => text)).toEqual(['2026-08-14 09:32', '09:33']);
});

it('says the hours of a day that stands there already, so that no two say the same', () => {
  const day = ['01:10:00', '08:30:20', '12:00:00', '18:45:00', '23:50:00'].map((clock) => `2026-08-31T${clock}Z`);
  const instants = day.map(at);
  const [before, after] = [HOUR / 4n, HOUR / 4n];
  const folds = instants.slice(1).map((to, k) => {
    const from = instants[k] ?? 0n;
    return { from: from + after, to: to - before, gap: to - from };
  });
  // The last stretch goes beyond midnight.
  const window = { from: (instants[0] ?? 0n) - HOUR, to: (instants.at(-1) ?? 0n) + HOUR };
  const view = Projection.of(window, 900, folds);
  const { days } = rulerOf(view, window, { axis: 'time', bounds: window, ahead: 0n, zone: UTC });
  expect(days.map(({ text }) => text)).toEqual(['31 Aug', '08:30', '12:00', '18:45', '31 Aug–1 Sep']);
  expect(days[1]?.whole).toBe('31 Aug 2026 08:30');
});

it('says both days of a stretch over midnight, and a year that is another', () => {
  const days = (times: string[]) => words(times, 900).ruler.days.map(({ text }) => text);
  expect(
    days(['2026-12-03T12:00:00Z', '2026-12-05T00:00:00Z', '2026-12-31T23:30:00Z', '2027-01-09T12:00:00Z']),
  ).toEqual(['3 Dec', '4–5 Dec', '31 Dec–1 Jan 2027', '9 Jan']);
  expect(days(['2026-12-03T12:00:00Z', '2026-12-03T14:00:00Z'])).toEqual([]);
});
