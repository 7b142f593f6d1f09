// The growing and comparing part of the twin: a store with `live` in its location gains events, one with `lost` goes out
// of reach after a moment, and a range is compared by type and stream.

import { nanosFromRfc3339 } from '../../base/instant';
import type * as wire from '../bindings';
import { millisToNanos } from './answers';
import { TYPES, type FakeEvents } from './orders';

/** How often a live store of the twin tells news. */
const TELL_MILLIS = 500;

/** Tells news until the store is closed; answers how to stop. */
export function tellNews(location: string, events: number, tell: (news: wire.StoreNews) => void): () => void {
  const news = {
    events,
    newEvents: 0,
    size: null,
    eventsPerSecond: 0,
    isOutdated: false,
    back: null,
    heldBack: null,
    histories: [],
    lost: null,
    asOf: '2026-08-14T09:31:07.482Z',
  };
  tell(news);
  if (location.includes('lost')) {
    const error: wire.AppErrorWire = {
      ...{ code: 'unreachable', message: `cannot reach the store: there is no such file: ${location}`, choices: [] },
      hint: 'put it back, or open it where it is now',
    };
    const timer = setTimeout(
      () => tell({ ...news, lost: { error, since: news.asOf, retryInMillis: 4_000, isAnother: false } }),
      TELL_MILLIS,
    );
    return () => clearTimeout(timer);
  }
  if (!location.includes('live')) return () => {};
  let came = 0;
  const timer = setInterval(() => {
    came += 7_100;
    tell({ ...news, newEvents: came, eventsPerSecond: 14_200 });
  }, TELL_MILLIS);
  return () => clearInterval(timer);
}

export function rangeFacts(events: FakeEvents, query: wire.RangeQuery): wire.RangeFacts {
  const inside = insideOf(events, query);
  return {
    ...{ from: query.from, to: query.to, events: inside.length, span: '40 min' },
    streams: new Set(inside.map((at) => events.streams[at] ?? 0)).size,
    types: new Set(inside.map((at) => events.types[at])).size,
  };
}

export function distinguish(events: FakeEvents, query: wire.RangeQuery): wire.Distinction {
  const inside = insideOf(events, query);
  const total = events.times.length;
  const attribute = (kind: wire.AttributeKind, name: string, nameOf: (at: number) => string): wire.Distinguished => {
    const all = new Map<string, number>();
    for (let at = 0; at < total; at += 1) all.set(nameOf(at), (all.get(nameOf(at)) ?? 0) + 1);
    const some = new Map<string, number>();
    for (const at of inside) some.set(nameOf(at), (some.get(nameOf(at)) ?? 0) + 1);
    const outsideOf = Math.max(1, total - inside.length);
    const rows = [...all].map(([value, count]) => {
      const within = some.get(value) ?? 0;
      return { value, inside: within, outside: count - within };
    });
    const far = ({ inside: a, outside: b }: { inside: number; outside: number }) =>
      Math.abs(Math.asin(Math.sqrt(a / Math.max(1, inside.length))) - Math.asin(Math.sqrt(b / outsideOf)));
    const most = rows.reduce(
      (best, row) => (far(row) > far(best) ? row : best),
      rows[0] ?? { value: '', inside: 0, outside: 0 },
    );
    return { kind, name, ...most, insideOf: inside.length, outsideOf, hasSignal: far(most) > 0.1 };
  };
  return {
    facts: rangeFacts(events, query),
    ...{ restEvents: total - inside.length, sampledEvents: Math.min(total, 200_000), sampleIsWhole: total <= 200_000 },
    unreadableEvents: 0,
    attributes: [
      attribute('type', 'type', (at) => TYPES[events.types[at] ?? 0] ?? ''),
      attribute('stream', 'stream', (at) => events.ids[events.streams[at] ?? 0] ?? ''),
      attribute('metadata', 'metadata.host', (at) => `"worker-${(events.times[at] ?? 0) % 8}"`),
      attribute('payload', 'data.currency', (at) => (at % 10 < 7 ? '"EUR"' : '"USD"')),
    ],
  };
}

function insideOf(events: FakeEvents, { axis, from, to }: wire.RangeQuery): number[] {
  const low = axis === 'time' ? nanosFromRfc3339(from) : BigInt(from);
  const high = axis === 'time' ? nanosFromRfc3339(to) : BigInt(to);
  if (low === null || high === null) return [];
  const place = (at: number) => (axis === 'time' ? millisToNanos(events.times[at] ?? 0) : BigInt(at + 1));
  return [...events.times.keys()].filter((at) => place(at) >= low && place(at) < high);
}
