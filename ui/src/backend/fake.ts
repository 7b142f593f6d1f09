// The deterministic twin of the application: seeded stores in memory, so that every view runs in any browser and in tests.
// Faults are switched on by the location of a store: `slow`, `error`, `empty`, `unindexed` in its name.

import { rfc3339FromNanos } from '../base/instant';
import { BackendError, type Backend, type FileDrop } from './backend';
import type { CompareBackend } from './compare';
import type { DriftBackend } from './drift';
import type { StoresBackend } from './stores';
import type { ConnectionsBackend } from './connections';
import type * as wire from './bindings';
import type { EvidenceBackend } from './evidence';
import type { DensityFrame, StateFrame } from './frames';
import type { FakeOptions } from './fake/options';
import type { LabBackend } from './lab';
import type { SandboxBackend } from './sandbox';
import {
  density,
  detailOf,
  eventRow,
  explain,
  pastHead,
  findIn,
  findingPage,
  findingsOfSample,
  group,
  millisToNanos,
  momentFrom,
  notAStore,
  placeOf,
  seriesOf,
  timeText,
  typeCounts,
} from './fake/answers';
import { withComparisons } from './fake/compare';
import { FakeConnections, withConnections } from './fake/connections';
import { listenToDrops } from './fake/drops';
import { Faults, withFaults } from './fake/faults';
import { FakeFields } from './fake/fields';
import { distinguish, rangeFacts, tellNews } from './fake/live';
import { withDrift } from './fake/drift';
import { withStores } from './fake/stores';
import { withEvidence } from './fake/evidence';
import { withLab } from './fake/lab';
import { withSandboxes } from './fake/sandbox';
import { causationOf, FakeLanes, storyPage, streamsOf } from './fake/links';
import { withSearch, type FakeStore, type Twin } from './fake/search';
import { makeEvents, TYPES, UNDECODABLE, type FakeEvents } from './fake/orders';
import { withPayloads, type PayloadBackend } from './fake/payload';
import { openedAnswer, overviewAnswer, streamsAnswer } from './fake/store';
import { FakePreferences, withPreferences, type PreferencesBackend } from './fake/preferences';
import { FakeStates } from './fake/states';

export type { FakeOptions } from './fake/options';

const SAMPLE = '/home/ada/refold/sample/orders.db';

export function fakeBackend(options: Partial<FakeOptions> = {}): Backend {
  const twin = new FakeBackend({
    ...{ seed: 4711, sampleEvents: 200_000, recents: [], gone: [], connections: [], launch: null },
    settings: { theme: 'system', density: 'comfortable' },
    settingsFile: '/home/ada/.config/refold/settings.toml',
    settingsFailure: null,
    settingsProblems: [],
    places: null,
    delayMillis: 0,
    faults: new Faults(),
    links: new EventTarget(),
    ...options,
  });
  const whole = withSearch(
    withComparisons(
      withEvidence(
        withDrift(
          withStores(
            withSandboxes(
              withLab(withPayloads(withConnections(withPreferences(twin, twin.preferences), twin.saved))),
              options.seed ?? 4711,
            ),
            twin.saved,
          ),
        ),
      ),
    ),
    options.seed ?? 4711,
  );
  return withFaults(whole, options.faults ?? new Faults());
}

interface OpenStore {
  location: string;
  events: FakeEvents;
  isIndexed: boolean;
}

interface OpenHistory {
  store: OpenStore;
  stream: number;
  positions: Uint32Array;
  states: FakeStates;
  opened: wire.HistoryOpened;
}

class FakeBackend implements Omit<
  Twin,
  | keyof PayloadBackend
  | keyof CompareBackend
  | keyof DriftBackend
  | keyof StoresBackend
  | keyof EvidenceBackend
  | keyof LabBackend
  | keyof SandboxBackend
  | keyof ConnectionsBackend
  | keyof PreferencesBackend
> {
  readonly #options: FakeOptions;
  readonly preferences: FakePreferences;
  readonly saved: FakeConnections;
  readonly #stores = new Map<number, OpenStore>();
  readonly #histories = new Map<number, OpenHistory>();
  readonly #lanes = new Map<number, FakeLanes>();
  readonly #cancelled = new Set<number>();
  readonly #fields = new FakeFields({
    eventsOf: (history) => this.#history(history).positions.length,
    literalAt: (history, path, moment) => this.#history(history).states.literal(path, moment),
    rowAt: (history, moment) => {
      const { store, positions } = this.#history(history);
      return eventRow(store.events, positions[moment - 1] ?? 0, moment);
    },
    placeOf: (history, axis, moment) => {
      const { store, positions } = this.#history(history);
      return placeOf(store.events, positions, axis, moment);
    },
    job: (report, phase, total) => this.#job(report, phase, total, 3),
  });
  /** How to stop the news of a session. */
  readonly #watched = new Map<number, () => void>();
  #recents: wire.Recent[];
  #next = 1;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.preferences = new FakePreferences(options.settings, options.places);
    this.saved = new FakeConnections(options.connections);
    this.#recents = options.recents;
  }

  async start(): Promise<wire.AppStart> {
    await this.#wait();
    const { launch, settingsFailure, settingsFile, settingsProblems } = this.#options;
    const { settings, shown } = this.preferences;
    return {
      ...{ version: '0.1.0', settings, recents: this.#recents, launch, places: shown, sample: null },
      ...{ settingsFile, settingsFailure, settingsProblems },
      ...{ connections: this.saved.book, connectionsFailure: null },
    };
  }

  async makeSample(progress: (update: wire.JobUpdate) => void): Promise<string> {
    const total = this.#options.sampleEvents;
    await this.#job(progress, 'makingTheSampleStore', total, 10);
    return SAMPLE;
  }

  async openStore(
    location: string,
    _layout: string | null,
    progress?: (update: wire.JobUpdate) => void,
  ): Promise<wire.StoreOpened> {
    await this.#wait();
    if (location.includes('large')) await this.#job(progress ?? (() => {}), 'readingTheFile', 523_000_000, 40);
    this.saved.check(location);
    if (location.includes('error')) throw notAStore(location);
    if (location.includes('ambiguous')) {
      throw new BackendError({
        code: 'ambiguous',
        message: `2 layouts fit ${location}`,
        hint: 'Choose the one that wrote this store.',
        choices: ['emmett', 'custom'],
      });
    }
    const count = location.includes('empty') ? 0 : location.includes('one') ? 1 : this.#options.sampleEvents;
    const store = {
      location,
      events: makeEvents(this.#options.seed, count, location.includes('shops') ? ['order', 'cart'] : ['order']),
      isIndexed: !location.includes('unindexed'),
    };
    const session = this.#next++;
    this.#stores.set(session, store);
    const total = store.events.times.length;
    const newest = Array.from({ length: Math.min(100, total) }, (_, i) => eventRow(store.events, total - 1 - i, 0));
    return openedAnswer(session, location, store.events, newest, store.isIndexed);
  }

  async closeStore(session: number): Promise<void> {
    this.#watched.get(session)?.();
    this.#watched.delete(session);
    this.#stores.delete(session);
  }

  async indexStore(session: number, progress: (update: wire.JobUpdate) => void): Promise<void> {
    const store = this.#store(session);
    const steps = store.location.includes('slow') ? 400 : 12;
    await this.#job(progress, 'readingEvents', store.events.times.length, steps);
    store.isIndexed = true;
  }

  async overview(session: number): Promise<wire.Overview> {
    await this.#wait();
    return overviewAnswer(this.#store(session).events);
  }

  async storeFindings(): Promise<wire.FindingGroup[]> {
    await this.#wait();
    return findingsOfSample().map(group);
  }

  async storeFindingPage(session: number, code: string, from: number): Promise<wire.FindingPage> {
    this.#store(session);
    return findingPage(await this.storeFindings(), code, from);
  }

  async streams(session: number, query: wire.StreamQuery): Promise<wire.StreamPage> {
    await this.#wait();
    return streamsAnswer(this.#store(session).events, query);
  }

  async watchStore(session: number, news: (news: wire.StoreNews) => void): Promise<void> {
    const { location, events } = this.#store(session);
    this.#watched.set(session, tellNews(location, events.times.length, news));
  }

  async lookNow(): Promise<void> {
    await this.#wait();
  }

  async historyNow(history: number): Promise<wire.HistoryOpened> {
    await this.#wait();
    return this.#history(history).opened;
  }

  async rangeFacts(session: number, query: wire.RangeQuery): Promise<wire.RangeFacts> {
    await this.#wait();
    return rangeFacts(this.#store(session).events, query);
  }

  async distinguish(
    session: number,
    query: wire.RangeQuery,
    progress: (update: wire.JobUpdate) => void,
  ): Promise<wire.Distinction> {
    const { events } = this.#store(session);
    await this.#job(progress, 'readingTheSample', events.times.length, 4);
    return distinguish(events, query);
  }

  async countCategories(session: number, progress: (update: wire.JobUpdate) => void): Promise<void> {
    const { events } = this.#store(session);
    await this.#job(progress, 'countingEventsByCategory', events.times.length, 1);
  }

  async storeDensity(session: number, query: wire.DensityQuery, by: wire.DensityBy): Promise<DensityFrame> {
    await this.#wait();
    const { events } = this.#store(session);
    const all = Uint32Array.from({ length: events.times.length }, (_, i) => i);
    return density(events, all, query, seriesOf(events, by));
  }

  async openHistory(
    session: number,
    stream: string,
    at: string | null,
    handler: string | null,
    news: (update: wire.HistoryUpdate) => void,
  ): Promise<wire.HistoryOpened> {
    await this.#wait();
    const store = this.#store(session);
    if (store.location.includes('slow')) {
      const told = (update: wire.JobUpdate) => news({ ...update, findings: null });
      await this.#job(told, 'readingTheStream', store.events.times.length, 400);
    }
    const { events } = store;
    const ordinal = events.ids.indexOf(stream);
    const positions = events.ofStream[ordinal];
    if (!positions) {
      throw new BackendError({
        ...{ code: 'notFound', message: `no stream is called ${stream}`, choices: [] },
        hint: 'Check the id, or search for a part of it.',
      });
    }
    const history = this.#next++;
    const opened: wire.HistoryOpened = {
      ...{ history, stream, category: 'order', events: positions.length, moment: positions.length },
      ...{ firstVersion: '1', lastVersion: `${positions.length}` },
      firstRecordedAt: timeText(events.times[positions[0] ?? 0] ?? 0),
      lastRecordedAt: timeText(events.times[positions[positions.length - 1] ?? 0] ?? 0),
      handler: {
        name: 'order',
        version: handler?.split('@')[1] ?? '1.1.0',
        hash: '4f1c09aa77d1',
        engine: 'declarative',
      },
      types: typeCounts(events, positions),
      findings: stream === UNDECODABLE.stream ? findingsOfSample().slice(0, 1) : [],
    };
    const states = new FakeStates(this.#options.seed, events, ordinal, positions);
    this.#histories.set(history, { store, stream: ordinal, positions, states, opened });
    if (at !== null) opened.moment = (await this.momentOf(history, at)).moment;
    return opened;
  }

  async closeHistory(history: number): Promise<void> {
    this.#histories.delete(history);
  }

  async historyFindings(history: number): Promise<wire.FindingGroup[]> {
    await this.#wait();
    const { store, stream } = this.#history(history);
    return store.events.ids[stream] === UNDECODABLE.stream ? [group(findingsOfSample()[0])] : [];
  }

  async historyFindingPage(history: number, code: string, from: number): Promise<wire.FindingPage> {
    return findingPage(await this.historyFindings(history), code, from);
  }

  async historyDensity(history: number, query: wire.DensityQuery): Promise<DensityFrame> {
    await this.#wait();
    const { store, positions } = this.#history(history);
    return density(store.events, positions, query, seriesOf(store.events));
  }

  async eventRows(history: number, query: wire.EventQuery): Promise<wire.EventPage> {
    await this.#wait();
    const { store, positions } = this.#history(history);
    const wanted = new Set(query.types);
    const isWanted = (position: number) => wanted.has(TYPES[store.events.types[position] ?? 0] ?? '');
    const matching = query.types.length === 0 ? null : [...positions.keys()].filter((k) => isWanted(positions[k] ?? 0));
    const total = positions.length;
    const count = matching ? matching.length : total;
    const rows: wire.EventRow[] = [];
    for (let i = query.offset; i < Math.min(count, query.offset + query.limit); i += 1) {
      const k = matching ? (matching[i] ?? 0) : i;
      rows.push(eventRow(store.events, positions[k] ?? 0, k + 1));
    }
    return { total, matching: count, rows };
  }

  async stateFrame(history: number, query: wire.StateQuery): Promise<StateFrame> {
    await this.#wait();
    return this.#history(history).states.frame(query);
  }

  async eventDetail(history: number, moment: number): Promise<wire.EventDetail> {
    await this.#wait();
    const open = this.#history(history);
    const row = eventRow(open.store.events, open.positions[moment - 1] ?? 0, moment);
    return detailOf(row, open.stream, open.states.payload(moment));
  }

  async momentOf(history: number, cursor: string): Promise<wire.MomentFound> {
    await this.#wait();
    const { store, positions } = this.#history(history);
    const { moment, at } = momentFrom(cursor.trim(), store.events, positions);
    const position = positions[moment - 1];
    const recorded = position === undefined ? '' : timeText(store.events.times[position] ?? 0);
    const gap = at !== null && position !== undefined ? at - millisToNanos(store.events.times[position] ?? 0) : 0n;
    return {
      moment,
      version: moment > 0 ? `${moment}` : '',
      position: position === undefined ? '' : `${position + 1}`,
      recordedAt: recorded,
      explanation: at === null ? pastHead(cursor.trim(), positions.length) : explain(at, moment, gap),
      asOf: at === null ? null : rfc3339FromNanos(at),
      asked: null,
    };
  }

  async nextChange(
    history: number,
    path: string,
    from: number,
    direction: wire.SearchDirection,
  ): Promise<number | null> {
    await this.#wait();
    const open = this.#history(history);
    const step = direction === 'forward' ? 1 : -1;
    const literal = (moment: number) => open.states.literal(path, moment);
    for (let moment = direction === 'forward' ? from + 1 : from - 1; moment > 0; moment += step) {
      if (moment > open.positions.length) return null;
      if (literal(moment) !== literal(moment - 1)) return moment;
    }
    return null;
  }

  async nextEvent(
    history: number,
    types: string[],
    from: number,
    direction: wire.SearchDirection,
  ): Promise<number | null> {
    await this.#wait();
    const { store, positions } = this.#history(history);
    const step = direction === 'forward' ? 1 : -1;
    for (let moment = from + step; moment > 0 && moment <= positions.length; moment += step) {
      const name = TYPES[store.events.types[positions[moment - 1] ?? 0] ?? 0] ?? '';
      if (types.length === 0 || types.includes(name)) return moment;
    }
    return null;
  }

  checkInvariants(history: number, progress: (update: wire.JobUpdate) => void): Promise<wire.InvariantsChecked> {
    return this.#fields.check(history, progress);
  }

  async nextProblem(history: number): Promise<wire.ProblemFound | null> {
    await this.#wait();
    const { store, stream } = this.#history(history);
    if (store.events.ids[stream] !== UNDECODABLE.stream) return null;
    return { moment: UNDECODABLE.version, ordinal: 1, total: 1, details: ['the payload cannot be read'] };
  }

  readField(history: number, path: string, progress: (update: wire.JobUpdate) => void): Promise<wire.FieldRead> {
    return this.#fields.read(history, path, progress);
  }

  fieldRows(history: number, path: string, offset: number, limit: number): Promise<wire.FieldPage> {
    return this.#fields.rows(history, path, offset, limit);
  }

  fieldLane(history: number, path: string, query: wire.DensityQuery): Promise<wire.Lane> {
    return this.#fields.lane(history, path, query);
  }

  why: Backend['why'] = (...asked) => this.#fields.why(...asked);
  whyNot: Backend['whyNot'] = (...asked) => this.#fields.whyNot(...asked);

  known: Backend['known'] = (...asked) => this.#fields.known(...asked);
  corrections: Backend['corrections'] = (...asked) => this.#fields.corrections(...asked);

  async exportField(): Promise<void> {
    await this.#wait();
  }

  async pickSave(name: string): Promise<string | null> {
    return `/home/ada/${name}`;
  }

  async story(history: number, first: number, count: number): Promise<wire.StoryPage> {
    await this.#wait();
    return storyPage(this.#options.seed, this.#history(history), first, count);
  }

  async causation(history: number, moment: number): Promise<wire.Causation> {
    await this.#wait();
    const { store, positions } = this.#history(history);
    return causationOf(store.events, positions[moment - 1] ?? 0, (position) => eventRow(store.events, position, 0));
  }

  indexIds(session: number, progress: (update: wire.JobUpdate) => void): Promise<void> {
    return this.#job(progress, 'indexingIds', this.#store(session).events.times.length, 12);
  }

  async correlationStreams(history: number, moment: number): Promise<wire.CorrelationStreams> {
    return streamsOf(await this.causation(history, moment));
  }

  async openLanes(session: number, streams: string[], clock: wire.Clock): Promise<wire.LanesOpened> {
    await this.#wait();
    const lanes = this.#next++;
    this.#lanes.set(lanes, new FakeLanes(this.#store(session).events, streams, clock));
    return { lanes, clock, ...this.#lanesOf(lanes).described };
  }

  async closeLanes(lanes: number): Promise<void> {
    this.#lanes.delete(lanes);
  }

  async lanesPage(lanes: number, query: wire.LanesQuery): Promise<wire.LanesPage> {
    return this.#wait().then(() => this.#lanesOf(lanes).page(query));
  }

  async lanesAt(lanes: number, time: string): Promise<wire.LaneMoment[]> {
    return this.#wait().then(() => this.#lanesOf(lanes).at(time));
  }

  async lanesStep(lanes: number, from: string, direction: wire.SearchDirection): Promise<wire.LaneStep | null> {
    return this.#wait().then(() => this.#lanesOf(lanes).step(from, direction));
  }

  async find(session: number, text: string, limit: number): Promise<wire.FindHit[]> {
    await this.#wait();
    return findIn(this.#store(session).events, text, limit);
  }

  async cancelJob(job: number): Promise<void> {
    this.#cancelled.add(job);
  }

  async classify(location: string, environment: wire.Environment | null): Promise<void> {
    if (location.startsWith('@')) this.saved.classify(location.slice(1), environment);
    else this.preferences.classify(location, environment);
  }

  // A twin has no programs to open files with.
  async openSettings(): Promise<void> {}

  async openSettingsFolder(): Promise<void> {}

  async forgetRecent(location: string): Promise<void> {
    this.#recents = this.#recents.filter((recent) => recent.location !== location);
  }

  async restoreRecent(recent: wire.Recent): Promise<void> {
    this.#recents = [recent, ...this.#recents];
  }

  async goneRecents(): Promise<string[]> {
    return this.#options.gone;
  }

  async pickFile(what?: string): Promise<string | null> {
    return what === 'readModel' ? '/home/ada/shop/read_model.db' : SAMPLE;
  }

  onFileDrop(listener: (drop: FileDrop) => void): () => void {
    return listenToDrops(listener);
  }

  onLink(listener: (link: string) => void): void {
    this.#options.links.addEventListener('link', (event) => {
      if (event instanceof CustomEvent) listener(`${event.detail}`);
    });
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#options.delayMillis));
  }

  async #job(
    report: (update: wire.JobUpdate) => void,
    phase: wire.PhaseWire,
    total: number,
    steps: number,
  ): Promise<void> {
    const job = this.#next++;
    for (let step = 0; step <= steps; step += 1) {
      report({ job, phase, done: Math.floor((total * step) / steps), total, doublings: 0 });
      await new Promise((resolve) => setTimeout(resolve, 25));
      if (this.#cancelled.has(job)) {
        throw new BackendError({ code: 'cancelled', message: 'cancelled', hint: '', choices: [] });
      }
    }
  }

  storeOf(session: number): FakeStore {
    return this.#store(session);
  }

  streamOf(history: number): FakeStore & { stream: number; positions: Uint32Array } {
    const { store, stream, positions } = this.#history(history);
    return { events: store.events, location: store.location, stream, positions };
  }

  isCancelled(job: number): boolean {
    return this.#cancelled.has(job);
  }

  nextNumber(): number {
    return this.#next++;
  }

  #store(session: number): OpenStore {
    const store = this.#stores.get(session);
    if (!store) throw new BackendError({ code: 'notFound', message: 'the store is closed', hint: '', choices: [] });
    return store;
  }

  #history(history: number): OpenHistory {
    const open = this.#histories.get(history);
    if (!open) throw new BackendError({ code: 'notFound', message: 'the history is closed', hint: '', choices: [] });
    return open;
  }

  #lanesOf(lanes: number): FakeLanes {
    const open = this.#lanes.get(lanes);
    if (!open) throw new BackendError({ code: 'notFound', message: 'the lanes are closed', hint: '', choices: [] });
    return open;
  }
}
