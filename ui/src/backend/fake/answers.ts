// What the twin answers with, made from its events: density, rows, cursors, findings. Pure functions of the events.

import { bigFromFloat, bigFromText, floatFromBig } from '../../base/exact';
import { durationText, nanosFromRfc3339, rfc3339FromNanos } from '../../base/instant';
import { BackendError } from '../backend';
import type * as wire from '../bindings';
import { Flag, type DensityFrame, type StateRow } from '../frames';
import { categoryOf, dice, TYPES, UNDECODABLE, type FakeEvents, type Payload } from './orders';

const SLOTS = 9;
const NANOS_PER_MILLI = 1_000_000n;

export function density(
  events: FakeEvents,
  positions: Uint32Array,
  query: wire.DensityQuery,
  { series, slotAt }: Series,
): DensityFrame {
  const value = (k: number): bigint => {
    if (query.axis === 'version') return BigInt(k + 1);
    const position = positions[k] ?? 0;
    return query.axis === 'position' ? BigInt(position + 1) : millisToNanos(events.times[position] ?? 0);
  };
  const last = positions.length - 1;
  const bound = (text: string, fallback: bigint) => nanosFromRfc3339(text) ?? bigFromText(text) ?? fallback;
  const from = bound(query.from, last < 0 ? 0n : value(0));
  const to = bound(query.to, last < 0 ? 1n : value(last) + 1n);
  const counts = new Uint32Array(query.columns * series.length);
  const flags = new Uint8Array(query.columns);
  const problems = new Uint32Array(query.columns);
  const paces = new Uint8Array(query.axis === 'version' ? query.columns : 0);
  const bucket = floatFromBig(to - from) / query.columns;
  for (let k = 0; k <= last; k += 1) {
    const at = value(k);
    if (at < from || at >= to) continue;
    const column = Math.min(query.columns - 1, Math.floor(floatFromBig(at - from) / bucket));
    const position = positions[k] ?? 0;
    const index = column * series.length + slotAt(position);
    counts[index] = (counts[index] ?? 0) + 1;
    if (k > 0 && paces.length > 0) {
      const gap = (events.times[position] ?? 0) - (events.times[positions[k - 1] ?? 0] ?? 0);
      paces[column] = Math.max(paces[column] ?? 0, 1 + Math.floor(Math.log2(Math.max(0, gap) + 1)));
    }
    const isBroken = events.ids[events.streams[position] ?? 0] === UNDECODABLE.stream;
    if (isBroken && events.versions[position] === UNDECODABLE.version) {
      flags[column] = Flag.problem | Flag.undecodable;
      problems[column] = (problems[column] ?? 0) + 1;
    }
  }
  const text = (edge: bigint) => (query.axis === 'time' ? rfc3339FromNanos(edge) : `${edge}`);
  return { columns: query.columns, from: text(from), to: text(to), series, counts, flags, problems, paces };
}

interface Series {
  series: string[];
  /** Which of them the event of a position is of. */
  slotAt(position: number): number;
}

/** What the events of a column are told apart by. */
export function seriesOf(events: FakeEvents, by: wire.DensityBy = 'type'): Series {
  if (by === 'category') {
    const slotAt = (position: number) => (events.streams[position] ?? 0) % events.categories.length;
    return { series: [...events.categories], slotAt };
  }
  const ranked = typeCounts(events, null)
    .map(({ name }) => name)
    .slice(0, SLOTS - 1);
  const slotOfType = TYPES.map((name) => (ranked.includes(name) ? ranked.indexOf(name) : SLOTS - 1));
  return {
    series: [...ranked, ...Array.from({ length: SLOTS - ranked.length }, () => 'other')],
    slotAt: (position) => slotOfType[events.types[position] ?? 0] ?? SLOTS - 1,
  };
}

/** Where on an axis the event of a moment is. */
export function placeOf(events: FakeEvents, positions: Uint32Array, axis: wire.Axis, moment: number): bigint {
  const position = positions[moment - 1] ?? 0;
  if (axis === 'version') return BigInt(moment);
  return axis === 'position' ? BigInt(position + 1) : millisToNanos(events.times[position] ?? 0);
}

/** The column of a place; -1 before the window, its number of columns behind it. */
export function columnIn(query: wire.DensityQuery, place: bigint): number {
  const bound = (text: string) => nanosFromRfc3339(text) ?? bigFromText(text) ?? 0n;
  const [from, to] = [bound(query.from), bound(query.to)];
  if (place < from) return -1;
  return place >= to ? query.columns : floatFromBig(((place - from) * BigInt(query.columns)) / (to - from));
}

export function momentFrom(
  text: string,
  events: FakeEvents,
  positions: Uint32Array,
): { moment: number; at: bigint | null } {
  const whole = (digits: string) => floatFromBig(bigFromText(digits) ?? 0n);
  if (text === 'start') return { moment: 0, at: null };
  if (text === 'head') return { moment: positions.length, at: null };
  if (/^v\d+$/.test(text)) return { moment: Math.min(positions.length, whole(text.slice(1))), at: null };
  if (/^#\d+$/.test(text)) {
    const limit = whole(text.slice(1));
    return { moment: positions.filter((position) => position + 1 <= limit).length, at: null };
  }
  const filled = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text.replace(' ', 'T');
  const at = nanosFromRfc3339(/T\d\d:\d\d$/.test(filled) ? `${filled}:00Z` : filled);
  if (at === null) {
    throw new BackendError({
      ...{ code: 'invalidInput', message: `"${text}" is no cursor`, choices: [] },
      hint: 'Write v12, #4711, 2026-08-03 14:00, -2h, start or head.',
    });
  }
  const moment = positions.filter((position) => millisToNanos(events.times[position] ?? 0) <= at).length;
  return { moment, at };
}

/** What is said of a version that is not there yet. */
export function pastHead(cursor: string, events: number): string {
  const asked = bigFromText(/^v(\d+)$/.exec(cursor)?.[1] ?? '');
  return asked !== null && asked > BigInt(events) ? `there is no v${asked} yet: this is the head, v${events}` : '';
}

export function explain(at: bigint, moment: number, gap: bigint): string {
  const asked = rfc3339FromNanos(at).replace('T', ' ').replace('Z', ' UTC');
  return `as of ${asked} · last event v ${moment}, ${durationText(gap)} earlier`;
}

export function typeCounts(events: FakeEvents, positions: Uint32Array | null): wire.TypeCount[] {
  const counts = new Map<string, number>();
  const count = (position: number) => {
    const name = TYPES[events.types[position] ?? 0] ?? '';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  if (positions) positions.forEach(count);
  else events.types.forEach((_, position) => count(position));
  const rows = [...counts].map(([name, total]) => ({ name, events: total }));
  return rows.sort((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1));
}

export function streamRow(events: FakeEvents, stream: number): wire.StreamRow {
  const positions = events.ofStream[stream] ?? new Uint32Array();
  const last = positions[positions.length - 1] ?? 0;
  return {
    ...{ id: events.ids[stream] ?? '', category: categoryOf(events, stream), events: positions.length },
    firstRecordedAt: timeText(events.times[positions[0] ?? 0] ?? 0),
    lastRecordedAt: timeText(events.times[last] ?? 0),
    lastType: TYPES[events.types[last] ?? 0] ?? '',
    problems: events.ids[stream] === UNDECODABLE.stream ? ['RF-EVENT-UNDECODABLE'] : [],
  };
}

export function lengthOf(events: FakeEvents, stream: number): number {
  return events.ofStream[stream]?.length ?? 0;
}

export function lastTime(events: FakeEvents, stream: number): number {
  return events.times[events.ofStream[stream]?.at(-1) ?? 0] ?? 0;
}

/** Rows of a blame say when. */
export function timed(events: FakeEvents, positions: Uint32Array): (row: StateRow) => StateRow {
  return (row) => {
    const position = positions[row.changedMoment - 1];
    if (row.actor === '' || position === undefined) return row;
    return { ...row, changedAt: timeText(events.times[position] ?? 0) };
  };
}

export function timeText(millis: number): string {
  return rfc3339FromNanos(millisToNanos(millis));
}

export function millisToNanos(millis: number): bigint {
  return bigFromFloat(millis) * NANOS_PER_MILLI;
}

const FINDINGS_A_PAGE = 100;

export function findingsOfSample(): [wire.FindingWire, wire.FindingWire] {
  return [
    finding('undecodable-payload', 'warning', 'payload ends in the middle of a string at byte 112', '3'),
    finding('unknown-type', 'notice', 'the handler has no rule for LoyaltyPointsGranted', '4'),
  ];
}

export function group({ code, severity, count, ...found }: wire.FindingWire): wire.FindingGroup {
  return { code, severity, count, advice: 'Look at the raw payload; ask who wrote it', found: [found] };
}

/** The findings of a code behind the first `from`. */
export function findingPage(groups: readonly wire.FindingGroup[], code: string, from: number): wire.FindingPage {
  const all = groups.find((one) => one.code === code)?.found ?? [];
  const found = all.slice(from, from + FINDINGS_A_PAGE);
  return { found, hasMore: from + found.length < all.length };
}

function finding(code: string, severity: wire.SeverityWire, detail: string, version: string): wire.FindingWire {
  const stream = version === '3' ? UNDECODABLE.stream : 'order-4714';
  return { code, severity, count: 1, detail, stream, version, position: null };
}

/** So long before the store took them the twin's events happened. */
export const OCCURRED_BEFORE_MILLIS = 90_000;

function occurredBefore(recordedAt: string): string {
  return rfc3339FromNanos((nanosFromRfc3339(recordedAt) ?? 0n) - millisToNanos(OCCURRED_BEFORE_MILLIS));
}

/** Everything of one event, whose payload is these members. */
export function detailOf(row: wire.EventRow, stream: number, payload: Payload): wire.EventDetail {
  const { moment } = row;
  const position = floatFromBig((bigFromText(row.position) ?? 1n) - 1n);
  const broken = row.problems.length > 0;
  const whole = `{${payload.map(([key, literal]) => `"${key}":${literal}`).join(',')}}`;
  const text = broken ? whole.slice(0, -14) : whole;
  const hash = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => Math.floor(dice(n, position, 5) * 0xffffffff).toString(16));
  return {
    row,
    eventId: `${hash[0] ?? ''}-4711-4000-8000-${`${position}`.padStart(12, '0')}`,
    schemaVersion: moment % 3 === 0 ? '1' : '2',
    occurredAt: occurredBefore(row.recordedAt),
    correlationId: `c0ffee00-0000-4000-8000-${`${stream}`.padStart(12, '0')}`,
    causationId: moment > 1 ? `c0ffee00-0000-4000-8000-${`${position - 1}`.padStart(12, '0')}` : null,
    encoding: 'JSON',
    isRedacted: false,
    payloadBytes: text.length,
    payloadSha256: hash.map((part) => part.padStart(8, '0')).join(''),
    undecodable: broken ? 'the text ends inside a string at byte 112' : null,
    raw: [
      { name: 'stream_id', kind: 'TEXT', bytes: row.stream.length, text: row.stream, hex: null, isRedacted: false },
      { name: 'stream_position', kind: 'INTEGER', bytes: 8, text: row.version, hex: null, isRedacted: false },
      { name: 'message_data', kind: 'TEXT', bytes: text.length, text, hex: null, isRedacted: false },
      {
        name: 'message_type',
        kind: 'TEXT',
        bytes: row.eventType.length,
        text: row.eventType,
        hex: null,
        isRedacted: false,
      },
      { name: 'global_position', kind: 'INTEGER', bytes: 8, text: row.position, hex: null, isRedacted: false },
      { name: 'signature', kind: 'BLOB', bytes: 16, text: null, hex: hash.slice(0, 4).join(''), isRedacted: false },
    ],
  };
}

export function notAStore(location: string): BackendError {
  return new BackendError({
    code: 'noLayout',
    message: `not an event store: no layout fits its tables (users, sessions, settings): ${location}`,
    hint: 'if it holds events, name the layout that fits, or describe where they are in a layout file',
    choices: [],
  });
}

/** The row of one event. `moment`: in its stream, 0 where that is not asked. */
export function eventRow(events: FakeEvents, position: number, moment: number): wire.EventRow {
  const stream = events.streams[position] ?? 0;
  const version = events.versions[position] ?? 0;
  const previous = events.ofStream[stream]?.[version - 2];
  const gap = previous === undefined ? null : (events.times[position] ?? 0) - (events.times[previous] ?? 0);
  const isBroken = events.ids[stream] === UNDECODABLE.stream && version === UNDECODABLE.version;
  return {
    ...{ moment, version: `${version}`, position: `${position + 1}`, stream: events.ids[stream] ?? '' },
    eventType: TYPES[events.types[position] ?? 0] ?? '',
    recordedAt: timeText(events.times[position] ?? 0),
    sincePrevious: gap === null ? '' : `+${durationText(millisToNanos(gap))}`,
    problems: isBroken ? ['undecodable-payload'] : [],
  };
}

/** The first streams whose id holds a text. */
export function findIn(events: FakeEvents, text: string, limit: number): wire.FindHit[] {
  const hits: wire.FindHit[] = [];
  for (let i = 0; i < events.ids.length && hits.length < limit; i += 1) {
    if (!events.ids[i]?.includes(text)) continue;
    const { id, category, events: count, lastRecordedAt } = streamRow(events, i);
    hits.push({ stream: id, category, events: count, lastRecordedAt });
  }
  return hits;
}
