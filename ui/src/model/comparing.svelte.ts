// Two states side by side: what is asked of each side, and what the engine made of it. The label of a side is of the
// same answer as the rows.

import { errorOf } from '../backend/backend';
import type {
  AppErrorWire,
  ComparedPlace,
  ComparedPreset,
  ComparisonIntervals,
  ComparisonOpened,
  ComparisonQuery,
  ComparisonSide,
  EventRow,
  HandlersNews,
  JobUpdate,
} from '../backend/bindings';
import type { StateFrame, StateRow } from '../backend/frames';
import { Latest } from '../base/latest';
import { PagedRows } from '../base/paged';
import { COMPARE as T } from '../strings/compare';
import { DEFAULT_HANDLER } from './open_history.svelte';
import type { OpenStore } from './open_store.svelte';

/** What differs between the sides: the moment, the stream or the handler. */
export const PRESETS: readonly ComparedPreset[] = ['points', 'aggregates', 'handlers'];

type Sides = Pick<ComparedPlace, 'base' | 'current'>;

const NOTHING: ComparisonSide = { stream: '', at: 'head', handler: null };

export class Comparing {
  preset = $state<ComparedPreset>('points');
  base = $state.raw<ComparisonSide>(NOTHING);
  current = $state.raw<ComparisonSide>(NOTHING);
  onlyChanges = $state(true);
  ignoresOrder = $state(false);
  opened = $state.raw<ComparisonOpened | null>(null);
  /** What the shown rows were asked as. */
  shown = $state.raw<ComparedPlace | null>(null);
  frame = $state.raw<StateFrame | null>(null);
  intervals = $state.raw<ComparisonIntervals | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  job = $state.raw<JobUpdate | null>(null);
  activeRow = $state(-1);
  /** Grows when rows of the list of events arrived. */
  eventsSeen = $state(0);
  events: PagedRows<EventRow>;

  readonly #store: OpenStore;
  readonly #frames: Latest<ComparisonQuery, StateFrame>;
  readonly #toggled = new Set<string>();
  #rows = { first: 0, count: 40 };
  #seq = 0;
  /** So often handlers had changed when both sides were folded last. */
  #changes: number;
  /** Which run is the newest, and what was asked by it. */
  #turn = 0;
  #ran = $state.raw<ComparedPlace | null>(null);

  constructor(store: OpenStore) {
    this.#store = store;
    store.masked.add(this);
    store.reloading.join(this);
    this.#changes = store.reloading.news?.changes ?? 0;
    this.#frames = new Latest(
      (query) => store.backend.comparisonFrame(this.opened?.comparison ?? 0, query),
      (frame) => (this.frame = frame),
      (reason) => this.#fail(reason),
    );
    this.events = this.#pages();
  }

  async close(): Promise<void> {
    this.#turn += 1;
    this.#store.masked.delete(this);
    this.#store.reloading.leave(this);
    this.#frames.close();
    this.stop();
    if (this.opened) await this.#store.backend.closeComparison(this.opened.comparison);
    this.opened = null;
  }

  /** What was run last, whether or not it is there yet; `null`: nothing was. */
  get place(): ComparedPlace | null {
    return this.#ran && { ...this.#ran, ignoresOrder: this.ignoresOrder };
  }

  /** Stands where a place says. */
  async take(place: ComparedPlace): Promise<void> {
    const isThere = this.#ran !== null && isSameComparison(this.#ran, place) && this.failure === null;
    this.ask(place);
    if (!isThere) await this.run();
    else if (this.ignoresOrder !== place.ignoresOrder) this.setIgnoresOrder(place.ignoresOrder);
  }

  /** What is asked now. */
  get asked(): ComparedPlace {
    const { base, current, ignoresOrder, preset } = this;
    return { preset, base, current, ignoresOrder };
  }

  /** Whether something else is asked than what is shown. */
  get isStale(): boolean {
    const { shown } = this;
    return shown !== null && !isSameComparison(shown, this);
  }

  /** Why it cannot run now; `null` when it can. */
  get blocked(): string | null {
    const lacking = (['base', 'current'] as const).filter((name) => this[name].stream === '');
    return lacking.length === 0 ? null : T.lacksStream(lacking.map((name) => T.sides[name]));
  }

  ask({ base, current, ignoresOrder, preset }: ComparedPlace): void {
    Object.assign(this, { base, current, ignoresOrder, preset });
  }

  /** Changes one side; where both sides have something in common by the preset, it stays common. */
  setSide(name: 'base' | 'current', change: Partial<ComparisonSide>): void {
    const other = name === 'base' ? 'current' : 'base';
    this[name] = { ...this[name], ...change };
    if (change.stream !== undefined && this.preset !== 'aggregates')
      this[other] = { ...this[other], stream: change.stream };
    if (change.at !== undefined && this.preset === 'handlers') this[other] = { ...this[other], at: change.at };
    if (change.handler !== undefined && this.preset !== 'handlers') {
      this[other] = { ...this[other], handler: change.handler };
    }
  }

  /** What both sides have in common by the preset is taken from the current side. */
  setPreset(preset: ComparedPreset): void {
    this.preset = preset;
    const { at, handler, stream } = this.current;
    if (preset !== 'aggregates') this.base = { ...this.base, stream };
    if (preset !== 'handlers') this.base = { ...this.base, handler };
    if (preset === 'handlers') this.base = { ...this.base, at };
  }

  async swap(): Promise<void> {
    [this.base, this.current] = [this.current, this.base];
    if (this.shown) await this.run();
  }

  async run(): Promise<void> {
    if (this.blocked !== null) return;
    this.#turn += 1;
    const [turn, { backend }] = [this.#turn, this.#store];
    this.#ran = this.asked;
    this.failure = null;
    this.intervals = null;
    try {
      const [asked, opened] = await this.#fold(turn, this.asked);
      if (turn !== this.#turn) return await backend.closeComparison(opened.comparison);
      const before = this.opened;
      this.opened = opened;
      // What was written into the fields meanwhile stays.
      for (const name of ['base', 'current'] as const) {
        if (this[name].handler === null) this[name] = { ...this[name], handler: asked[name].handler };
      }
      this.shown = asked;
      this.#ran = asked;
      this.activeRow = -1;
      this.#rows.first = 0;
      this.events = this.#pages();
      // No rows of the comparison before stand under these heads, nor those that are on their way.
      this.frame = null;
      this.#show(true);
      if (before) void backend.closeComparison(before.comparison);
      if (opened.hasIntervals) await this.#readIntervals(turn, opened.comparison);
    } catch (reason) {
      if (turn === this.#turn) this.#fail(reason);
    } finally {
      if (turn === this.#turn) this.job = null;
    }
  }

  /** Stops what is being folded. What is shown stays. */
  stop(): void {
    if (this.job) void this.#store.backend.cancelJob(this.job.job);
  }

  setOnlyChanges(isOn: boolean): void {
    this.onlyChanges = isOn;
    this.activeRow = -1;
    this.#show();
  }

  setIgnoresOrder(isOn: boolean): void {
    this.ignoresOrder = isOn;
    this.activeRow = -1;
    this.#show();
  }

  /** Both sides are folded again; until then, and where that fails, what was shown stays. */
  handlersChanged({ changes }: HandlersNews): void {
    const isOfFiles = [this.base, this.current].some(({ handler }) => handler !== DEFAULT_HANDLER);
    if (changes === this.#changes) return;
    this.#changes = changes;
    if (this.shown && !this.isStale && isOfFiles) void this.run();
  }

  maskChanged(): void {
    this.frame = null;
    this.#show(true);
  }

  wantRows(first: number, count: number): void {
    this.#rows = { first, count };
    const { frame } = this;
    if (!frame) return;
    const end = Math.min(frame.totalRows, first + count);
    if (frame.firstRow > first || frame.firstRow + frame.rows.length < end) this.#show();
  }

  toggle(path: string): void {
    if (this.#toggled.has(path)) this.#toggled.delete(path);
    else this.#toggled.add(path);
    this.#show();
  }

  rowAt(index: number): StateRow | undefined {
    return this.frame?.rows[index - this.frame.firstRow];
  }

  move(by: number): void {
    const last = (this.frame?.totalRows ?? 0) - 1;
    this.activeRow = Math.max(0, Math.min(last, this.activeRow + by));
  }

  /** The next row that changed, or the one before, round and round. */
  moveToChange(step: 1 | -1): void {
    const { activeRow, frame } = this;
    if (!frame || frame.totalRows === 0) return;
    if (this.onlyChanges) this.activeRow = (activeRow + step + frame.totalRows) % frame.totalRows;
    else {
      const rows = step > 0 ? frame.changedRows : frame.changedRows.toReversed();
      const row = rows.find((at) => (step > 0 ? at > activeRow : at < activeRow)) ?? rows[0];
      if (row !== undefined) this.activeRow = row;
    }
  }

  #pages(): PagedRows<EventRow> {
    return new PagedRows(
      (offset, limit) =>
        this.#store.backend.comparisonEvents(this.opened?.comparison ?? 0, { types: [], offset, limit }),
      () => (this.eventsSeen += 1),
      (reason) => this.#fail(reason),
    );
  }

  // A side for which nobody chose a handler is folded with the one at hand for its category, which only opening may tell.
  async #fold(turn: number, asked: ComparedPlace): Promise<[ComparedPlace, ComparisonOpened]> {
    const { backend, opened: store } = this.#store;
    const open = ({ base, current }: ComparedPlace) =>
      backend.openComparison(store.session, base, current, (job) => {
        if (turn === this.#turn) this.job = job;
      });
    const opened = await open(asked);
    const fitted = { ...asked };
    let isAnother = false;
    for (const name of ['base', 'current'] as const) {
      if (asked[name].handler !== null) continue;
      const handler = this.#store.handlerFor(opened[name].category);
      fitted[name] = { ...asked[name], handler: handler ?? DEFAULT_HANDLER };
      isAnother ||= handler !== null;
    }
    if (!isAnother) return [fitted, opened];
    await backend.closeComparison(opened.comparison);
    return [fitted, await open(fitted)];
  }

  async #readIntervals(turn: number, comparison: number): Promise<void> {
    const found = await this.#store.backend.comparisonIntervals(comparison, (job) => {
      if (turn === this.#turn) this.job = job;
    });
    if (turn === this.#turn) this.intervals = found;
  }

  /** `isAnew`: whatever is in flight must not be shown any more. */
  #show(isAnew = false): void {
    if (!this.opened) return;
    this.#seq += 1;
    const query = {
      ...{ seq: this.#seq, onlyChanges: this.onlyChanges, ignoresOrder: this.ignoresOrder, openDepth: 2 },
      toggled: [...this.#toggled],
      firstRow: Math.max(0, this.#rows.first - this.#rows.count),
      rowCount: this.#rows.count * 3,
    };
    if (isAnew) this.#frames.interrupt(query);
    else this.#frames.ask(query);
  }

  #fail(reason: unknown): void {
    const failure = errorOf(reason);
    if (failure.code !== 'cancelled') this.failure = failure;
  }
}

/** What is compared in a store, made when it is first wanted. */
export function comparingOf(store: OpenStore): Comparing {
  store.comparing ??= new Comparing(store);
  return store.comparing;
}

function isSameComparison(a: Sides, b: Sides): boolean {
  return sameSide(a.base, b.base) && sameSide(a.current, b.current);
}

function sameSide(a: ComparisonSide, b: ComparisonSide): boolean {
  return a.stream === b.stream && a.at === b.at && a.handler === b.handler;
}
