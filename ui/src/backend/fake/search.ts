// The twin's searching, saved searches and notes, in memory. A location with `slow` in it searches slowly, one with
// `brittle` breaks off half-way.

import { BackendError, type Backend } from '../backend';
import type * as wire from '../bindings';
import type { Asked, SearchBackend } from '../search';
import { timeText } from './answers';
import { payloadOf, TYPES, type FakeEvents } from './orders';

export interface FakeStore {
  events: FakeEvents;
  location: string;
}

/** All of the twin but its searching, and what that needs of it. */
export interface Twin extends Omit<Backend, keyof SearchBackend> {
  storeOf(session: number): FakeStore;
  streamOf(history: number): FakeStore & { stream: number; positions: Uint32Array };
  isCancelled(job: number): boolean;
  nextNumber(): number;
}

const NOTE_OF_CASE: wire.Note = {
  ...{ id: '1', kind: 'note', stream: 'order-4711', category: 'order', at: 'v7', until: null, path: null },
  ...{ position: '40301', eventType: 'PaymentFailed', recordedAt: '2026-08-01T09:24:30Z' },
  ...{ text: 'Refused twice, then paid by wallet: ask the provider', madeAt: '2026-09-01T08:10:02Z' },
  changedAt: '2026-09-01T08:10:02Z',
};
const MOST_ROWS = 100_000;
const STEP_EVENTS = 4_096;
const AROUND = 48;

export function withSearch(twin: Twin, seed: number): Backend {
  // The methods of the twin stand on its prototype: what is added goes onto the object itself.
  return Object.assign(twin, searchOf(twin, seed));
}

function searchOf(twin: Twin, seed: number): SearchBackend {
  const searches = new Map<number, wire.FoundRow[]>();
  const copied = new Set<string>();
  const notes = new Map<string, wire.Note[]>();
  let saved: wire.SavedQuery[] = [
    saving('Payments', 'Refused payments', { types: ['PaymentFailed'] }),
    saving('Payments', 'Large refunds', { types: ['RefundIssued'], condition: 'event.data.amount > 200' }),
    saving('', 'Espresso machines', { text: 'Espresso' }),
  ];
  let recent: Asked[] = [];
  const book = (): wire.QueryBook => ({
    saved: saved.toSorted((a, b) => `${a.folder}\n${a.name}`.localeCompare(`${b.folder}\n${b.name}`)),
    ...{ recent, file: '/home/ada/.local/share/refold/queries.toml' },
  });
  const locationOf = (session: number) => twin.storeOf(session).location;
  const notebook = (session: number): wire.Notebook => {
    const location = locationOf(session);
    if (location.endsWith('.refold-case')) return { notes: [NOTE_OF_CASE], file: location, isReadOnly: true };
    return {
      notes: notes.get(location) ?? [],
      ...{ file: '/home/ada/.local/share/refold/notebooks/orders-4f1c09aa77d10b32.toml', isReadOnly: false },
    };
  };
  const countTo = async (
    total: number,
    phase: wire.PhaseWire,
    steps: number,
    progress: (update: wire.JobUpdate) => void,
  ) => {
    const job = twin.nextNumber();
    for (let step = 0; step <= steps; step += 1) {
      progress({ job, phase, done: Math.floor((total * step) / steps), total, doublings: 0 });
      await pause(20);
      if (twin.isCancelled(job)) throw failure('cancelled', 'cancelled');
    }
  };

  return {
    async search(session, asked, progress) {
      const { events, location } = twin.storeOf(session);
      check(asked);
      const search = twin.nextNumber();
      const job = twin.nextNumber();
      const rows: wire.FoundRow[] = [];
      searches.set(search, rows);
      const total = events.times.length;
      const ended = (end: wire.SearchEnd): wire.SearchEnded => ({
        ...{ search, found: rows.length, end, failure: null, findings: [] },
      });
      progress({ ...{ search, job, found: 0, done: 0, total } });
      for (let position = 0; position < total; position += 1) {
        if (position > 0 && position % Math.min(STEP_EVENTS, Math.ceil(total / 4)) === 0) {
          progress({ search, job, found: rows.length, done: position, total });
          await pause(location.includes('slow') ? 60 : 0);
          if (twin.isCancelled(job)) return ended('cancelled');
          if (location.includes('brittle') && position >= total / 2) {
            const message = 'the store is damaged: page 4,711 cannot be read: /home/ada/brittle.db';
            return { ...ended('failed'), failure: wireOf('corrupt', message) };
          }
        }
        const row = rowOf(seed, events, position, asked);
        if (!row) continue;
        if (rows.length === MOST_ROWS) return ended('tooMany');
        rows.push(row);
      }
      return ended('whole');
    },
    async searchRows(search, offset, limit) {
      const rows = searches.get(search);
      if (!rows) throw failure('notFound', 'the rows of this search are gone');
      return { total: rows.length, rows: rows.slice(offset, offset + limit) };
    },
    async closeSearch(search) {
      searches.delete(search);
    },
    async searchOffer(session) {
      return { isReady: copied.has(locationOf(session)), size: '61.4 MB' };
    },
    async copyForSearch(session, progress) {
      const { events, location } = twin.storeOf(session);
      await countTo(events.times.length, 'copyingPayloads', location.includes('slow') ? 400 : 10, progress);
      copied.add(location);
    },
    async historyHits(history, asked) {
      const { events, positions } = twin.streamOf(history);
      check(asked);
      const hits = [...positions.keys()].flatMap((at) => {
        const position = positions[at] ?? 0;
        // In a stream its types are looked in, too.
        const isType = asked.text !== '' && (TYPES[events.types[position] ?? 0] ?? '').includes(asked.text);
        const row = rowOf(seed, events, position, isType ? { ...asked, text: '' } : asked);
        return row === null ? [] : [{ moment: at + 1, parts: isType ? 4 : asked.text === '' ? 0 : 1 }];
      });
      const all = { moments: hits.map(({ moment }) => moment), parts: hits.map(({ parts }) => parts) };
      return { ...all, findings: [] };
    },
    async exportSearch(session, asked, file, _format, progress) {
      const { events } = twin.storeOf(session);
      if (file.includes('/sample/')) throw failure('invalidInput', notWritten('export', file));
      await countTo(events.times.length, 'searching', 10, progress);
      const all = [...events.times.keys()].filter((position) => rowOf(seed, events, position, asked) !== null);
      return {
        file,
        events: all.length,
        size: '1.2 MB',
        sha256: '4f1c09aa77d1'.repeat(5).padEnd(64, '0'),
        findings: [],
      };
    },
    async saveCase(session, asked, file, progress) {
      const { events, location } = twin.storeOf(session);
      if (file.includes('/sample/')) throw failure('invalidInput', notWritten('case', file));
      const noted = (notes.get(location) ?? []).length;
      if (noted + asked.places.length === 0) throw failure('invalidInput', 'there is nothing to put into a case');
      await countTo(events.times.length, 'writingTheCase', 10, progress);
      return { file, events: 15, size: '28.2 kB', sha256: 'facd980c32d0'.repeat(6).slice(0, 64), findings: [] };
    },
    async queries() {
      return book();
    },
    async saveQuery(query, before) {
      const isTaken = saved.some((one) => isSame(one, query));
      if (isTaken && !(before && isSame(before, query))) {
        throw failure('invalidInput', `there is a saved search called ${query.name} here already`);
      }
      saved = [...saved.filter((one) => !(before && isSame(one, before))), query];
      return book();
    },
    async removeQuery(query) {
      saved = saved.filter((one) => !isSame(one, query));
      return book();
    },
    async rememberQuery(asked) {
      const text = JSON.stringify(asked);
      recent = [asked, ...recent.filter((one) => JSON.stringify(one) !== text)].slice(0, 20);
      return book();
    },
    async notebook(session) {
      return notebook(session);
    },
    async putNote(session, note) {
      const all = (notes.get(locationOf(session)) ?? []).filter(
        (one) => one.id !== note.id && !(note.kind === 'trail' && one.kind === 'trail'),
      );
      const now = '2026-11-21T10:31:07Z';
      const id = note.id === '' ? `${twin.nextNumber()}` : note.id;
      const put = { ...note, id, madeAt: note.madeAt || now, changedAt: note.changedAt || now };
      notes.set(locationOf(session), [...all, put]);
      return notebook(session);
    },
    async removeNote(session, id) {
      const all = notes.get(locationOf(session)) ?? [];
      notes.set(
        locationOf(session),
        all.filter((one) => one.id !== id),
      );
      return notebook(session);
    },
  };
}

function rowOf(seed: number, events: FakeEvents, position: number, asked: Asked): wire.FoundRow | null {
  const eventType = TYPES[events.types[position] ?? 0] ?? 'ItemAdded';
  if (asked.types.length > 0 && !asked.types.includes(eventType)) return null;
  const ordinal = events.streams[position] ?? 0;
  const stream = events.ids[ordinal] ?? '';
  if (!stream.includes(asked.stream)) return null;
  if (asked.categories.length > 0 && !asked.categories.includes('order')) return null;
  const recordedAt = timeText(events.times[position] ?? 0);
  if (asked.from !== '' && recordedAt < asked.from) return null;
  if (asked.to !== '' && recordedAt > asked.to) return null;
  const version = events.versions[position] ?? 0;
  const members = payloadOf(seed, ordinal, version, eventType);
  if (!meets(asked.condition, members)) return null;
  const text = `{${members.map(([key, literal]) => `"${key}":${literal}`).join(',')}}`;
  const at = text.indexOf(asked.text);
  if (at < 0) return null;
  const end = at + asked.text.length;
  const from = asked.text === '' ? 0 : Math.max(0, at - AROUND);
  return {
    ...{ position: `${position + 1}`, version: `${version}`, stream, eventType, recordedAt, isInMetadata: false },
    before: `${from > 0 ? '…' : ''}${text.slice(from, at)}`,
    hit: text.slice(at, end),
    after: text.slice(end, end + 160),
  };
}

// The twin knows one form of condition: a member of the payload against a number.
function meets(condition: string, members: [string, string][]): boolean {
  const parts = /^event\.data\.(\w+)\s*([<>])\s*(\d+)$/.exec(condition.trim());
  if (!parts) return true;
  const literal = members.find(([key]) => key === parts[1])?.[1];
  if (literal === undefined || !/^\d+(\.\d+)?$/.test(literal)) return false;
  const [left = 0n, right = 0n] = [literal, parts[3] ?? ''].map((text) => BigInt(text.split('.')[0] ?? '0'));
  return parts[2] === '>' ? left > right : left < right;
}

function check({ condition }: Asked): void {
  if (condition.includes('(') && !condition.includes(')')) {
    throw failure('invalidInput', 'the condition:1:12: an expression ends here and a ) is missing (RF-PKG-EXPRESSION)');
  }
}

function saving(folder: string, name: string, asked: Partial<Asked>): wire.SavedQuery {
  const empty = { text: '', types: [], categories: [], stream: '', from: '', to: '', condition: '' };
  return { folder, name, asked: { ...empty, ...asked } };
}

function isSame(a: wire.SavedQuery, b: wire.SavedQuery): boolean {
  return a.folder === b.folder && a.name === b.name;
}

function wireOf(code: wire.ErrorCode, message: string): wire.AppErrorWire {
  return { code, message, hint: code === 'cancelled' ? '' : 'correct it and try again', choices: [] };
}

function failure(code: wire.ErrorCode, message: string): BackendError {
  return new BackendError(wireOf(code, message));
}

function notWritten(noun: string, file: string): string {
  const why = 'it is the folder of the store, and nothing is ever written beside a store';
  return `the ${noun} is not written: ${why}: ${file}`;
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
