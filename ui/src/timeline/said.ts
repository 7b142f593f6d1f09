// What a tick of the time axis says: as much of its date as is not known from the word before it. Pure.

import { clockText, dateIn, fractionText, monthText, type CivilTime } from '../base/instant';
import type { TimeFormat } from '../base/zone.svelte';

/** The border of what: of a year, a month, a day, or of something shorter, said by the clock. */
export type Grain = 'year' | 'month' | 'day' | 'clock' | 'seconds';

/** A border of the calendar of a zone. */
export interface Said {
  civil: CivilTime;
  grain: Grain;
  /** ` +02:00` where a time came twice; else empty. */
  offset: string;
}

/** `before`: what a person read last; `null`: nothing. A year is said wherever it is not the one of before. */
export function saidText({ civil, grain, offset }: Said, before: Said | null, format: TimeFormat): string {
  const isSameYear = before?.civil.year === civil.year;
  switch (grain) {
    case 'year':
      return `${civil.year}`;
    case 'month':
      return isSameYear ? monthText(civil.month) : `${monthText(civil.month)} ${civil.year}`;
    case 'day':
      return isSameYear ? shortDayText(civil, format) : wholeDayText(civil, format);
    default: {
      const clock =
        (grain === 'seconds' ? clockText(civil) + fractionText(civil.nanos) : clockText(civil).slice(0, 5)) + offset;
      if (before && isSameYear && isSameDay(before, civil)) return clock;
      return `${isSameYear ? shortDayText(civil, format) : wholeDayText(civil, format)} ${clock}`;
    }
  }
}

/** `13 Aug`, `13.08.`, `08/13`. */
function shortDayText(t: CivilTime, format: TimeFormat): string {
  if (format === 'iso') return `${t.day} ${monthText(t.month)}`;
  return format === 'dayFirst' ? dateIn(format, t).slice(0, 6) : dateIn(format, t).slice(0, 5);
}

/** `13 Aug 2026`, `13.08.2026`, `08/13/2026`. */
function wholeDayText(t: CivilTime, format: TimeFormat): string {
  return format === 'iso' ? `${shortDayText(t, format)} ${t.year}` : dateIn(format, t);
}

function isSameDay({ civil, grain }: Said, t: CivilTime): boolean {
  return grain !== 'year' && grain !== 'month' && civil.month === t.month && civil.day === t.day;
}
