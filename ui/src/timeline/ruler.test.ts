import { expect, it } from 'vitest';
import { bigFromFloat, bigFromText, floatFromBig } from '../base/exact';
import { nanosFromCivil, nanosFromRfc3339 } from '../base/instant';
import { randomFrom } from '../base/random.test-kit';
import type { TimeFormat } from '../base/zone.svelte';
import { timeTicks, UTC, type Fold, type Span } from './axis';
import { Projection } from './projection';
import { wordsOf } from './ruler';
import { rulerOf } from './ticks';

const HOUR = 3_600_000_000_000n;
const RESERVED = 80;
const widthOf = (text: string) => 6 * text.length;

const at = (text: string) => nanosFromRfc3339(text) ?? 0n;

/** Events at these times, and between them folds that leave an hour on each side. */
function words(times: readonly string[], width: number, format: TimeFormat = 'iso') {
  const instants = times.map(at);
  const folds: Fold[] = instants.slice(1).flatMap((to, k) => {
    const from = instants[k] ?? 0n;
    return to - from > 10n * HOUR ? [{ from: from + HOUR, to: to - HOUR, gap: to - from }] : [];
  });
  const window = { from: (instants[0] ?? 0n) - HOUR, to: (instants.at(-1) ?? 0n) + HOUR };
  return wordsIn(window, folds, width, format);
}

function wordsIn(window: Span, folds: readonly Fold[], width: number, format: TimeFormat = 'iso') {
  const view = Projection.of(window, width, folds);
  const zone = { ...UTC, format };
  const ruler = rulerOf(view, window, { axis: 'time', bounds: window, ahead: 0n, zone });
  return { view, ruler, words: wordsOf(ruler, view, RESERVED, widthOf) };
}

/** A number of a date. */
const number = (digits = '') => floatFromBig(bigFromText(digits) ?? 0n);

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** What a word says to somebody who read those before it: read here in another way than it is written. */
class Reader {
  year = '';
  month = 0;
  day = 0;

  instantOf(text: string): bigint {
    const [, date = '', clock = ''] = /^(.*?) ?(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/.exec(text) ?? [];
    const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? [];
    const [, ofMonth, name, ofYear] = /^(?:(\d+) )?([A-Z]\w+)?(?:(?:^| )(\d{4}))?$/.exec(date) ?? [];
    if (year) Object.assign(this, { year, month: number(month ?? '') - 1, day: number(day ?? '') - 1 });
    else if (date) {
      this.year = ofYear ?? this.year;
      this.month = name ? MONTHS.indexOf(name) : 0;
      this.day = ofMonth ? number(ofMonth) - 1 : 0;
    }
    expect(this.year, `no year is known at ${text}`).not.toBe('');
    const start = nanosFromCivil(BigInt(this.year), this.month + 1, this.day + 1);
    const written = nanosFromRfc3339(`1970-01-01T${clock.length === 5 ? `${clock}:00` : clock || '00:00:00'}Z`);
    return start + (written ?? 0n);
  }
}

/** Events in bunches far from each other, from hours to centuries long, and the folds between the bunches. */
function scenes(count: number): { window: Span; folds: Fold[]; width: number }[] {
  const random = randomFrom(1948);
  return Array.from({ length: count }, () => {
    const scale = 10 ** (9 + random() * 9);
    let to = bigFromFloat((random() - 0.4) * 2e18);
    const window = { from: to, to };
    const folds: Fold[] = [];
    for (let k = 0; k < 1 + random() * 7; k += 1) {
      const from = to + 1n + bigFromFloat(scale * (0.2 + random()));
      to = from + bigFromFloat(scale * (3 + 40 * random()));
      folds.push({ from, to, gap: to - from });
    }
    window.to = to + 1n + bigFromFloat(scale * random());
    return { window, folds, width: Math.floor(500 + random() * 1000) };
  });
}

it('stands each word at the very instant that it says, and says each year that is another', () => {
  for (const [k, { window, folds, width }] of scenes(400).entries()) {
    const { view, words, ruler } = wordsIn(window, folds, width);
    const reader = new Reader();
    if (ruler.years) reader.year = ruler.years.slice(0, 4);
    const told = words.filter(({ of }) => of !== 'fold').toSorted((a, b) => a.left - b.left);
    for (const { text, x, left, of } of told) {
      const instant = reader.instantOf(text);
      if (of === 'stretch' || x === null) continue;
      expect(Math.abs(view.xOf(instant) - x), `${k}: ${text}`).toBeLessThan(1);
      expect(Math.abs(left - x), `${k}: ${text}`).toBeLessThan(6);
    }
  }
});

it('says where each stretch begins, with a tick under it, if there is room for a word', () => {
  for (const { window, folds, width } of scenes(200)) {
    const { words, ruler } = wordsIn(window, folds, width);
    for (const [k, { from, to }] of ruler.stretches.entries()) {
      const isOver = words.some(({ left, text }) => left < from && left + widthOf(text) > from - 16);
      if (isOver || to - from < 150 || to > width - RESERVED) continue;
      const said = words.filter(({ of, left }) => of !== 'fold' && left >= from && left < to);
      expect(
        said.some(({ x }) => x !== null && x - from <= 26),
        `${k} ${JSON.stringify(words)}`,
      ).toBe(true);
    }
  }
});

// One event in 1948, some in 2001, one in 2008, and then a store of today.
it('never reads backwards, and leaves no stretch of a store without its year', () => {
  const year = (n: number) => nanosFromCivil(BigInt(n), 1, 1);
  const window = { from: at('1946-08-17T00:00:00Z'), to: year(2021) };
  const folds = [
    { from: at('1948-08-05T00:00:00Z'), to: at('2000-09-01T00:00:00Z'), gap: 53n * 8766n * HOUR },
    { from: at('2002-04-01T00:00:00Z'), to: at('2008-02-01T00:00:00Z'), gap: 7n * 8766n * HOUR },
    { from: at('2009-06-01T00:00:00Z'), to: at('2014-10-01T00:00:00Z'), gap: 7n * 8766n * HOUR },
  ];
  const { words, ruler } = wordsIn(window, folds, 952);
  const texts = words.filter(({ of }) => of !== 'fold').toSorted((a, b) => a.left - b.left);
  const years = texts.map(({ text }) => number(/\d{4}/.exec(text)?.[0] ?? '0')).filter(Boolean);
  expect(years).toEqual(years.toSorted((a, b) => a - b));
  for (const { from, to } of ruler.stretches) {
    expect(texts.some(({ left, text }) => left >= from && left < to && /\d{4}/.test(text))).toBe(true);
  }
});

it('writes dates in the chosen form', () => {
  const said = (format: TimeFormat) => words(ORDER, 900, format).words.filter(({ of }) => of === 'tick')[0]?.text;
  expect(said('iso')).toMatch(/^1 Aug 2026 \d\d:\d\d$/);
  expect(said('dayFirst')).toMatch(/^01\.08\.2026 /);
  expect(said('monthFirst')).toMatch(/^08\/01\/2026 /);
});

it('begins weeks on Mondays', () => {
  const from = at('2026-08-01T00:00:00Z');
  const days = timeTicks({ from, to: from + 70n * 24n * HOUR }, 1100, 104);
  expect(days.map(({ text }) => text).slice(0, 3)).toEqual(['3 Aug 2026', '10 Aug', '17 Aug']);
});

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
      const stretch = told.ruler.stretches[k];
      const inside = told.words.filter(
        ({ of, left, text }) => of !== 'fold' && stretch && left + widthOf(text) > stretch.from && left < stretch.to,
      );
      const day = time.slice(8, 10).replace(/^0/, '');
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
  const window = { from: at('2026-08-14T09:31:00Z') - 1n, to: at('2026-08-14T09:35:00Z') };
  const view = Projection.of(window, 900, []);
  const ruler = rulerOf(view, window, { axis: 'time', bounds: window, ahead: 0n, zone: UTC });
  const ticks = ruler.ticks.map((tick, k) => (k === 0 ? { ...tick, x: -20 } : tick));
  const told = wordsOf({ ...ruler, ticks }, view, RESERVED, widthOf);
  expect(told.map(({ text }) => text).slice(0, 2)).toEqual(['14 Aug 2026 09:31:30', '09:32:30']);
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
  const told = wordsIn(window, folds, 900)
    .words.filter(({ of }) => of !== 'fold')
    .toSorted((a, b) => a.left - b.left);
  const texts = told.map(({ text }) => text);
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.filter((text) => text.includes('31 Aug'))).toHaveLength(1);
  expect(texts.some((text) => text.includes('1 Sep'))).toBe(true);
});
