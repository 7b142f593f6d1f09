// What ties the twin's events together: their story, causes and effects, lanes. Each event is caused by the one before
// it in its stream; the first of some streams by an event of the stream before, so that affairs cross streams.

import type * as wire from '../bindings';
import { floatFromBig } from '../../base/exact';
import { nanosFromRfc3339 } from '../../base/instant';
import { millisToNanos, OCCURRED_BEFORE_MILLIS, timeText } from './answers';
import { payloadOf, TYPES, UNDECODABLE, type FakeEvents, type Payload, type TypeName } from './orders';

type Teller = (fields: Map<string, string>) => string;

const bare = (literal: string | undefined) => (literal ?? '').replace(/^"|"$/g, '');

const TELLERS: Partial<Record<TypeName, Teller>> = {
  OrderPlaced: (f) => `Order placed by ${bare(f.get('customerId'))}`,
  ItemAdded: (f) => `${bare(f.get('qty'))} × ${bare(f.get('sku'))} at ${bare(f.get('price'))}`,
  ItemRemoved: (f) => `${bare(f.get('qty'))} × ${bare(f.get('sku'))} taken out`,
  DiscountApplied: (f) => `Discount ${bare(f.get('code'))}: ${bare(f.get('amount'))} off`,
  PaymentFailed: (f) => `Payment of ${bare(f.get('amount'))} refused: ${bare(f.get('reason'))}`,
  PaymentAuthorised: (f) => `Payment of ${bare(f.get('amount'))} authorised`,
  PaymentCaptured: (f) => `Payment of ${bare(f.get('amount'))} received`,
  OrderShipped: (f) => `Handed to ${bare(f.get('carrier'))}`,
  OrderDelivered: () => 'Delivered',
};

export function storyPage(
  seed: number,
  { store: { events }, stream, positions }: { store: { events: FakeEvents }; stream: number; positions: Uint32Array },
  first: number,
  count: number,
): wire.StoryPage {
  const lines: wire.StoryLine[] = [];
  for (let moment = first + 1; moment <= Math.min(positions.length, first + count); moment += 1) {
    const position = positions[moment - 1] ?? 0;
    const type: TypeName = TYPES[events.types[position] ?? 0] ?? 'ItemAdded';
    const isBroken = events.ids[stream] === UNDECODABLE.stream && moment === UNDECODABLE.version;
    const payload: Payload = payloadOf(seed, stream, moment, type);
    const changed = isBroken || TELLERS[type] ? [] : payload.slice(1).map(([key]) => `/${key}`);
    lines.push({
      ...{ moment, version: `${moment}`, position: `${position + 1}`, eventType: type },
      recordedAt: timeText(events.times[position] ?? 0),
      story: isBroken ? null : (TELLERS[type]?.(new Map(payload)) ?? null),
      ...{ changed, changedCount: changed.length, fault: null },
      late: type === 'OrderDelivered' ? '1 d 19 h' : null,
      undecodable: isBroken ? 'the text ends inside a string at byte 112' : null,
      problems: isBroken ? ['undecodable-payload'] : [],
    });
  }
  return { total: positions.length, lines, hasTemplates: true };
}

const idOf = (position: number) => `c0ffee00-0000-4000-8000-${`${position}`.padStart(12, '0')}`;

/** The position of the event that caused another; -1: it is the first of its affair. */
function causeOf(events: FakeEvents, position: number): number {
  const stream = events.streams[position] ?? 0;
  const version = events.versions[position] ?? 1;
  if (version > 1) return events.ofStream[stream]?.[version - 2] ?? -1;
  return stream % 4 === 3 ? (events.ofStream[stream - 1]?.[1] ?? -1) : -1;
}

const MOST_EFFECTS = 200;

export function causationOf(
  events: FakeEvents,
  position: number,
  rowAt: (position: number) => wire.EventRow,
): wire.Causation {
  const row = (role: wire.CausationRole, steps: number, at: number): wire.CausationRow => {
    const isEarly = at !== position && role === 'effect' && causeOf(events, at) > at;
    const notes: wire.CausationNote[] = isEarly ? ['beforeItsCause'] : [];
    return { role, steps, indent: role === 'effect' ? 1 : 0, event: rowAt(at), id: idOf(at), notes };
  };
  const causes: wire.CausationRow[] = [];
  let top = position;
  for (let at = causeOf(events, position); at >= 0 && causes.length < 200; at = causeOf(events, at)) {
    causes.unshift(row('cause', causes.length + 1, at));
    top = at;
  }
  const affair = `affair-${events.ids[events.streams[top] ?? 0] ?? ''}`;
  const isCut = causes.length === 200;
  const first = { ...row('cause', causes.length + 1, 0), event: null, id: affair, notes: ['isCorrelation' as const] };
  const effects: wire.CausationRow[] = [];
  const walk = (at: number, steps: number, indent: number) => {
    const stream = events.streams[at] ?? 0;
    const version = events.versions[at] ?? 1;
    const own = [events.ofStream[stream]?.[version]];
    if (stream % 4 === 2 && version === 2) own.push(events.ofStream[stream + 1]?.[0]);
    const next = own.filter((effect) => effect !== undefined);
    for (const effect of next) {
      if (effects.length >= MOST_EFFECTS) return;
      effects.push({ ...row('effect', steps, effect), indent: indent + (next.length > 1 ? 1 : 0) });
      walk(effect, steps + 1, indent + (next.length > 1 ? 1 : 0));
    }
  };
  walk(position, 1, 1);
  const cause = causeOf(events, position);
  return {
    rows: [...(isCut ? [] : [first]), ...causes, row('asked', 0, position), ...effects],
    asked: causes.length + (isCut ? 0 : 1),
    eventId: idOf(position),
    causationId: cause < 0 ? affair : idOf(cause),
    correlationId: affair,
    lookedAt: events.times.length > 100_000 ? 100_000 : null,
    causesAreCut: isCut,
    effectsAreCut: effects.length >= MOST_EFFECTS,
  };
}

/** Streams on one clock. */
export class FakeLanes {
  readonly #events: FakeEvents;
  readonly #millisBefore: number;
  readonly #streams: { id: string; positions: Uint32Array }[];

  constructor(events: FakeEvents, ids: string[], clock: wire.Clock) {
    this.#events = events;
    this.#millisBefore = clock === 'occurred' ? OCCURRED_BEFORE_MILLIS : 0;
    this.#streams = ids.map((id) => ({
      ...{ id, positions: events.ofStream[events.ids.indexOf(id)] ?? new Uint32Array() },
    }));
  }

  get described(): Omit<wire.LanesOpened, 'lanes' | 'clock'> {
    const all = this.#streams.flatMap(({ positions }) => [positions[0] ?? 0, positions.at(-1) ?? 0]);
    const label = (position: number) => timeText(this.#timeOf(position));
    return {
      first: label(Math.min(...all)),
      last: label(Math.max(...all)),
      streams: this.#streams.map(({ id, positions }) => ({
        ...{ stream: id, category: 'order', events: positions.length, withoutTime: 0 },
      })),
    };
  }

  page({ from, to, cells }: wire.LanesQuery): wire.LanesPage {
    const [start, end] = [millisOf(from), millisOf(to)];
    const lanes = this.#streams.map(({ positions }) => {
      const marks = new Map<number, wire.LaneMark>();
      positions.forEach((position, index) => {
        const time = this.#timeOf(position);
        if (time < start || time >= end) return;
        const cell = Math.min(cells - 1, Math.floor(((time - start) / (end - start)) * cells));
        const events = (marks.get(cell)?.events ?? 0) + 1;
        const eventType = TYPES[this.#events.types[position] ?? 0] ?? '';
        marks.set(cell, { cell, events, moment: index + 1, eventType, time: timeText(time) });
      });
      return [...marks.values()];
    });
    return { from, to, cells, lanes };
  }

  at(instant: string): wire.LaneMoment[] {
    const limit = millisOf(instant);
    return this.#streams.map(({ positions }) => {
      const moment = positions.findLastIndex((position) => this.#timeOf(position) <= limit) + 1;
      const position = positions[moment - 1];
      if (position === undefined) return { moment: 0, version: '', eventType: '', time: '' };
      const eventType = TYPES[this.#events.types[position] ?? 0] ?? '';
      return { moment, version: `${moment}`, eventType, time: timeText(this.#timeOf(position)) };
    });
  }

  step(instant: string, direction: wire.SearchDirection): wire.LaneStep | null {
    const limit = millisOf(instant);
    const isForward = direction === 'forward';
    let best: { lane: number; moment: number; time: number } | null = null;
    this.#streams.forEach(({ positions }, lane) => {
      positions.forEach((position, index) => {
        const time = this.#timeOf(position);
        const isBeyond = isForward ? time > limit : time < limit;
        const isNearer = best === null || (isForward ? time < best.time : time > best.time);
        if (isBeyond && isNearer) best = { lane, moment: index + 1, time };
      });
    });
    const found = best as { lane: number; moment: number; time: number } | null;
    return found && { lane: found.lane, moment: found.moment, time: timeText(found.time) };
  }

  // In whole milliseconds, as its text is.
  #timeOf(position: number): number {
    return Math.floor(this.#events.times[position] ?? 0) - this.#millisBefore;
  }
}

function millisOf(instant: string): number {
  const nanos = nanosFromRfc3339(instant);
  return nanos === null ? 0 : floatFromBig(nanos / millisToNanos(1));
}

/** The streams of a correlation, as far as causes and effects reach. */
export function streamsOf({ correlationId, rows }: wire.Causation): wire.CorrelationStreams {
  const streams = [...new Set(rows.flatMap(({ event }) => event?.stream ?? []))];
  return { correlationId: correlationId ?? '', streams, isCut: false, lookedAt: null };
}
