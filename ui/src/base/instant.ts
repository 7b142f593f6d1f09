// Instants as whole nanoseconds since 1970-01-01 UTC, and their texts. RFC 3339 in, RFC 3339 out, no Date: a Date has
// milliseconds only and would round what the store holds.

import { bigFromText, floorDiv } from './exact';
import { shownTime, type TimeFormat } from './zone.svelte';

const NANOS_PER_SECOND = 1_000_000_000n;
const NANOS_PER_DAY = 86_400n * NANOS_PER_SECOND;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface CivilTime {
  year: bigint;
  /** 1 to 12. */
  month: number;
  /** 1 to 31. */
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 0 to 999,999,999. */
  nanos: number;
}

/** Nanoseconds since the epoch, or `null` when the text is no RFC 3339 instant. */
export function nanosFromRfc3339(text: string): bigint | null {
  const match = /^(-?\d{4,})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match as unknown as string[];
  const days = daysFromCivil(BigInt(year ?? '0'), BigInt(month ?? '1'), BigInt(day ?? '1'));
  const seconds = BigInt(hour ?? '0') * 3600n + BigInt(minute ?? '0') * 60n + BigInt(second ?? '0');
  const nanos = BigInt((fraction ?? '').padEnd(9, '0'));
  return days * NANOS_PER_DAY + (seconds - offsetSeconds(zone ?? 'Z')) * NANOS_PER_SECOND + nanos;
}

/** `2026-08-14T09:31:07.482Z`, with as many digits as the instant needs: 0, 3, 6 or 9. */
export function rfc3339FromNanos(nanos: bigint): string {
  const t = civilFromNanos(nanos);
  return `${dateText(t)}T${clockText(t)}${fractionText(t.nanos)}Z`;
}

/** `2026-08-14 09:31:07.482Z`: in the shown zone and form, with the store's own precision and the zone behind it. */
export function instantText(rfc3339: string): string {
  const { format, isUtc } = shownTime;
  const nanos = isUtc && format === 'iso' ? null : nanosFromRfc3339(rfc3339);
  // What is no instant stays as it is written.
  if (nanos === null) return rfc3339.replace('T', ' ');
  const fraction = /\.\d+/.exec(rfc3339)?.[0] ?? '';
  const t = civilFromNanos(shownTime.civil(nanos));
  return `${dateIn(format, t)} ${clockText(t)}${fraction}${zoneText(nanos)}`;
}

/** What time it is, RFC 3339 in whole seconds: when something was read, nothing that is measured. */
export function rfc3339Now(): string {
  return rfc3339FromNanos(BigInt(Math.floor(Date.now() / 1000)) * NANOS_PER_SECOND);
}

/** As `instantText`, in whole seconds: for when something was read, nothing that is measured. */
export function secondText(rfc3339: string): string {
  return instantText(rfc3339.replace(/\.\d+/, ''));
}

/** `2026-08-14 09:31 UTC`, for a time that needs no seconds. */
export function minuteText(rfc3339: string): string {
  const nanos = nanosFromRfc3339(rfc3339);
  if (nanos === null) return rfc3339;
  const t = civilFromNanos(shownTime.civil(nanos));
  return `${dateIn(shownTime.format, t)} ${clockText(t).slice(0, 5)} ${zoneText(nanos).replace('Z', 'UTC')}`;
}

/** Both ends in whole minutes; the zone is said once, behind the second, where it is of both. */
export function minutesText(from: string, to: string): [string, string] {
  const [first, last] = [minuteText(from), minuteText(to)];
  const zone = / \S+$/.exec(last)?.[0] ?? '';
  return [zone !== '' && first.endsWith(zone) ? first.slice(0, -zone.length) : first, last];
}

/** `12 Mar 2024` in the shown zone, `12.03.2024` where that form was chosen; the text itself when it is no instant. */
export function dayText(rfc3339: string): string {
  const nanos = nanosFromRfc3339(rfc3339);
  if (nanos === null) return rfc3339;
  const t = civilFromNanos(shownTime.civil(nanos));
  return shownTime.format === 'iso' ? `${t.day} ${monthText(t.month)} ${t.year}` : dateIn(shownTime.format, t);
}

/** `3 Aug 2026 → 14 Aug 2026`; of one day its hours: `3 Aug 2026, 09:31:07 → 14:02:00`. */
export function daysBetweenText(first: string, last: string): string {
  const [from, to] = [dayText(first), dayText(last)];
  if (from !== to) return `${from} → ${to}`;
  const clock = (at: string) => {
    const nanos = nanosFromRfc3339(at);
    return nanos === null ? '' : clockText(civilFromNanos(shownTime.civil(nanos)));
  };
  const clocks = [...new Set([clock(first), clock(last)])].filter(Boolean).join(' → ');
  return [from, clocks].filter(Boolean).join(', ');
}

export function monthText(month: number): string {
  return MONTHS[month - 1] ?? '';
}

export function civilFromNanos(nanos: bigint): CivilTime {
  const day = floorDiv(nanos, NANOS_PER_DAY);
  const inDay = nanos - day * NANOS_PER_DAY;
  const seconds = small(inDay / NANOS_PER_SECOND);
  return {
    ...civilFromDays(day),
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    nanos: small(inDay % NANOS_PER_SECOND),
  };
}

export function nanosFromCivil(year: bigint, month: number, day: number, secondOfDay = 0): bigint {
  return daysFromCivil(year, BigInt(month), BigInt(day)) * NANOS_PER_DAY + BigInt(secondOfDay) * NANOS_PER_SECOND;
}

export function dateText(t: CivilTime): string {
  return `${yearText(t.year)}-${two(t.month)}-${two(t.day)}`;
}

export function clockText(t: CivilTime): string {
  return `${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}

export function fractionText(nanos: number): string {
  if (nanos === 0) return '';
  const digits = `${nanos}`.padStart(9, '0');
  return `.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}`;
}

/** `6 min 12 s`, `41 d 3 h`: the two largest units of a length of time. */
export function durationText(nanos: bigint): string {
  const units: [bigint, string][] = [
    [NANOS_PER_DAY, 'd'],
    [3600n * NANOS_PER_SECOND, 'h'],
    [60n * NANOS_PER_SECOND, 'min'],
    [NANOS_PER_SECOND, 's'],
    [1_000_000n, 'ms'],
    [1_000n, 'µs'],
    [1n, 'ns'],
  ];
  const rest = nanos < 0n ? -nanos : nanos;
  const first = units.findIndex(([size]) => rest >= size);
  const unit = units[first];
  if (!unit) return '0 s';
  const lead = `${rest / unit[0]} ${unit[1]}`;
  const next = units[first + 1];
  const remainder = next && first < 4 ? (rest % unit[0]) / next[0] : 0n;
  return remainder > 0n && next ? `${lead} ${remainder} ${next[1]}` : lead;
}

/** `≈ 3.5 d`, `≈ 41 d`, `≈ 67 y`: what is known to a column of a timeline only. A year has 365.25 days. */
export function approximateText(nanos: bigint): string {
  const units: [bigint, string][] = [
    [31_557_600n * NANOS_PER_SECOND, 'y'],
    [NANOS_PER_DAY, 'd'],
    [3600n * NANOS_PER_SECOND, 'h'],
    [60n * NANOS_PER_SECOND, 'min'],
    [NANOS_PER_SECOND, 's'],
    [1_000_000n, 'ms'],
    [1_000n, 'µs'],
  ];
  // A little less than a minute is about a minute, not about sixty seconds.
  const [size, unit] = units.find(([size]) => nanos * 100n >= size * 98n) ?? [1n, 'ns'];
  const tenths = (nanos * 10n + size / 2n) / size;
  const whole = (nanos + size / 2n) / size;
  return tenths >= 100n || tenths % 10n === 0n ? `≈ ${whole} ${unit}` : `≈ ${tenths / 10n}.${tenths % 10n} ${unit}`;
}

/** `2026-08-14`, `14.08.2026`, `08/14/2026`. */
export function dateIn(format: TimeFormat, t: CivilTime): string {
  if (format === 'iso') return dateText(t);
  const [first, second] = format === 'dayFirst' ? [t.day, t.month] : [t.month, t.day];
  const sign = format === 'dayFirst' ? '.' : '/';
  return [two(first), two(second), yearText(t.year)].join(sign);
}

/** `Z`, `+02:00`. */
function zoneText(nanos: bigint): string {
  if (shownTime.isUtc) return 'Z';
  const offset = shownTime.offsetAt(nanos);
  const minutes = small((offset < 0n ? -offset : offset) / 60n);
  return `${offset < 0n ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function offsetSeconds(zone: string): bigint {
  if (zone.length < 6) return 0n;
  const sign = zone.startsWith('-') ? -1n : 1n;
  const hours = bigFromText(zone.slice(1, 3)) ?? 0n;
  const minutes = bigFromText(zone.slice(4, 6)) ?? 0n;
  return sign * (hours * 3600n + minutes * 60n);
}

// Days and civil dates of the proleptic Gregorian calendar, counted in eras of 400 years that start on 1 March.
function daysFromCivil(year: bigint, month: bigint, day: bigint): bigint {
  const y = month <= 2n ? year - 1n : year;
  const era = floorDiv(y, 400n);
  const yearOfEra = y - era * 400n;
  const dayOfYear = (153n * (month + (month > 2n ? -3n : 9n)) + 2n) / 5n + day - 1n;
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * 146_097n + dayOfEra - 719_468n;
}

function civilFromDays(days: bigint): Pick<CivilTime, 'year' | 'month' | 'day'> {
  const z = days + 719_468n;
  const era = floorDiv(z, 146_097n);
  const dayOfEra = z - era * 146_097n;
  const yearOfEra = (dayOfEra - dayOfEra / 1460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const shifted = (5n * dayOfYear + 2n) / 153n;
  const month = small(shifted < 10n ? shifted + 3n : shifted - 9n);
  const year = yearOfEra + era * 400n + (month <= 2 ? 1n : 0n);
  return { year, month, day: small(dayOfYear - (153n * shifted + 2n) / 5n + 1n) };
}

// Fields of a civil time are far below 2^53.
function small(value: bigint): number {
  // eslint-disable-next-line no-restricted-syntax -- bounded by the calendar
  return Number(value);
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function yearText(year: bigint): string {
  return year < 0n ? `-${`${-year}`.padStart(4, '0')}` : `${year}`.padStart(4, '0');
}
