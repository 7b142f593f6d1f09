// The twin's upcasters: every `OrderPlaced` and `ItemAdded` is stored in an older form, and the first becomes two events.
// Under `order@1.0.0` one of them fails, and what an article is called is lost.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { GateBackend } from '../gate';
import { identity, placeAt } from './lab';
import { TYPES, type FakeEvents } from './orders';

type Fold = (session: number, progress: (update: wire.JobUpdate) => void, phase: wire.PhaseWire) => Promise<FakeEvents>;

const FILE = 'versions/1.1.0/upcasters.yaml';

/** `fold`: goes through the events of a store as a job. */
export function gates(fold: Fold, eventsOf: (session: number) => FakeEvents): GateBackend {
  return {
    async gate(session, scope, handler, progress) {
      if (handler.startsWith('builtin')) {
        const hint = 'choose a handler whose version has a file upcasters.yaml';
        throw new BackendError({ code: 'invalidInput', message: `${handler} has no upcasters`, hint, choices: [] });
      }
      const events = await fold(session, progress, 'sendingThroughUpcasters');
      const positions = positionsIn(events, scope);
      const of = (type: string) => positions.filter((at) => TYPES[events.types[at] ?? 0] === type);
      const [placed, added] = [of('OrderPlaced'), of('ItemAdded')];
      const isOld = handler.endsWith('1.0.0');
      const failed = isOld ? placed.slice(0, 1) : [];
      const taken = isOld ? placed.slice(1) : placed;
      const lost = isOld ? added : [];
      const row = (
        outcome: wire.GateOutcome,
        eventType: string,
        from: number | null,
        at: number[],
        more: Partial<wire.GateRow> = {},
      ): wire.GateRow[] => {
        const first = from === null || at[0] === undefined ? null : firstOf(events, at[0]);
        return at.length === 0
          ? []
          : [{ eventType, from, outcome, path: '', detail: '', events: at.length, first, ...more }];
      };
      const rest = TYPES.filter((type) => type !== 'OrderPlaced' && type !== 'ItemAdded');
      const rows = [
        ...row('fails', 'OrderPlaced', 1, failed, { detail: 'RF-UPCAST-FAILED: customer is missing' }),
        ...row('lost', 'ItemAdded', 1, lost, { path: '/name' }),
        ...row('moved', 'ItemAdded', 1, added, { path: '/quantity', detail: '/qty' }),
        ...row('moved', 'OrderPlaced', 1, taken, { path: '/customer', detail: '/customerId' }),
        ...row('added', 'OrderPlaced', 1, taken, { path: '/currency' }),
        ...row('becomes', 'ItemAdded', 1, added, { detail: 'ItemAdded' }),
        ...row('becomes', 'OrderPlaced', 1, taken, { detail: 'CustomerNamed, OrderPlaced' }),
        ...rest.flatMap((type) => row('asStored', type, null, of(type))),
      ];
      return {
        ...{ handler: identity(handler), events: positions.length, upcast: placed.length + added.length },
        ...{ failed: failed.length, dropped: 0, losing: lost.length, rows, rowCount: rows.length, findings: [] },
        steps: [
          { place: `${FILE}:5:5`, eventType: 'OrderPlaced', from: 1, to: 2, events: placed.length },
          { place: `${FILE}:13:5`, eventType: 'ItemAdded', from: 1, to: 2, events: added.length },
          { place: `${FILE}:21:5`, eventType: 'CouponUsed', from: 1, to: 2, events: 0 },
        ],
        took: '804 ms',
      };
    },
    async gateExample(session, stream, cursor, handler) {
      const events = eventsOf(session);
      const number = events.ids.indexOf(stream);
      const at = events.ofStream[number]?.findIndex((_, index) => `v${index + 1}` === cursor) ?? -1;
      const event = placeAt(events, number, at);
      const isFailed = handler.endsWith('1.0.0') && event.eventType === 'OrderPlaced';
      const pair = (path: string, left: string | null, right: string | null): wire.PairRow => {
        return { path, left, right: isFailed ? null : right, differs: isFailed || left !== right, isSameNumber: false };
      };
      const rows =
        event.eventType === 'ItemAdded'
          ? [pair('/price', '61.45', '61.45'), pair('/qty', null, '6'), pair('/quantity', '6', null)]
          : [pair('/customer', '"C-170600"', null), pair('/customerId', null, '"C-170600"')];
      const types = isFailed
        ? ['']
        : event.eventType === 'OrderPlaced'
          ? ['OrderPlaced', 'CustomerNamed']
          : ['ItemAdded'];
      const differing = rows.filter(({ differs }) => differs).length;
      return {
        ...{ stream, event, recordedAt: '2026-06-02T00:07:20Z', isRedacted: false },
        ...{ fault: isFailed ? `RF-UPCAST-FAILED: customer is missing  ${FILE}:5:5` : '' },
        parts: types.map((eventType) => ({ eventType, rows, places: rows.length, differing })),
        partCount: isFailed ? 0 : types.length,
      };
    },
  };
}

function positionsIn(events: FakeEvents, { kind, name }: wire.LabScope): number[] {
  if (kind === 'stream') return [...(events.ofStream[events.ids.indexOf(name)] ?? [])];
  return Array.from({ length: events.times.length }, (_, at) => at);
}

function firstOf(events: FakeEvents, position: number): wire.GateFirst {
  const stream = events.ofStream.findIndex((positions) => positions.includes(position));
  const index = [...(events.ofStream[stream] ?? [])].indexOf(position);
  return { stream: events.ids[stream] ?? '', event: placeAt(events, stream, index) };
}
