// Two stores of the twin. What the other one is called says how it is: `same`, `behind`, `unclear`, `form` (written
// otherwise), `huge` (a million streams differ), `slow`, `none` (it cannot be read), `secret` (it asks for a password).
// Any other lost some events and has a changed price.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { StateFrame, StateRow } from '../frames';
import type { StoresBackend } from '../stores';
import type { LabTwin } from './lab';
import type { FakeConnections } from './connections';

const HUGE = 1_000_000;

interface Found {
  asked: wire.StoresAskedWire;
  rowAt: (row: number) => wire.StoresRow;
  counts: [wire.StoresKind, number][];
}

export function withStores<Rest extends LabTwin>(twin: Rest, saved: FakeConnections): Rest & StoresBackend {
  const open = new Map<number, Found>();
  const of = (comparison: number): Found => {
    const found = open.get(comparison);
    if (!found) throw failure('notFound', 'this comparison is not open any more', 'run it again');
    return found;
  };
  const stores: StoresBackend = {
    async compareStores(session, asked, progress) {
      const { other } = asked;
      const store = twin.storeOf(session);
      const total = store.events.times.length;
      const job = twin.nextNumber();
      const phases = ['openingTheOtherStore', 'readingTheLeftStore', 'readingTheRightStore'] as const;
      for (const phase of phases) {
        for (let step = 0; step <= (other.includes('slow') ? 60 : 1); step += 1) {
          progress({ job, phase, done: Math.floor((total * step) / 60), total, doublings: 0 });
          await new Promise((resolve) => setTimeout(resolve, 10));
          if (twin.isCancelled(job)) throw failure('cancelled', 'cancelled', '');
        }
        if (other.includes('none'))
          throw failure(
            'unreachable',
            `the other store: there is no such file: ${other}`,
            'look whether the path is right',
          );
        saved.check(other);
      }
      const ids = store.events.ids;
      const found = differing(asked, ids);
      const comparison = twin.nextNumber();
      open.set(comparison, found);
      const isSame = found.counts.length === 0;
      const behind = other.includes('behind');
      const differingStreams = found.counts.reduce((sum, [, streams]) => sum + streams, 0);
      const side = (location: string, events: number): wire.StoresSide => ({
        ...{ location, kind: 'SQLite', layout: 'emmett', environment: null, events, streams: ids.length },
        ...{ countsAs: location.startsWith('@') ? 'production' : 'local', lastPosition: `${events}` },
        ...{ grew: false, isIncomplete: other.includes('unclear'), findings: [] },
      });
      const sides = [side(store.location, total), side(other, isSame ? total : total - 4)];
      const [left, right] = asked.isOtherLeft ? sides.toReversed() : sides;
      if (!left || !right) throw new Error('there are two sides');
      return {
        ...{ comparison, left, right },
        outcome: isSame
          ? 'same'
          : other.includes('unclear')
            ? 'unclear'
            : behind
              ? asked.isOtherLeft
                ? 'leftBehind'
                : 'rightBehind'
              : 'different',
        sentence: isSame
          ? `the two hold the same: ${total} events in ${ids.length} streams`
          : `the two DIFFER in ${differingStreams} streams`,
        equalStreams: Math.max(0, ids.length - differingStreams),
        differingStreams,
        kinds: found.counts.map(([kind, streams]) => ({ kind, streams })),
        renamed: 0,
        events: {
          ...{ equal: isSame ? total : total - 5, different: isSame ? 0 : 1, onlyLeft: isSame ? 0 : 4 },
          ...{ onlyRight: 0, unclearLeft: 0, unclearRight: 0 },
        },
        parts: isSame ? [] : [{ part: 'payload', events: 1 }],
        absent:
          other.includes('bare') && !asked.ignored.includes('metadata') ? [{ part: 'metadata', isLeft: false }] : [],
        order: {
          ...{ isSame: true, notCompared: '', events: isSame ? total : total - 7, leftOut: isSame ? 0 : 2 },
          ...{ leftPosition: '', rightPosition: '' },
        },
        isFormOnly: other.includes('form') && asked.by === 'bytes',
        lookedInto: Math.min(differingStreams, 20),
        ...{ at: '2026-06-01T12:00:00Z', took: '412 ms' },
      };
    },
    async closeStores(comparison) {
      open.delete(comparison);
    },
    async storesRows(comparison, { isRenamed, kind, limit, offset }) {
      const { counts, rowAt } = of(comparison);
      const total = counts.reduce((sum, [, streams]) => sum + streams, 0);
      if (isRenamed) return { total, matching: 0, rows: [] };
      const at = counts.findIndex(([one]) => one === kind);
      const first = kind === null ? 0 : counts.slice(0, at).reduce((sum, [, streams]) => sum + streams, 0);
      const matching = kind === null ? total : (counts[at]?.[1] ?? 0);
      const count = Math.max(0, Math.min(limit, matching - offset));
      return { total, matching, rows: Array.from({ length: count }, (_, k) => rowAt(first + offset + k)) };
    },
    async storesPlaces(comparison, row, offset, limit, progress) {
      progress({ job: twin.nextNumber(), phase: 'comparingEventByEvent', done: 0, total: null, doublings: 0 });
      const { first, different, onlyLeft } = of(comparison).rowAt(row);
      const total = different + onlyLeft;
      const count = Math.max(0, Math.min(limit, total - offset));
      const rows = Array.from({ length: count }, (_, k) => placeAt(first ?? PLACE, offset + k, different));
      return { total, matching: total, rows };
    },
    async storesEvent({ comparison, place, row }) {
      const of_row = of(comparison).rowAt(row);
      const at = placeAt(of_row.first ?? PLACE, place, of_row.different);
      const isLone = at.rightPosition === '';
      const part = (name: string, left: string, right: string): wire.StoresPart => ({
        ...{ part: name, left, right: isLone ? '' : right, isDifferent: false },
      });
      return {
        parts: [
          part('type', 'ItemAdded', 'ItemAdded'),
          part('version', at.leftVersion, at.rightVersion),
          part('position', `#${at.leftPosition}`, `#${at.rightPosition}`),
        ],
        payload: {
          ...{ isDifferent: !isLone, isTree: true, left: '{}', right: '{}', isHidden: false },
          isFormOnly: of(comparison).asked.other.includes('form'),
        },
        metadata: { isDifferent: false, isTree: false, left: '', right: '', isHidden: false, isFormOnly: false },
      };
    },
    async storesFrame({ comparison, place, row }, { firstRow, onlyChanges, seq }) {
      const of_row = of(comparison).rowAt(row);
      const isLone = placeAt(of_row.first ?? PLACE, place, of_row.different).rightPosition === '';
      const price: StateRow = {
        ...{ ...ROW, pointer: '/price', key: 'price', depth: 1, mark: isLone ? 'removed' : 'changed' },
        ...{ value: isLone ? '61.45' : '16.45', before: '61.45' },
      };
      const rows = onlyChanges
        ? [price]
        : [
            { ...ROW, kind: 'object' as const, canOpen: true, isOpen: true, value: '{2}' },
            price,
            { ...ROW, pointer: '/sku', key: 'sku', depth: 1, value: '"ESP-1"' },
          ];
      return { ...FRAME, seq, firstRow, totalRows: rows.length, changed: 1, rows: rows.slice(firstRow) };
    },
    async storesStates(comparison, row) {
      return { changes: of(comparison).rowAt(row).different > 0 ? 1 : 0, fault: '' };
    },
    async exportStores(comparison) {
      of(comparison);
    },
  };
  return Object.assign(twin, stores);
}

function differing(asked: wire.StoresAskedWire, ids: readonly string[]): Found {
  const { isOtherLeft, other } = asked;
  const isSame = other.includes('same') || (other.includes('form') && asked.by === 'meaning');
  const behind: wire.StoresKind = isOtherLeft ? 'leftBehind' : 'rightBehind';
  const counts: [wire.StoresKind, number][] = isSame
    ? []
    : other.includes('huge')
      ? [['changed', HUGE]]
      : other.includes('behind')
        ? [[behind, 3]]
        : other.includes('unclear')
          ? [['unclear', 1]]
          : [
              ['changed', 1],
              ['missing', 1],
              [behind, 3],
            ];
  const kindAt = (row: number): wire.StoresKind => {
    let end = 0;
    for (const [kind, streams] of counts) {
      end += streams;
      if (row < end) return kind;
    }
    return 'unclear';
  };
  const rowAt = (row: number): wire.StoresRow => {
    const kind = kindAt(row);
    const isChanged = kind === 'changed';
    const lost = isChanged || kind === 'unclear' ? 0 : 1;
    return {
      ...{ row, kind, stream: ids[row + 1] ?? `order-${100_000 + row}`, category: 'order' },
      ...{ leftEvents: 7, rightEvents: 7 - lost, different: isChanged ? 1 : 0, moved: 0 },
      ...{ onlyLeft: lost, onlyRight: 0, unclear: kind === 'unclear' ? 1 : 0, isByPlace: false, renamed: '' },
      first: isChanged ? { ...PLACE, parts: ['payload'] } : { ...PLACE, rightVersion: '', rightPosition: '' },
    };
  };
  return { asked, rowAt, counts };
}

function placeAt(first: wire.StoresPlace, place: number, different: number): wire.StoresPlace {
  const isLone = place >= different;
  const [version, position] = [`${2 + place}`, `${12 + place}`];
  return {
    ...{ leftVersion: version, leftPosition: position, isUnclear: false },
    ...{ rightVersion: isLone ? '' : version, rightPosition: isLone ? '' : position },
    parts: isLone ? [] : first.parts,
  };
}

function failure(code: wire.ErrorCode, message: string, hint: string): BackendError {
  return new BackendError({ code, message, hint, choices: [] });
}

const PLACE: wire.StoresPlace = {
  ...{ leftVersion: '2', leftPosition: '12', rightVersion: '2', rightPosition: '12', parts: [], isUnclear: false },
};

const ROW: StateRow = {
  ...{ pointer: '', depth: 0, kind: 'leaf', mark: 'same', canOpen: false, isOpen: false, isRedacted: false },
  ...{ isRepeated: false, key: '', value: '', before: '', changedVersion: '', changedType: '', wroteVersion: '' },
  ...{ changedMoment: 0, wroteMoment: 0, movedFrom: '', changedAt: '', actor: '', line: '' },
};

const FRAME: StateFrame = {
  ...{ seq: 0, moment: 0, base: 0, added: 0, changed: 0, removed: 0, totalRows: 0, firstRow: 0, foldMicros: 0 },
  ...{ eventCount: 0, openDepth: 6, version: '', position: '', recordedAt: '', eventType: '', incompleteSince: '' },
  ...{ fault: '', handler: '', changedRows: [], rows: [] },
};
