// What the twin says of an open store: what it is, what is in it, its streams. Pure functions of its events.

import type * as wire from '../bindings';
import { findingsOfSample, lastTime, lengthOf, streamRow, timeText, typeCounts } from './answers';
import { categoryOf, type FakeEvents } from './orders';

export function openedAnswer(
  session: number,
  location: string,
  events: FakeEvents,
  newest: wire.EventRow[],
  indexIsReady: boolean,
): wire.StoreOpened {
  const total = events.times.length;
  return {
    ...{ session, location, name: 'orders', kind: 'SQLite', layout: 'emmett', layoutTitle: 'Emmett (SQLite)' },
    evidence: ['table emt_messages has all 11 columns of the layout', 'table emt_streams is there'],
    readOnly: ['opened with immutable=1', 'query_only is on', 'an authorizer refuses every writing statement'],
    ...{ orderIsTotal: true, timeZone: 'UTC', size: '61.4 MB', events: total, eventsIsExact: true, newest },
    ...spanOf(events),
    findings: [],
    ...{ sampledTypes: typeCounts(events, null), sampledEvents: total },
    indexIsReady,
    hasChain: location.includes('chained'),
    case: caseOf(location, events),
    handlers: location.includes('without-handlers') ? [] : HANDLERS,
  };
}

const HANDLERS: wire.HandlerChoice[] = [
  { reference: '/home/ada/shop/handlers/order@1.1.0', name: 'order', version: '1.1.0', category: 'order' },
  { reference: '/home/ada/shop/handlers/order@1.0.0', name: 'order', version: '1.0.0', category: 'order' },
  { reference: 'builtin:merge', name: 'builtin:merge', version: '', category: null },
];

// A file with the ending of case files is one.
function caseOf(location: string, events: FakeEvents): wire.CaseWire | null {
  if (!location.endsWith('.refold-case')) return null;
  const stream = 'order-4711';
  const handler = '/home/ada/.cache/refold/cases/4f1c09aa/handlers/order@1.1.0';
  const place: wire.DocumentPlace = {
    ...{ view: 'history', store: location, layout: 'emmett', stream, category: 'order', handler, a: 10, b: 6 },
    ...{
      lens: 'diff',
      axis: 'version',
      from: null,
      to: null,
      focus: null,
      types: [],
      asOf: null,
      lanes: null,
      streams: null,
      compared: null,
      look: null,
      sandbox: null,
    },
  };
  return {
    ...{ writtenAt: '2026-09-01T08:12:40Z', writtenBy: '0.1.0', store: '/srv/shop/orders.db', storeKind: 'SQLite' },
    ...{ storeLayout: 'Emmett (SQLite)', storeIdentity: '61553fc13103d5f3', lastPosition: `${events.times.length}` },
    ...{ lastPositionRecordedAt: spanOf(events).lastRecordedAt, eventsUntil: '2026-08-03T15:02:11.000Z' },
    ...{ streams: [{ stream, category: 'order', events: 15 }], notes: 1, findings: [] },
    handlers: [{ name: 'order', version: '1.1.0', hash: `sha256:${'18ee5032'.repeat(8)}`, reference: handler }],
    leftOut: ['streams in it: 1 of 5,001; causes and effects in others are not here'],
    ...{ shown: 0, places: [place] },
  };
}

export function overviewAnswer(events: FakeEvents): wire.Overview {
  const total = events.times.length;
  return {
    events: total,
    streams: events.ids.length,
    ...spanOf(events),
    types: typeCounts(events, null),
    categories: total > 0 ? categoriesOf(events) : [],
    findings: total > 100 ? findingsOfSample() : [],
    isBehind: false,
  };
}

export function streamsAnswer(events: FakeEvents, query: wire.StreamQuery): wire.StreamPage {
  const fits = (i: number) =>
    (events.ids[i]?.includes(query.matching) ?? false) &&
    (query.category === null || categoryOf(events, i) === query.category) &&
    (query.lastType === null || streamRow(events, i).lastType === query.lastType);
  const matching = events.ids.map((_, i) => i).filter(fits);
  const key = (i: number) => {
    if (query.sort === 'id' || query.sort === 'category') return i;
    if (query.sort === 'first') return events.times[events.ofStream[i]?.[0] ?? 0] ?? 0;
    return query.sort === 'events' ? lengthOf(events, i) : lastTime(events, i);
  };
  matching.sort((a, b) => (query.descending ? key(b) - key(a) : key(a) - key(b)) || a - b);
  const rows = matching.slice(query.offset, query.offset + query.limit).map((i) => streamRow(events, i));
  return { total: events.ids.length, matching: matching.length, rows };
}

function categoriesOf(events: FakeEvents): wire.CategoryCount[] {
  const streams = (name: string) => events.ids.filter((_, stream) => categoryOf(events, stream) === name).length;
  return events.categories.map((name) => ({ name, streams: streams(name) }));
}

function spanOf(events: FakeEvents): { firstRecordedAt: string; lastRecordedAt: string } {
  const last = events.times.length - 1;
  return {
    firstRecordedAt: last < 0 ? '' : timeText(events.times[0] ?? 0),
    lastRecordedAt: last < 0 ? '' : timeText(events.times[last] ?? 0),
  };
}
