// The replay lab of the twin: about every seventh stream differs from its fourth event on, for both kinds of question.
// A location with `lasting` in it folds slowly, though its streams open at once; one with `undecodable` does not answer
// exactly.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { GateBackend } from '../gate';
import type { HandlersBackend } from '../handlers';
import type { LabBackend } from '../lab';
import { timeText } from './answers';
import { gates } from './gate';
import { packages } from './handlers';
import { TYPES, type FakeEvents } from './orders';
import type { FakeStore } from './search';

/** What the lab needs of the rest of the twin. */
export interface LabTwin {
  storeOf(session: number): FakeStore;
  isCancelled(job: number): boolean;
  nextNumber(): number;
}

const LEFT = 3;
const BAR = 240;
const INVARIANTS: wire.InvariantListed[] = [
  {
    ...{ id: 'balanced-once-paid', title: 'What was captured is what was due', severity: 'error' },
    condition: '!(state.status in ["paid", "shipped"]) || state.total - state.discount - state.paid == 0',
  },
  {
    ...{ id: 'no-negative-lines', title: 'Nobody orders less than one of an article', severity: 'error' },
    condition: 'state.items.all(sku, state.items[sku].qty > 0)',
  },
  {
    ...{ id: 'refunds-within-payments', title: 'No more is refunded than was paid', severity: 'warning' },
    condition: 'state.refunded <= state.paid',
  },
];

export function withLab<Rest extends LabTwin>(twin: Rest): Rest & LabBackend {
  const runs = new Map<number, { events: FakeEvents; streams: number[] }>();
  const pairs = new Map<number, { events: FakeEvents; stream: number }>();
  const asked = new Set<string>();
  const known = (question: unknown) => {
    const key = JSON.stringify(question);
    const isKnown = asked.has(key);
    asked.add(key);
    return isKnown;
  };
  const fold = async (session: number, progress: (update: wire.JobUpdate) => void, phase: wire.PhaseWire) => {
    const { events, location } = twin.storeOf(session);
    const total = events.times.length;
    const job = twin.nextNumber();
    const steps = location.includes('lasting') ? 60 : 4;
    for (let step = 0; step <= steps; step += 1) {
      progress({ job, phase, done: Math.floor((total * step) / steps), total, doublings: 0 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (twin.isCancelled(job)) {
        throw new BackendError({ code: 'cancelled', message: 'cancelled', hint: '', choices: [] });
      }
    }
    return events;
  };
  const streamsOf = (events: FakeEvents, { kind, name }: wire.LabScope) =>
    events.ids
      .map((_, at) => at)
      .filter((at) => at % 7 === LEFT && (events.ofStream[at]?.length ?? 0) > LEFT)
      .filter((at) => kind !== 'stream' || events.ids[at] === name);
  const eventsIn = (events: FakeEvents, { kind, name }: wire.LabScope) =>
    kind === 'stream' ? (events.ofStream[events.ids.indexOf(name)]?.length ?? 0) : events.times.length;
  const keep = (events: FakeEvents, streams: number[]) => {
    const run = twin.nextNumber();
    runs.set(run, { events, streams });
    return run;
  };

  const answers: Omit<LabBackend, keyof GateBackend | keyof HandlersBackend> = {
    async compareHandlers(session, question, progress) {
      const isCached = !question.isAnew && known([session, { ...question, isAnew: false }]);
      const { events } = twin.storeOf(session);
      if (!isCached) await fold(session, progress, 'folding');
      const streams = streamsOf(events, question.scope);
      const removed = streams.filter((at) => at % 2 === 0).length;
      return {
        ...{ run: keep(events, streams), left: identity(question.left), right: identity(question.right) },
        streams: question.scope.kind === 'stream' ? 1 : events.ids.length,
        ...{ events: eventsIn(events, question.scope), differingStreams: streams.length, rows: streams.length },
        ...{ differingAtHead: streams.length, stops: [], stopCount: 0, unclear: '', findings: [], kindCount: 2 },
        kinds: [
          { path: '/total', eventType: 'ItemRemoved', streams: streams.length - removed },
          { path: '/items/SKU-0042/qty', eventType: 'ItemRemoved', streams: removed },
        ].filter((kind) => kind.streams > 0),
        ...{ isCached, took: isCached ? '2 ms' : '1 s 204 ms' },
      };
    },
    async differingRows(run, offset, limit) {
      const { events, streams } = runs.get(run) ?? gone();
      const rows = streams.slice(offset, offset + limit).map((stream) => ({
        ...{ stream: events.ids[stream] ?? '', from: placeAt(events, stream, LEFT), until: null, intervals: 1 },
        ...{ differsAtHead: true, path: '/total', left: '325.25', right: '202.35', places: 2 },
      }));
      return { total: streams.length, rows };
    },
    async openPair(session, scope, left, right) {
      const { events } = twin.storeOf(session);
      const stream = events.ids.indexOf(scope.name);
      const pair = twin.nextNumber();
      pairs.set(pair, { events, stream });
      const count = events.ofStream[stream]?.length ?? 0;
      const differs = stream % 7 === LEFT && count > LEFT;
      const from = placeAt(events, stream, LEFT);
      return {
        ...{ pair, stream: scope.name, left: identity(left), right: identity(right), events: count },
        intervals: differs ? [{ from: LEFT + 1, fromEvent: from, until: null, untilEvent: null }] : [],
        ...{ intervalCount: differs ? 1 : 0, bar: barOf(count, differs ? LEFT : count), leftStop: null },
        rightStop: null,
      };
    },
    async pairPage(pair, moment, isWhole) {
      const { events, stream } = pairs.get(pair) ?? gone();
      const differs = stream % 7 === LEFT && moment > LEFT;
      const all = statesAt(moment, differs);
      return {
        moment,
        event: placeAt(events, stream, moment - 1),
        recordedAt: moment > 0 ? timeText(events.times[events.ofStream[stream]?.[moment - 1] ?? 0] ?? 0) : '',
        rows: all.filter((row) => isWhole || row.differs),
        ...{ differing: all.filter((row) => row.differs).length, places: all.length, incompleteSince: '' },
      };
    },
    async closeRun(run) {
      runs.delete(run);
      pairs.delete(run);
    },
    handlerIdentity: async (handler) => identity(handler),
    invariantsOf: async (handler) => (handler.startsWith('builtin') ? [] : INVARIANTS),
    async checkHandler(session, question, progress) {
      refuse(question.condition);
      const isCached = !question.isAnew && known([session, { ...question, isAnew: false }]);
      const { events, location } = twin.storeOf(session);
      if (!isCached) await fold(session, progress, 'folding');
      const isExact = !location.includes('undecodable');
      const isBroken = question.handler.endsWith('1.0.0');
      const streams = isBroken ? streamsOf(events, question.scope) : [];
      const list = question.condition === '' ? INVARIANTS : [ownOf(question.condition)];
      const invariants = list.map(({ id, severity }, at) => ({
        ...{ id, severity, unclear: '', unclearStreams: 0 },
        ...{ brokenStreams: at === 0 ? streams.length : 0, rows: at === 0 ? streams.length : 0 },
      }));
      return {
        ...{ run: keep(events, streams), handler: identity(question.handler), invariants, findings: [] },
        streams: question.scope.kind === 'stream' ? 1 : events.ids.length,
        ...{ events: eventsIn(events, question.scope), isExact },
        sentence: isExact ? 'exact: every state was looked at' : 'not exact: 2 events could not be decoded',
        isReplaySafe: true,
        replaySafety: 'safe to replay: 2,000 events give the same states again, from checkpoints and by turns',
        ...{ isCached, took: isCached ? '2 ms' : '1 s 88 ms' },
      };
    },
    async violationRows(run, _, offset, limit) {
      const { events, streams } = runs.get(run) ?? gone();
      const rows = streams.slice(offset, offset + limit).map((stream) => ({
        ...{ stream: events.ids[stream] ?? '', event: placeAt(events, stream, LEFT), holdsAtHead: stream % 3 === 0 },
        values: [
          { path: '/paid', value: '1013.30' },
          { path: '/total', value: '1259.10' },
          { path: '/status', value: '"paid"' },
        ],
      }));
      return { total: streams.length, rows };
    },
    async invariantCourse(session, scope) {
      const { events } = twin.storeOf(session);
      const stream = events.ids.indexOf(scope.name);
      const count = events.ofStream[stream]?.length ?? 0;
      return {
        ...{ stream: scope.name, events: count, bar: barOf(count, LEFT), lastGood: LEFT, flipCount: 1 },
        flips: [{ moment: LEFT + 1, event: placeAt(events, stream, LEFT), holds: false }],
        lastGoodEvent: placeAt(events, stream, LEFT - 1),
        ...{ isExact: true, sentence: 'exact: every state was looked at' },
      };
    },
    async checkVersions(session, scope, handler, _, progress) {
      const events = await fold(session, progress, 'folding');
      const [stream] = streamsOf(events, scope);
      const folder = handler.replace(/@[^@]*$/, '');
      const of = (version: string, brokenStreams: number, first: number | undefined): wire.VersionOutcome => ({
        ...{ reference: `${folder}@${version}`, version, brokenStreams, isExact: true, failure: '' },
        firstStream: first === undefined ? '' : (events.ids[first] ?? ''),
        first: first === undefined ? null : placeAt(events, first, LEFT),
      });
      const broken = streamsOf(events, scope).length;
      return {
        versions: [of('1.0.0', broken, stream), of('1.1.0', 0, undefined)],
        sentence: 'order@1.0.0 is the first version that breaks it; it holds in 1.1.0',
      };
    },
    async minimizeHistory(session, question, progress) {
      const events = await fold(session, progress, 'tryingSmallerHistories');
      const stream = events.ids.indexOf(question.stream);
      const count = events.ofStream[stream]?.length ?? 0;
      const upTo = Math.min(count, LEFT + 1);
      return {
        ...{ stream: question.stream, failure: `the invariant ${question.invariant} breaks at v4`, of: count },
        course: Array.from({ length: upTo }, (_, at) => ({
          event: placeAt(events, stream, at),
          isKept: at === 0 || at === upTo - 1,
        })),
        note: `held against ${question.against || 'order@1.1.0'}, in which it holds on this whole history`,
        ...{ kept: 2, afterFailure: count - upTo, tests: 17, isMinimal: true },
        case: `refold: case/1\n# 2 of the ${count} events of ${question.stream}\ntitle: the invariant breaks\n`,
        libraryTests: [
          { title: 'Rust (cqrs-es)', file: 'order_differs.rs', text: '// Rust' },
          { title: 'TypeScript (Emmett)', file: 'order-differs.spec.ts', text: '// TypeScript' },
          { title: 'Python (eventsourcing)', file: 'test_order_differs.py', text: '# Python' },
        ],
      };
    },
    saveTestCase: async () => {},
  };
  return Object.assign(
    twin,
    answers,
    gates(fold, (session) => twin.storeOf(session).events),
    packages(fold),
  );
}

export function identity(reference: string): wire.HandlerWire {
  const [, name = reference, version = ''] = /([^/]+)@([^@]+)$/.exec(reference) ?? [];
  return { name, version, hash: `sha256:${'4f1c09aa'.repeat(8)}`, engine: 'declarative' };
}

function ownOf(condition: string): wire.InvariantListed {
  return { id: condition, title: '', condition, severity: 'error' };
}

/** The event of a stream at an index from 0. */
export function placeAt(events: FakeEvents, stream: number, index: number): wire.LabEvent {
  const position = events.ofStream[stream]?.[index];
  if (position === undefined) return { version: '', position: '', eventType: '' };
  return { version: `${index + 1}`, position: `${position + 1}`, eventType: TYPES[events.types[position] ?? 0] ?? '' };
}

function barOf(count: number, good: number): wire.CourseMark[] {
  const parts = Math.min(BAR, count);
  const start = (part: number) => Math.floor((part * count) / Math.max(1, parts));
  return Array.from({ length: parts }, (_, part) => {
    if (start(part + 1) <= good) return 'good';
    return start(part) >= good ? 'bad' : 'mixed';
  });
}

function statesAt(moment: number, differs: boolean): wire.PairRow[] {
  const row = (path: string, left: string | null, right = left): wire.PairRow => {
    return { path, left, right, differs: left !== right, isSameNumber: false };
  };
  return [
    row('/currency', '"EUR"'),
    row('/customerId', '"c-18220"'),
    row('/discount', '0.00'),
    row('/items/SKU-0042/price', '81.60'),
    row('/items/SKU-0042/qty', '2'),
    differs ? row('/items/SKU-0077/qty', '1', null) : row('/items/SKU-0077/qty', '1'),
    row('/orderId', '9007199254750415'),
    row('/paid', moment > 6 ? '202.35' : '0.00'),
    row('/status', moment > 6 ? '"paid"' : '"placed"'),
    differs ? row('/total', '325.25', '202.35') : row('/total', '325.25'),
  ];
}

// Of the language of conditions the twin knows that it has no calls of functions.
function refuse(condition: string): void {
  const [call] = /\b\w+\(/.exec(condition) ?? [];
  if (call === undefined) return;
  const message = `the condition has no function ${call.slice(0, -1)}`;
  throw new BackendError({ code: 'invalidInput', message, hint: 'compare fields of the state', choices: [] });
}

function gone(): never {
  const message = 'this answer is not there any more';
  throw new BackendError({ code: 'notFound', message, hint: 'run it again', choices: [] });
}
