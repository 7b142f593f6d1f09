// A moment as a person types it, made into a cursor that the engine reads alike in every zone. A time that names no zone
// is of the zone that times are shown in, and what the window itself writes is understood. Nothing else is changed.

import {
  civilFromNanos,
  dateText,
  monthText,
  nanosFromCivil,
  nanosFromRfc3339,
  rfc3339FromNanos,
  rfc3339Now,
} from './instant';
import { shownTime } from './zone.svelte';

const NANOS_PER_SECOND = 1_000_000_000n;
const DAYS = { yesterday: -1n, today: 0n, tomorrow: 1n } as const;

interface Typed {
  /** `2026-08-03`. */
  date: string;
  /** `14:00:00.5`; `null`: the day begins with it. */
  clock: string | null;
  /** As it was typed; empty: that in which times are shown. */
  zone: string;
}

/**
 * The cursor of a text: `v 734,166` is `v734166`, `03.08.2026 14:00` is `2026-08-03 14:00:00+02:00` where Berlin is shown.
 * A time alone is of the day of `on`, RFC 3339; without one of today. A time that clocks showed twice or never keeps the
 * name of its zone: the engine says so and refuses it. What is no moment stays as it is.
 */
export function cursorOfTyped(typed: string, on: string | null = null): string {
  const text = typed.trim();
  const [, sign, digits = ''] = /^(v|#)\s*(\d{1,3}(?:,\d{3})+|\d+)$/i.exec(text) ?? [];
  if (sign !== undefined) return `${sign.toLowerCase()}${digits.replaceAll(',', '')}`;
  const time = typedTime(text, on);
  // What is an instant already says all that there is to say.
  if (time === null || nanosFromRfc3339(text) !== null) return text;
  const { clock, date, zone } = time;
  if (/^(z|utc)$/i.test(zone)) return `${date} ${clock}Z`;
  if (zone !== '') return `${date} ${clock}${/^[a-z]/i.test(zone) ? ' ' : ''}${zone}`;
  const instant = instantOf(time);
  return instant === null ? [date, clock, shownTime.label].filter(Boolean).join(' ') : writtenOut(instant);
}

/** Two times as a person types them, `A..B`, with each written out; any other text as it is. */
export function typedRange(text: string): string {
  const parts = text.split(/\.\.|\s[–-]\s/);
  return parts.length === 2 ? parts.map((part) => cursorOfTyped(part)).join(' .. ') : text;
}

/** Whether a text is a time as a person types it, with or without its zone. */
export function isTypedTime(text: string): boolean {
  return typedTime(text.trim(), null) !== null;
}

function typedTime(text: string, on: string | null): Typed | null {
  const [, day = '', hour, minute = '', second = '00', fraction = '', zone = ''] = CLOCK.exec(text) ?? [];
  if (hour === undefined) {
    const date = dateOf(text);
    return date === null ? null : { date, clock: null, zone: '' };
  }
  if (!isBelow(hour, 24) || !isBelow(minute, 60) || !isBelow(second, 60)) return null;
  const date = day === '' ? (zone === '' ? civilDay(on) : null) : dateOf(day);
  return date === null
    ? null
    : { date, clock: `${hour.padStart(2, '0')}:${minute}:${second}${fraction.replace(',', '.')}`, zone };
}

const CLOCK =
  /^(?:(\S.*?)(?:,?\s+|t))?(\d{1,2}):(\d\d)(?::(\d\d)([.,]\d{1,9})?)?\s*(z|utc|[+-]\d\d:\d\d|[a-z]+(?:\/[\w+-]+)+)?$/i;

function dateOf(text: string): string | null {
  const word = text.toLowerCase();
  if (word in DAYS) return civilDay(null, DAYS[word as keyof typeof DAYS]); // `in` has looked.
  const [, ...iso] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (iso.length > 0) return dateFrom(iso[0], iso[1], iso[2]);
  const [, ...dayFirst] = /^(\d\d?)\.(\d\d?)\.(\d{4})$/.exec(text) ?? [];
  if (dayFirst.length > 0) return dateFrom(dayFirst[2], dayFirst[1], dayFirst[0]);
  const [, ...monthFirst] = /^(\d\d?)\/(\d\d?)\/(\d{4})$/.exec(text) ?? [];
  if (monthFirst.length > 0) return dateFrom(monthFirst[2], monthFirst[0], monthFirst[1]);
  const [, day, name, year] = /^(\d\d?) ([a-z]{3}) (\d{4})$/i.exec(text) ?? [];
  const month = MONTHS.find((of) => monthText(of).toLowerCase() === name?.toLowerCase());
  return month === undefined ? null : dateFrom(year, `${month}`, day);
}

const MONTHS = Array.from({ length: 12 }, (_, at) => at + 1);

/** `null`: no calendar has the day. */
function dateFrom(year = '', month = '', day = ''): string | null {
  const date = [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-');
  const nanos = nanosFromRfc3339(`${date}T00:00:00Z`);
  return nanos !== null && dateText(civilFromNanos(nanos)) === date ? date : null;
}

/** The day of an instant where times are shown; of now without one. */
function civilDay(on: string | null, later = 0n): string | null {
  const nanos = nanosFromRfc3339(on ?? rfc3339Now());
  if (nanos === null) return null;
  const t = civilFromNanos(shownTime.civil(nanos));
  return dateText(civilFromNanos(nanosFromCivil(t.year, t.month, t.day) + later * 86_400n * NANOS_PER_SECOND));
}

/** `null`: clocks showed it twice or never. A day begins with its first instant, whatever clocks show then. */
function instantOf({ clock, date }: Typed): bigint | null {
  const civil = nanosFromRfc3339(`${date}T${clock ?? '00:00:00'}Z`);
  if (civil === null) return null;
  const { first, instants } = shownTime.instants(civil);
  return clock === null ? (instants[0] ?? first) : instants.length === 1 ? (instants[0] ?? null) : null;
}

function writtenOut(instant: bigint): string {
  const offset = shownTime.offsetAt(instant);
  const minutes = (offset < 0n ? -offset : offset) / 60n;
  // Zones of former centuries were ahead by seconds too, which no offset says.
  if (shownTime.isUtc || offset % 60n !== 0n) return rfc3339FromNanos(instant).replace('T', ' ');
  const local = rfc3339FromNanos(instant + offset * NANOS_PER_SECOND)
    .replace('T', ' ')
    .replace('Z', '');
  const two = (value: bigint) => `${value}`.padStart(2, '0');
  return `${local}${offset < 0n ? '-' : '+'}${two(minutes / 60n)}:${two(minutes % 60n)}`;
}

function isBelow(digits: string, end: number): boolean {
  return digits.padStart(2, '0') < `${end}`;
}
