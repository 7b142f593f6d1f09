// The history of one stream as the window sees it: two cursors, what the inspector shows of them, the event list.
// The label of a state and its rows come from one frame, so they cannot disagree.

import { errorOf } from '../backend/backend';
import type {
  AppErrorWire,
  Axis,
  EventDetail,
  EventRow,
  FindingWire,
  HandlersNews,
  HistoryOpened,
  Lens,
  MomentFound,
  StateQuery,
} from '../backend/bindings';
import type { StateFrame, StateRow } from '../backend/frames';
import { bigFromText } from '../base/exact';
import { eventPlaceText, versionText } from '../base/format';
import { nanosFromRfc3339, rfc3339FromNanos } from '../base/instant';
import { Latest } from '../base/latest';
import { PagedRows } from '../base/paged';
import { momentAt, valueOfMoment, xOfMoment } from '../timeline/moments';
import { Timeline } from '../timeline/timeline.svelte';
import { S } from '../strings';
import { HANDLERS } from '../strings/handlers';
import { Causes } from './causes.svelte';
import { differences } from './differences.svelte';
import { Drawers } from './drawers.svelte';
import type { Masking } from './masking.svelte';
import { Fields } from './fields.svelte';
import { HistoryNews } from './news.svelte';
import { OpenPayload } from './payload.svelte';
import { Playing } from './playing.svelte';
import { Problems } from './problems.svelte';
import { boundsOf, boundsOfWhole, densityQuery, type Bounds, type OpenStore } from './open_store.svelte';
import { Slots } from './slots';
import { Steps } from './steps';
import { Story } from './story.svelte';
import { TreeLook } from './tree_look.svelte';
import type { Tab } from './view';
import { Waiting } from './waiting.svelte';

/** What the tab of the event shows of it. */
export type EventLens = 'payload' | 'metadata' | 'upcast';

/** What folds where no handler is at hand for a category. */
export const DEFAULT_HANDLER = 'builtin:merge';
const PATIENCE_MILLIS = 250;
const SETTLED_MILLIS = 500;

/** What the label over a tab is of. */
export type Shown = Pick<StateFrame, 'moment' | 'version' | 'position' | 'eventType' | 'recordedAt'>;

interface Loaded {
  frame: StateFrame;
  detail: EventDetail | null;
}

export class OpenHistory {
  readonly store: OpenStore;
  opened = $state.raw() as HistoryOpened;
  readonly timeline: Timeline;
  readonly events: PagedRows<EventRow>;
  /** What the handler was opened as. */
  readonly handler: string;
  readonly news: HistoryNews;
  readonly payload: OpenPayload;
  readonly playing = new Playing(this);
  readonly problems = new Problems(this);
  readonly story: Story;
  readonly causes: Causes;
  readonly fields = new Fields(this);
  readonly drawers = new Drawers(this);
  readonly steps = new Steps(this);
  /** How late the rows are. */
  readonly waiting = new Waiting();
  readonly look = new TreeLook();

  a = $state(0);
  b = $state<number | null>(null);
  tab = $state<Tab>('state');
  eventLens = $state<EventLens>('payload');
  frame = $state.raw<StateFrame | null>(null);
  #framedLens = $state.raw<Lens>('state');
  detail = $state.raw<EventDetail | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  eventsFailure = $state.raw<AppErrorWire | null>(null);
  /** Grows when rows of the event list arrived. */
  eventsSeen = $state(0);
  /** Types shown in the list; empty: all. */
  types = $state.raw<string[]>([]);
  /** The field that C hops along, as a JSON pointer. */
  focus = $state<string | null>(null);
  /** The row of the tree that keys act on; -1: none. */
  activeRow = $state(-1);
  /** The instant at which A was fixed, in nanoseconds since 1970; `null`: A is its event. */
  asOf = $state.raw<bigint | null>(null);
  /** The cursor that A was asked for by, where events are missing between the event of A and it; `null`: A is its event. */
  asked: string | null = null;
  notice = $state('');
  isDragging = $state(false);
  /** Rows of the tree to bring into view once. */
  reveal = $state.raw<{ first: number; last: number } | null>(null);
  /** The sentence for the live region, once A rests. */
  announcement = $state('');

  readonly #slots = new Slots();
  readonly #frames: Latest<StateQuery, Loaded>;
  #firstVersion: bigint | null;
  #positions: Bounds | null;
  #rows = { first: 0, count: 40 };
  /** Whether the tree has said how many rows it shows. */
  #isLaidOut = false;
  #seq = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    store: OpenStore,
    opened: HistoryOpened,
    handler: string | null,
    positions: Bounds | null,
    news: HistoryNews,
  ) {
    const { backend } = store;
    this.store = store;
    this.opened = opened;
    this.handler = handler ?? DEFAULT_HANDLER;
    this.news = news;
    this.story = new Story(backend, opened.history);
    this.causes = new Causes(backend, store.opened.session, opened.history);
    this.payload = new OpenPayload(backend, opened.history, this);
    store.masked.add(this);
    this.#positions = positions;
    this.#firstVersion = contiguousStart(opened);
    this.#frames = new Latest(
      (query) => this.#load(query),
      (loaded, query) => this.#show(loaded, query.lens),
      (reason) => this.failed(reason),
      PATIENCE_MILLIS,
    );
    this.events = new PagedRows(
      (offset, limit) => backend.eventRows(opened.history, { types: this.types, offset, limit }),
      () => {
        this.eventsFailure = null;
        this.eventsSeen += 1;
      },
      (reason) => (this.eventsFailure = errorOf(reason)),
    );
    this.timeline = new Timeline(
      {
        bounds: (axis) => this.#bounds(axis),
        load: (axis, fetch) => backend.historyDensity(opened.history, densityQuery(axis, fetch)),
        slotOf: (series) => this.slotOf(series),
        ahead: (axis) => (axis === 'version' && this.#firstVersion !== null ? this.#firstVersion - 1n : 0n),
        failed: (reason) => this.failed(reason),
      },
      this.#bounds('time') ? 'time' : 'version',
    );
    this.#slots.give(opened.types.map(({ name }) => name));
    this.a = opened.moment;
    this.ask();
    store.live.join(this);
    store.reloading.join(this);
  }

  /** Events that came since it was read, where the store is watched. */
  get newEvents(): number {
    const now = this.store.live.news?.histories.find(({ history }) => history === this.opened.history);
    return Math.max(0, (now?.events ?? 0) - this.opened.events);
  }

  /** Takes in what came. Cursors stay where they are, but for A at the head of a store that is followed. */
  async grow(isFollowing: boolean): Promise<void> {
    if (this.newEvents === 0) return;
    try {
      const wasAtHead = this.a === this.opened.events;
      await this.#takeNow(isFollowing);
      if (wasAtHead && isFollowing && this.asOf === null) this.setA(this.opened.events);
    } catch (reason) {
      this.failed(reason);
    }
  }

  /** The history as the engine has it now, with all that hangs on how many events there are. */
  async #takeNow(isFollowing: boolean): Promise<void> {
    const { backend } = this.store;
    const opened = await backend.historyNow(this.opened.history);
    const whole = { axis: 'position' as const, from: '', to: '', columns: 1 };
    this.#positions = boundsOfWhole(await backend.historyDensity(opened.history, whole));
    this.opened = opened;
    this.#firstVersion = contiguousStart(opened);
    this.timeline.grow(isFollowing);
    this.events.renew();
  }

  async close(): Promise<void> {
    this.store.live.leave(this);
    this.store.reloading.leave(this);
    this.store.masked.delete(this);
    [this.playing, this.problems, this.fields].forEach((part) => part.close());
    this.#frames.close();
    this.causes.close();
    this.payload.close();
    this.timeline.close();
    this.waiting.end();
    clearTimeout(this.#settle);
    await this.store.backend.closeHistory(this.opened.history);
  }

  /** The store's colours where its types are known, else those of the types of this stream. */
  slotOf(type: string): number {
    return this.store.isReady ? this.store.slotOf(type) : this.#slots.of(type);
  }

  get masking(): Masking {
    return this.store.masking;
  }

  /** What was found in this stream so far. */
  get findings(): FindingWire[] {
    return this.news.findings ?? this.opened.findings;
  }

  get lens(): Lens {
    if (this.tab === 'event' || this.tab === 'raw') return this.eventLens;
    if (this.tab === 'story') return 'diff';
    if (this.tab === 'diff') return differences.isWhole ? 'state' : 'diff';
    // Of a tree of events nothing is folded.
    return this.tab === 'causation' ? 'payload' : this.tab;
  }

  /** The event that the tab shows, which its label names: that at A, or an earlier one until that at A came. */
  get shown(): Shown | null {
    const { causes, detail, frame, tab } = this;
    if (this.a === 0 || !(tab === 'causation' || this.isOfEvent)) return frame;
    return tab === 'causation' ? causes.shown : (detail?.row ?? null);
  }

  /** Whether the tab shows an event by itself, not what it led to. */
  get isOfEvent(): boolean {
    return this.tab === 'event' || this.tab === 'raw';
  }

  /** Whether rows of the tree are fields of the state, which the focus is among. */
  get isOfState(): boolean {
    return this.lens === 'state' || this.lens === 'diff' || this.lens === 'blame';
  }

  /** Puts A on a moment; whatever is shown follows. */
  setA(moment: number): void {
    this.fixA(moment, null);
  }

  /**
   * Puts A on the moment of an instant, which stays what A stands for: floor, never nearest. `asked`: what else led
   * there. Where events behind the moment's are missing, either may be past them, and the state is said to lack them.
   */
  fixA(moment: number, asOf: bigint | null, asked: string | null = null): void {
    const next = Math.max(0, Math.min(this.opened.events, Math.round(moment)));
    const isAsked = this.asked === asked && this.asOf === asOf;
    this.asOf = asOf;
    this.asked = asked;
    this.notice = '';
    if (next === this.a && isAsked && this.waiting.now !== 'stopped') return;
    this.a = next;
    this.ask();
    this.#announceLater();
  }

  /** Puts A on what the engine says that a cursor means. */
  putA({ moment, asOf, asked }: MomentFound): void {
    this.fixA(moment, asOf === null ? null : nanosFromRfc3339(asOf), asked);
  }

  setB(moment: number | null): void {
    this.b = moment === null ? null : Math.max(0, Math.min(this.opened.events, Math.round(moment)));
    this.ask();
  }

  swap(): void {
    if (this.b === null) return;
    const { a, b } = this;
    this.b = a;
    this.a = b;
    this.asOf = null;
    this.asked = null;
    this.ask();
  }

  setTab(tab: Tab): void {
    if (tab === this.tab) return;
    this.tab = tab;
    this.activeRow = -1;
    this.#rows.first = 0;
    this.ask();
  }

  setEventLens(lens: EventLens): void {
    this.eventLens = lens;
    this.#rows.first = 0;
    this.ask();
  }

  /** Says which rows of the tree are visible. */
  wantRows(first: number, count: number): void {
    const { tree } = this;
    const isFirst = !this.#isLaidOut;
    this.#isLaidOut = true;
    this.#rows = { first, count };
    // Before there are rows they are asked for already, or a person stopped it.
    if (!tree) return;
    if (isFirst) this.#revealChange(tree);
    const end = Math.min(tree.totalRows, first + count);
    if (tree.firstRow > first || tree.firstRow + tree.rows.length < end) this.ask();
  }

  /** Folds or unfolds a container, kept by path over every move of the cursors. */
  toggle(path: string): void {
    this.look.toggle(this.lens, path);
    this.ask();
  }

  setTypes(types: string[]): void {
    this.types = types;
    this.events.reset();
  }

  ask(): void {
    this.failure = null;
    this.#frames.ask(this.#query());
    if (this.tab === 'causation') this.causes.ask(this.a);
    this.waiting.begin();
  }

  /** Says that something did not work. */
  failed(reason: unknown): void {
    const failure = errorOf(reason);
    // A newer request took the place of this one: nothing failed.
    if (failure.code === 'cancelled') return;
    this.waiting.end();
    this.failure = failure;
  }

  /** Stops a fold that takes long. A stays; the rows keep their true label. */
  stop(): void {
    const { frame, news } = this;
    if (this.waiting.now !== 'late' && this.waiting.now !== 'slow') return;
    if (frame) {
      // Asking again for what is shown supersedes the running fold, and is answered from memory.
      this.#frames.interrupt({ ...this.#query(), moment: frame.moment });
    } else if (news.job !== null) void this.store.backend.cancelJob(news.job);
    else return;
    this.waiting.stop();
  }

  /** Brings the next row that changed into view, or the one before, round and round. Among changes alone it is focused. */
  revealChange(step: 1 | -1): void {
    const { tree } = this;
    if (!tree || tree.totalRows === 0) return;
    if (this.lens === 'diff') return this.focusRow((this.activeRow + step + tree.totalRows) % tree.totalRows);
    const at = this.reveal?.first ?? (step > 0 ? -1 : Infinity);
    const rows = step > 0 ? tree.changedRows : tree.changedRows.toReversed();
    const row = rows.find((row) => (step > 0 ? row > at : row < at)) ?? rows[0];
    if (row !== undefined) this.reveal = { first: row, last: row };
  }

  /** The pixel of a moment on the timeline; `null` until the density is there. */
  xOfMoment(moment: number): number | null {
    return xOfMoment(this.timeline, moment);
  }

  /** The pixel of A: that of its event, or of the instant at which it was fixed. */
  get xOfA(): number | null {
    const { asOf, timeline } = this;
    return asOf !== null && timeline.axis === 'time' ? timeline.view.xOf(asOf) : this.xOfMoment(this.a);
  }

  /** Brings A into the timeline's window, where it left it. */
  follow(): void {
    const isFixed = this.asOf !== null && this.timeline.axis === 'time';
    const value = isFixed ? this.asOf : this.valueOfMoment(this.a);
    if (value !== null) this.timeline.reveal(value);
  }

  /** The moment that pointing at a pixel means: the last event at or before it. */
  momentAt(x: number): number {
    return momentAt(this.timeline, x) ?? this.a;
  }

  /** The value of a moment on an axis, where it is known without asking: to a column, of the moment shown exactly. */
  valueOfMoment(moment: number, axis = this.timeline.axis): bigint | null {
    const { frame, timeline } = this;
    if (axis === 'version') return BigInt(moment);
    if (frame?.moment === moment) {
      const exact = axis === 'time' ? nanosFromRfc3339(frame.recordedAt) : bigFromText(frame.position);
      if (exact !== null) return exact;
    }
    return axis === timeline.axis ? valueOfMoment(timeline, moment) : null;
  }

  /** The store's own version of a moment; `null` when only a frame can say it. */
  versionOf(moment: number): string | null {
    if (moment === 0) return '';
    if (this.#firstVersion !== null) return `${this.#firstVersion + BigInt(moment) - 1n}`;
    return this.frame?.moment === moment ? this.frame.version : null;
  }

  /** A as a cursor text; `null` where only the engine could say it. */
  get cursorText(): string | null {
    if (this.a === 0) return 'start';
    const version = this.versionOf(this.a);
    if (version) return `v${version}`;
    return this.frame?.moment === this.a && this.frame.position !== '' ? `#${this.frame.position}` : null;
  }

  /** How the moment of a cursor is written: its version, or its ordinal until the version is known. */
  labelOf(moment: number): string {
    if (moment === 0) return S.history.beforeFirst;
    const version = this.versionOf(moment);
    if (version) return versionText(version);
    if (this.frame?.moment === moment) return eventPlaceText(this.frame);
    return S.history.eventOf(moment, this.opened.events);
  }

  /** The frame, once its rows are what is looked at and of what the label names: a payload says nothing of a state. */
  get tree(): StateFrame | null {
    return this.#framedLens === this.lens && this.shown?.moment === this.frame?.moment ? this.frame : null;
  }

  rowAt(index: number): StateRow | undefined {
    const { tree } = this;
    return tree?.rows[index - tree.firstRow];
  }

  /** Puts the tree's own cursor on a row, and the field that C hops along with it. */
  focusRow(index: number): void {
    const { tree } = this;
    if (!tree) return;
    this.activeRow = Math.max(0, Math.min(tree.totalRows - 1, index));
    const row = this.rowAt(this.activeRow);
    if (row && this.isOfState) this.focus = row.pointer;
  }

  /** The containers whose folding a person toggled in what is shown. */
  get toggled(): string[] {
    return this.look.toggledIn(this.lens);
  }

  maskChanged(): void {
    this.frame = null;
    this.detail = null;
    this.payload.forget();
    this.#askAnew();
  }

  handlersChanged(news: HandlersNews): void {
    const own = news.histories.find(({ history }) => history === this.opened.history);
    if (own && own.handler.hash !== this.opened.handler.hash) void this.#refold();
    // The words of a story are no part of the hash.
    else if (own && this.handler !== DEFAULT_HANDLER) this.#tellAnew();
  }

  /** The engine folds it with another handler: the rows that are there keep their label until the others came. */
  async #refold(): Promise<void> {
    try {
      await this.#takeNow(false);
      this.failure = null;
      this.news.findings = null;
      this.#askAnew();
      this.timeline.refetch();
      this.problems.checkAnew();
      const { name, version } = this.opened.handler;
      this.announcement = HANDLERS.folded(`${name}@${version}`);
    } catch (reason) {
      this.failed(reason);
    }
  }

  /** Nothing that was answered holds any more, nor what is in flight. */
  #askAnew(): void {
    this.announcement = '';
    this.notice = '';
    this.fields.readAnew();
    this.drawers.close();
    this.#tellAnew();
    this.#frames.interrupt(this.#query());
    this.waiting.begin();
  }

  #tellAnew(): void {
    this.story.lines.refetch();
    this.story.seen += 1;
  }

  #query(): StateQuery {
    const lens = this.lens;
    this.#seq += 1;
    return {
      ...{ seq: this.#seq, lens, moment: this.a, base: this.b },
      asked: this.asOf === null ? this.asked : rfc3339FromNanos(this.asOf),
      ...{ openDepth: this.look.openDepth, toggled: this.toggled, part: this.look.part },
      onlyChanges: this.tab === 'state' && this.look.onlyChanges,
      isWhole: this.payload.isWholeAt(this.a, lens === 'metadata'),
      // A screen above and below, so that a short scroll needs no answer.
      firstRow: Math.max(0, this.#rows.first - this.#rows.count),
      rowCount: this.#rows.count * 3,
    };
  }

  /** The rows of an event and what is said of it come together, also where it is known already: it may have changed. */
  async #load(query: StateQuery): Promise<Loaded> {
    const { backend } = this.store;
    const { history } = this.opened;
    const hasDetail = query.moment > 0 && (this.isOfEvent || this.detail?.row.moment === query.moment);
    const [frame, detail] = await Promise.all([
      backend.stateFrame(history, query),
      hasDetail ? backend.eventDetail(history, query.moment) : null,
    ]);
    return { frame, detail };
  }

  #show({ frame, detail }: Loaded, lens: Lens): void {
    if (detail) this.detail = detail;
    const hasMoved = this.frame?.moment !== frame.moment || this.frame.base !== frame.base;
    const isLookedAt = lens === this.lens;
    if (hasMoved && isLookedAt) this.#revealChange(frame);
    this.frame = frame;
    this.#framedLens = lens;
    // The field keeps the row's cursor, wherever its row went.
    const kept = this.focus === null ? -1 : frame.rows.findIndex((row) => row.pointer === this.focus);
    if (!isLookedAt) this.activeRow = -1;
    else if (kept >= 0) this.activeRow = frame.firstRow + kept;
    else if (this.activeRow >= frame.totalRows) this.activeRow = -1;
    if (this.waiting.now === 'stopped') return;
    this.waiting.end();
    // The rows are behind but they come: lateness counts from the last frame, not from the start of a drag.
    if (frame.moment !== this.a || !isLookedAt) this.waiting.begin();
  }

  // A person who steps sees what the event did: when none of it is in view, the first of it comes into view. Nothing
  // moves while A is dragged, nor under a field that a person chose.
  #revealChange(frame: StateFrame): void {
    if (!this.#isLaidOut || this.isDragging || this.focus !== null || this.tab !== 'state') return;
    const { first, count } = this.#rows;
    const { changedRows } = frame;
    const [top, bottom] = [changedRows[0], changedRows.at(-1)];
    if (top === undefined || bottom === undefined) return;
    if (changedRows.some((row) => row >= first && row < first + count - 1)) return;
    this.reveal = { first: top, last: bottom };
  }

  #announceLater(): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      const { frame } = this;
      if (!frame || frame.moment !== this.a) return;
      const effect = S.history.moved(frame.added, frame.changed, frame.removed);
      this.announcement = `${this.labelOf(this.a)}, ${frame.eventType}. ${effect}`;
    }, SETTLED_MILLIS);
  }

  #bounds(axis: Axis): Bounds | null {
    const { opened } = this;
    if (axis === 'time') return boundsOf(axis, opened.firstRecordedAt, opened.lastRecordedAt);
    if (axis === 'version') return opened.events > 0 ? { first: 1n, last: BigInt(opened.events) } : null;
    return this.#positions;
  }
}

// Versions without gaps can be counted; others only a frame or a row knows.
function contiguousStart(opened: HistoryOpened): bigint | null {
  const first = bigFromText(opened.firstVersion);
  const last = bigFromText(opened.lastVersion);
  return first !== null && last !== null && last - first + 1n === BigInt(opened.events) ? first : null;
}
