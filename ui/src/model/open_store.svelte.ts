// An open store as the window sees it: what came at once, what the index adds, its streams and its timeline.

import { errorOf, type Backend } from '../backend/backend';
import type {
  AppErrorWire,
  Axis,
  DensityBy,
  FindingWire,
  HandlerChoice,
  JobUpdate,
  Overview,
  StoreOpened,
  StreamRow,
  StreamSelection,
  TimelineLook,
} from '../backend/bindings';
import type { DensityFrame } from '../backend/frames';
import { bigFromText } from '../base/exact';
import { nanosFromRfc3339, rfc3339FromNanos, rfc3339Now } from '../base/instant';
import { PagedRows } from '../base/paged';
import type { Place } from '../place/place';
import type { Span } from '../timeline/axis';
import type { Fetch } from '../timeline/lod';
import { Timeline } from '../timeline/timeline.svelte';
import type { Board } from './board';
import type { Comparing } from './comparing.svelte';
import { Masking, type Masked } from './masking.svelte';
import { Lanes } from './lanes.svelte';
import { Live } from './live.svelte';
import { RangeSelection } from './range.svelte';
import { Reloading } from './reloading.svelte';
import { Slots } from './slots';
import { drawAs } from './timeline_look';

/** First and last value of an axis, both inclusive. */
export interface Bounds {
  first: bigint;
  last: bigint;
}

const WHOLE_LIST = { matching: '', category: null, lastType: null, from: '', to: '' };
const USUAL_LIST: StreamSelection = { ...WHOLE_LIST, sort: 'last', descending: true };

export class OpenStore {
  readonly backend: Backend;
  readonly live: Live;
  readonly reloading: Reloading;
  readonly streams: PagedRows<StreamRow>;
  readonly lanes = new Lanes(this);
  /** What is hidden of it, in all that shows it. */
  readonly masking: Masking;
  /** Whatever shows values of it now. */
  readonly masked = new Set<Masked>();
  /** What views that are read late keep for it, by view. */
  boards = $state.raw<ReadonlyMap<string, Board>>(new Map());
  /** Two states side by side, once they were looked at. */
  comparing = $state.raw<Comparing | null>(null);
  /** The board that Compare shows; `null`: two states. */
  compared = $state<'readModel' | 'stores' | null>(null);

  overview = $state.raw<Overview | null>(null);
  timeline = $state.raw<Timeline | null>(null);
  job = $state.raw<JobUpdate | null>(null);
  isIndexing = $state(false);
  /** How far the count of events by category is; `null`: none runs. */
  counting = $state.raw<JobUpdate | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  /** When the overview was read last, RFC 3339; empty before. */
  readAt = $state('');
  order = $state.raw<StreamSelection>(USUAL_LIST);
  range = $state.raw<RangeSelection | null>(null);
  /** Grows when a person wants to type a range. */
  rangeWanted = $state(0);
  /** Grows when rows of the stream list arrived. */
  streamsSeen = $state(0);
  streamsFailure = $state.raw<AppErrorWire | null>(null);
  /** Whether a person moved the mark in the list last, and not what came into it. */
  isActiveMoved = $state(true);

  readonly #first: StoreOpened;
  #activeRow = $state(0);
  /** The marked stream, which stays marked wherever its row goes; empty while its row is not here. */
  #activeId = $state('');
  readonly #slots: Record<DensityBy, Slots> = { type: new Slots(), category: new Slots() };
  #bounds: Bounds | null = null;
  /** The count by category, and what the store was then. */
  #counted: { of: Overview | null; all: Promise<void> } | null = null;
  /** What of the timeline is to be shown once it is there. */
  #wanted: { axis: Axis; window: Span | null; look: TimelineLook | null } | null = null;
  #isClosed = false;

  constructor(backend: Backend, opened: StoreOpened) {
    this.backend = backend;
    this.#first = opened;
    this.live = new Live(backend, opened.session);
    this.live.join(this);
    this.reloading = new Reloading(backend, opened.session);
    this.masking = new Masking(backend, opened.session, () => this.#maskChanged());
    this.streams = new PagedRows(
      (offset, limit) => backend.streams(opened.session, { ...this.order, offset, limit }),
      () => {
        this.streamsFailure = null;
        this.#followActive();
        this.streamsSeen += 1;
      },
      (reason) => (this.streamsFailure = errorOf(reason)),
    );
    void this.index();
    void this.#watch();
  }

  /** What came at once; by now what is said of the store itself, where that was out of reach then. */
  readonly opened: StoreOpened = $derived.by(() =>
    this.live.back ? { ...this.#first, ...this.live.back } : this.#first,
  );

  /** Tries again what failed of the store as a whole: its index, its timeline, watching it. */
  async retry(): Promise<void> {
    this.failure = null;
    this.timeline?.refetch();
    await Promise.all([this.index(), this.live.news === null ? this.#watch() : null]);
  }

  /** Brings what is shown up to date with the index, which goes along with the store. */
  async grow(isFollowing: boolean): Promise<void> {
    if (!this.overview || this.isIndexing) return;
    try {
      const overview = await this.backend.overview(this.opened.session);
      const positions = await this.#positions(overview.events);
      if (this.#isClosed) return;
      this.overview = overview;
      this.readAt = rfc3339Now();
      this.#colour(overview);
      this.#bounds = positions;
      this.timeline?.grow(isFollowing);
      this.streams.renew();
    } catch (reason) {
      if (!this.#isClosed) this.failure = errorOf(reason);
    }
  }

  /** Marks a range of the shown axis; `null`: none. */
  setRange(span: Span | null): void {
    void this.range?.cancel();
    const { timeline } = this;
    this.range = span && timeline ? new RangeSelection(this.backend, this.opened.session, timeline.axis, span) : null;
  }

  /** The row of the list that is marked. */
  get activeStream(): number {
    return this.#activeRow;
  }

  set activeStream(row: number) {
    this.#activeRow = row;
    this.#activeId = this.streams.at(row)?.id ?? '';
    this.isActiveMoved = true;
  }

  /** The stream that is marked, whatever row it is in by now; empty while none is known. */
  get activeStreamId(): string {
    return this.#activeId;
  }

  /** Whether the list shows fewer streams than there are. */
  get isFiltered(): boolean {
    const { matching, category, lastType, from, to } = this.order;
    return matching !== '' || category !== null || lastType !== null || from !== '' || to !== '';
  }

  clearFilter(): void {
    this.setOrder(WHOLE_LIST);
  }

  /** Brings the index up to date, then asks for what only it knows; what an index knows already is shown before. */
  async index(): Promise<void> {
    this.failure = null;
    this.isIndexing = true;
    try {
      if (this.opened.indexIsReady && this.overview === null) await this.#ask();
      if (this.overview?.isBehind === false) return;
      await this.backend.indexStore(this.opened.session, (update) => {
        if (!this.#isClosed) this.job = update;
      });
      await this.#ask();
    } catch (reason) {
      if (!this.#isClosed) this.failure = errorOf(reason);
    } finally {
      this.isIndexing = false;
      this.job = null;
    }
  }

  /** Stops what is made of all events. */
  async cancelIndex(): Promise<void> {
    const job = this.job ?? this.counting;
    if (job) await this.backend.cancelJob(job.job);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.live.close();
    this.reloading.close();
    await this.range?.cancel();
    this.timeline?.close();
    await this.lanes.close();
    for (const board of this.boards.values()) await board.close();
    await this.comparing?.close();
    if (this.job) await this.backend.cancelJob(this.job.job);
    await this.backend.closeStore(this.opened.session);
  }

  /** Which streams the list shows; `null` where it shows all in their usual order. */
  get streamsPlace(): StreamSelection | null {
    return sameOrder(this.order, USUAL_LIST) ? null : this.order;
  }

  /** Shows what a place says: the streams at once, the window once the index is there. `window` `null`: all. */
  takePlace({ axis, look, streams, window }: Pick<Place, 'axis' | 'look' | 'streams' | 'window'>): void {
    const order = streams ?? USUAL_LIST;
    if (!sameOrder(order, this.order)) this.setOrder(order);
    // What is open already stays as a person drew it meanwhile.
    this.#wanted = { axis, window, look: this.timeline ? null : look };
    this.#showWanted();
  }

  setOrder(order: Partial<StreamSelection>): void {
    this.order = { ...this.order, ...order };
    this.activeStream = 0;
    this.streams.reset();
    this.streams.want(0, 1);
  }

  /** The colour slot of a type, or of a category. */
  slotOf(kind: string, by: DensityBy = 'type'): number {
    return this.#slots[by].of(kind);
  }

  /** The category of a stream, where it is known without asking. */
  categoryOf(stream: string): string | null {
    const categories = this.overview?.categories ?? [];
    if (categories.length === 1) return categories[0]?.name ?? null;
    const at = this.streams.indexOf(({ id }) => id === stream);
    return at === null ? null : (this.streams.at(at)?.category ?? null);
  }

  /** The handlers at hand by now. */
  get handlers(): HandlerChoice[] {
    return this.reloading.news?.atHand ?? this.opened.handlers;
  }

  /** The newest handler at hand for a category; `null`: the default, which needs none. */
  handlerFor(category: string): string | null {
    const wanted = category.toLowerCase();
    return this.handlers.find((choice) => choice.category?.toLowerCase() === wanted)?.reference ?? null;
  }

  get isReady(): boolean {
    return this.overview !== null;
  }

  /** What is missing of a damaged store; `null`: nothing is known to be. */
  get damage(): FindingWire | null {
    const findings = this.overview?.findings ?? this.opened.findings;
    return findings.find(({ code }) => code === 'damaged') ?? null;
  }

  #maskChanged(): void {
    for (const one of [...this.masked, ...this.boards.values()]) one.maskChanged();
  }

  #followActive(): void {
    if (this.#activeId === '') this.#activeId = this.streams.at(this.#activeRow)?.id ?? '';
    const row = this.streams.indexOf(({ id }) => id === this.#activeId);
    if (row === null || row === this.#activeRow) return;
    this.#activeRow = row;
    this.isActiveMoved = false;
  }

  async #watch(): Promise<void> {
    try {
      await Promise.all([this.live.watch(), this.reloading.watch()]);
    } catch (reason) {
      if (!this.#isClosed) this.failure = errorOf(reason);
    }
  }

  async #ask(): Promise<void> {
    const overview = await this.backend.overview(this.opened.session);
    const positions = await this.#positions(overview.events);
    if (!this.#isClosed) this.#show(overview, positions);
  }

  // The store's own positions, where they are whole numbers: the index says where they begin and end.
  async #positions(events: number): Promise<Bounds | null> {
    if (events === 0) return null;
    const whole = { axis: 'position' as const, from: '', to: '', columns: 1 };
    return boundsOfWhole(await this.backend.storeDensity(this.opened.session, whole, 'type'));
  }

  #show(overview: Overview, positions: Bounds | null): void {
    if (this.overview) this.streams.reset();
    this.overview = overview;
    this.readAt = rfc3339Now();
    this.#colour(overview);
    this.#bounds = positions;
    this.timeline = new Timeline(
      {
        bounds: (axis) => storeBounds(this.overview ?? overview, this.#bounds, axis),
        load: async (axis, fetch, by) => {
          if (by === 'category') await this.#countCategories();
          return this.backend.storeDensity(this.opened.session, densityQuery(axis, fetch), by);
        },
        slotOf: (series, by) => this.slotOf(series, by),
        ahead: () => 0n,
        failed: (reason) => this.#failed(errorOf(reason)),
      },
      'time',
    );
    this.#showWanted();
    this.streams.want(0, 1);
  }

  // The first question by category takes a pass over all events, whenever the store grew.
  #countCategories(): Promise<void> {
    const of = this.overview;
    if (this.#counted?.of === of) return this.#counted.all;
    let isOver = false;
    const counted = this.backend.countCategories(this.opened.session, (job) => {
      if (!isOver) this.counting = job;
    });
    const all = counted.finally(() => {
      isOver = true;
      this.counting = null;
    });
    all.catch(() => (this.#counted = null));
    this.#counted = { of, all };
    return all;
  }

  // Who stops the count by category goes on with types, which the index has counted.
  #failed(failure: AppErrorWire): void {
    if (failure.code === 'cancelled' && this.timeline?.by === 'category') this.timeline.stackBy('type');
    else this.failure = failure;
  }

  #showWanted(): void {
    const { timeline } = this;
    if (!timeline || !this.#wanted) return;
    const { axis, look, window } = this.#wanted;
    this.#wanted = null;
    drawAs(look, timeline);
    if (timeline.axis !== axis) timeline.setAxis(axis);
    timeline.show(window ?? timeline.whole);
  }

  #colour({ categories, types }: Overview): void {
    this.#slots.type.give(types.map(({ name }) => name));
    this.#slots.category.give(categories.map(({ name }) => name));
  }
}

export function densityQuery(axis: Axis, fetch: Fetch) {
  const text = (value: bigint) => (axis === 'time' ? rfc3339FromNanos(value) : `${value}`);
  return { axis, from: text(fetch.from), to: text(fetch.to), columns: fetch.columns };
}

function sameOrder(a: StreamSelection, b: StreamSelection): boolean {
  return (
    JSON.stringify([a.matching, a.category, a.lastType, a.from, a.to, a.sort, a.descending]) ===
    JSON.stringify([b.matching, b.category, b.lastType, b.from, b.to, b.sort, b.descending])
  );
}

/** First and last value of an axis from their texts, or `null` where they are no whole numbers or instants. */
export function boundsOf(axis: Axis, first: string, last: string): Bounds | null {
  const read = axis === 'time' ? nanosFromRfc3339 : bigFromText;
  const low = read(first);
  const high = read(last);
  if (low === null || high === null) return null;
  return low <= high ? { first: low, last: high } : { first: high, last: low };
}

/** The bounds of an axis from a density frame over all of it, whose end is exclusive. */
export function boundsOfWhole(frame: DensityFrame): Bounds | null {
  const from = bigFromText(frame.from);
  const to = bigFromText(frame.to);
  return from === null || to === null || to <= from ? null : { first: from, last: to - 1n };
}

function storeBounds(overview: Overview, positions: Bounds | null, axis: Axis): Bounds | null {
  if (axis === 'position') return positions;
  return axis === 'time' ? boundsOf(axis, overview.firstRecordedAt, overview.lastRecordedAt) : null;
}
