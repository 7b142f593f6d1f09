// The window's one door to its host. Two implementations stand behind it: `tauri.ts` (the application) and `fake.ts`
// (a deterministic twin, in memory, for browsers and tests). Nothing else may know which one answers.

import type {
  AppErrorWire,
  AppStart,
  CacheUse,
  Causation,
  Clock,
  CorrectionsTold,
  CorrelationStreams,
  DensityBy,
  DensityQuery,
  Distinction,
  Environment,
  EventDetail,
  EventPage,
  EventQuery,
  FieldPage,
  FieldRead,
  FindHit,
  FindingGroup,
  FindingPage,
  HexPage,
  HistoryOpened,
  HistoryUpdate,
  InvariantsChecked,
  JobUpdate,
  KeyBinding,
  KnownAsked,
  KnownTold,
  Lane,
  LaneMoment,
  LaneStep,
  LanesOpened,
  LanesPage,
  LanesQuery,
  MaskState,
  MomentFound,
  Overview,
  PayloadHit,
  PayloadQuery,
  PayloadView,
  ProblemFound,
  RangeFacts,
  RangeQuery,
  RevealWire,
  SearchDirection,
  Settings,
  StateQuery,
  StoreNews,
  StoreOpened,
  StoryPage,
  StreamPage,
  StreamQuery,
  Theme,
  WhyNotTold,
  WhyTold,
  WindowPlaces,
  Recent,
} from './bindings';
import type { CompareBackend } from './compare';
import type { DriftBackend } from './drift';
import type { ConnectionsBackend } from './connections';
import type { EvidenceBackend } from './evidence';
import type { DensityFrame, StateFrame } from './frames';
import type { LabBackend } from './lab';
import type { SandboxBackend } from './sandbox';
import type { SearchBackend } from './search';
import type { StoresBackend } from './stores';

/** Every method rejects with a [`BackendError`]. Progress is told before the promise settles, never after. */
export interface Backend
  extends
    SearchBackend,
    CompareBackend,
    StoresBackend,
    DriftBackend,
    EvidenceBackend,
    LabBackend,
    SandboxBackend,
    ConnectionsBackend {
  start(): Promise<AppStart>;
  /** Makes the sample store (or finds it made) and answers where it is. */
  makeSample(progress: (update: JobUpdate) => void): Promise<string>;
  /**
   * `layout`: which of the candidates to take, when an earlier try was ambiguous. Rejects with `cancelled` when
   * `cancelJob` stopped it.
   */
  openStore(location: string, layout: string | null, progress?: (update: JobUpdate) => void): Promise<StoreOpened>;
  closeStore(session: number): Promise<void>;
  /** Needs the index; see `indexStore`. */
  overview(session: number): Promise<Overview>;
  /** Builds or completes the local index; rejects with `cancelled` when `cancelJob` stopped it. */
  indexStore(session: number, progress: (update: JobUpdate) => void): Promise<void>;
  /** What the index came upon, one by one, with what to do. Needs the index. */
  storeFindings(session: number): Promise<FindingGroup[]>;
  /** Those of a code behind the first `from`. Needs the index. */
  storeFindingPage(session: number, code: string, from: number): Promise<FindingPage>;
  streams(session: number, query: StreamQuery): Promise<StreamPage>;
  /** Tells from now on how the store is, and brings it and its histories up to date whenever somebody wrote to it. */
  watchStore(session: number, news: (news: StoreNews) => void): Promise<void>;
  /** Has a watched store looked at now. */
  lookNow(session: number): Promise<void>;
  /** What a history is by now: it grows with its store. */
  historyNow(history: number): Promise<HistoryOpened>;
  /** How many events, streams and types a range holds. Needs the index. */
  rangeFacts(session: number, query: RangeQuery): Promise<RangeFacts>;
  /** What distinguishes a range from the rest. Needs the index; rejects with `cancelled` when `cancelJob` stopped it. */
  distinguish(session: number, query: RangeQuery, progress: (update: JobUpdate) => void): Promise<Distinction>;
  /**
   * Goes through all events once, so that `storeDensity` by category answers at once. Needs the index; rejects with
   * `cancelled` when `cancelJob` stopped it.
   */
  countCategories(session: number, progress: (update: JobUpdate) => void): Promise<void>;
  storeDensity(session: number, query: DensityQuery, by: DensityBy): Promise<DensityFrame>;
  /**
   * `at` is a cursor text; `handler` a package, `null` for the default. `news` hears how far the opening is, and until
   * the history is closed how far a long fold is and which findings came up; `cancelJob` stops what runs.
   */
  openHistory(
    session: number,
    stream: string,
    at: string | null,
    handler: string | null,
    news: (update: HistoryUpdate) => void,
  ): Promise<HistoryOpened>;
  closeHistory(history: number): Promise<void>;
  /** What was found in a stream so far, one by one. */
  historyFindings(history: number): Promise<FindingGroup[]>;
  historyFindingPage(history: number, code: string, from: number): Promise<FindingPage>;
  historyDensity(history: number, query: DensityQuery): Promise<DensityFrame>;
  eventRows(history: number, query: EventQuery): Promise<EventPage>;
  stateFrame(history: number, query: StateQuery): Promise<StateFrame>;
  /** The event that made `moment` (1 for the first). */
  eventDetail(history: number, moment: number): Promise<EventDetail>;
  /** What the payload or metadata of the event that made a moment is. */
  payloadView(history: number, query: PayloadQuery): Promise<PayloadView>;
  /** Its bytes, sixteen a row. */
  payloadHex(history: number, query: PayloadQuery, first: number, count: number): Promise<HexPage>;
  /** The first place behind the one numbered `after` that holds a text; behind the last comes the first. */
  findInPayload(history: number, query: PayloadQuery, text: string, after: number): Promise<PayloadHit | null>;
  /** Saves it where the system's dialog says, never beside the store; `null` when that was closed without a choice. */
  savePayload(history: number, query: PayloadQuery, name: string): Promise<string | null>;
  /** What masking rules hide of a store, and what is revealed of it. */
  maskState(session: number): Promise<MaskState>;
  /** Shows what is hidden at a place, and logs it with the reason. */
  reveal(session: number, reveal: RevealWire, reason: string): Promise<MaskState>;
  /** Hides again what was revealed last, or all of it. */
  conceal(session: number, isAll: boolean): Promise<MaskState>;
  /** What a cursor text means in a history, floor and never nearest. */
  momentOf(history: number, cursor: string): Promise<MomentFound>;
  /** The next moment after (or before) `from` at which the value at `path` changed; `null` when there is none. */
  nextChange(history: number, path: string, from: number, direction: SearchDirection): Promise<number | null>;
  /** Holds the invariants of the handler against every state; what breaks is among the findings then. */
  checkInvariants(history: number, progress: (update: JobUpdate) => void): Promise<InvariantsChecked>;
  /** The next event with a problem, round and round; `null` when there is none. */
  nextProblem(history: number, from: number, direction: SearchDirection): Promise<ProblemFound | null>;
  /** Reads every value that a field ever had; its rows and lanes can be asked for then. */
  readField(history: number, path: string, progress: (update: JobUpdate) => void): Promise<FieldRead>;
  fieldRows(history: number, path: string, offset: number, limit: number): Promise<FieldPage>;
  /** The field in the columns of a window. */
  fieldLane(history: number, path: string, query: DensityQuery): Promise<Lane>;
  /** What made a field as it is after an event. */
  why(history: number, path: string, moment: number, progress: (update: JobUpdate) => void): Promise<WhyTold>;
  /** What kept the events after the moment `from` up to `to` from changing a field. */
  whyNot(
    history: number,
    path: string,
    from: number,
    to: number,
    progress: (update: JobUpdate) => void,
  ): Promise<WhyNotTold>;
  /** The state of what happened by a time, whenever it was recorded. */
  known(history: number, asked: KnownAsked, progress: (update: JobUpdate) => void): Promise<KnownTold>;
  /** What of the state at a time came to be known later. */
  corrections(history: number, asked: KnownAsked, progress: (update: JobUpdate) => void): Promise<CorrectionsTold>;
  /** Writes every value of a field into a CSV file. */
  exportField(history: number, path: string, file: string): Promise<void>;
  /** The system's dialog for a file to write. It begins where something was saved last, never beside the store; `null` when it was closed without a choice. */
  pickSave(name: string): Promise<string | null>;
  /** The next moment after (or before) `from` whose event is of one of these types; `null` when there is none. */
  nextEvent(history: number, types: string[], from: number, direction: SearchDirection): Promise<number | null>;
  /** The story of the events after the moment `first`. */
  story(history: number, first: number, count: number): Promise<StoryPage>;
  /** Causes above and effects below the event that made `moment`; without an index of ids only of those nearby. */
  causation(history: number, moment: number): Promise<Causation>;
  /** Indexes the ids of all events, and the store before where that is missing. */
  indexIds(session: number, progress: (update: JobUpdate) => void): Promise<void>;
  /** The streams that share the correlation id of the event that made `moment`. */
  correlationStreams(history: number, moment: number): Promise<CorrelationStreams>;
  /** Puts streams on one clock. */
  openLanes(
    session: number,
    streams: string[],
    clock: Clock,
    progress: (update: JobUpdate) => void,
  ): Promise<LanesOpened>;
  closeLanes(lanes: number): Promise<void>;
  lanesPage(lanes: number, query: LanesQuery): Promise<LanesPage>;
  /** Where each lane is at an instant: floor, never nearest. */
  lanesAt(lanes: number, time: string): Promise<LaneMoment[]>;
  /** The next event on any lane after (or the last before) an instant; `null` when there is none. */
  lanesStep(lanes: number, from: string, direction: SearchDirection): Promise<LaneStep | null>;
  /** Streams whose id holds `text`, best first. */
  find(session: number, text: string, limit: number): Promise<FindHit[]>;
  cancelJob(job: number): Promise<void>;
  saveSettings(settings: Settings): Promise<void>;
  /** Opens the settings file in the program that the system has for it. */
  openSettings(): Promise<void>;
  openSettingsFolder(): Promise<void>;
  /** Binds keys in the settings file, over what it says of them. */
  bindKeys(binding: KeyBinding): Promise<void>;
  /** Takes a binding out of the settings file: the default holds again. */
  unbindKeys(context: string, keys: string): Promise<void>;
  /** Says what a store is; `null`: nobody says so any more. */
  classify(location: string, environment: Environment | null): Promise<void>;
  /** Remembers what the window shows and where it stands, for its next start. */
  rememberWindow(shown: WindowPlaces): Promise<void>;
  /** Of one connection, or of all stores. */
  cacheUse(connection: string | null): Promise<CacheUse>;
  /** Throws indexes and copies away, but not what is in use; answers what is left. */
  clearCache(connection: string | null): Promise<CacheUse>;
  forgetRecent(location: string): Promise<void>;
  /** Puts one that was forgotten back to where it stood. */
  restoreRecent(recent: Recent): Promise<void>;
  /** Locations of recent stores whose file is not there now. */
  goneRecents(): Promise<string[]>;
  /** The system's file dialog, for a store or what goes with it; `null` when it was closed without a choice. */
  pickFile(
    what?: 'store' | 'layout' | 'handler' | 'readModel' | 'rules' | 'key' | 'explanations',
  ): Promise<string | null>;
  /** Calls back while files hover over the window and when they are dropped. Answers how to stop listening. */
  onFileDrop(listener: (drop: FileDrop) => void): () => void;
  /** Calls back with links that later starts of the application hand over to this window. */
  onLink(listener: (link: string) => void): void;
  /** Tells the system's frame of the window its title, its theme and how large the page is drawn. */
  dress(title: string, theme: Theme, zoomPercent: number): Promise<void>;
}

export type FileDrop = { kind: 'over' } | { kind: 'left' } | { kind: 'dropped'; paths: string[] };

export class BackendError extends Error {
  readonly wire: AppErrorWire;

  constructor(wire: AppErrorWire) {
    super(wire.message);
    this.name = 'BackendError';
    this.wire = wire;
  }
}

/** What failed at a store that need not be the one that shows. */
export class StoreError extends BackendError {
  readonly location: string;

  constructor(location: string, reason: unknown) {
    super(errorOf(reason));
    this.name = 'StoreError';
    this.location = location;
  }
}

/** Whatever was thrown, in the shape that the error card shows. */
export function errorOf(reason: unknown): AppErrorWire {
  if (reason instanceof BackendError) return reason.wire;
  const message = reason instanceof Error ? reason.message : `${reason}`;
  return { code: 'internal', message, hint: '', choices: [] };
}
