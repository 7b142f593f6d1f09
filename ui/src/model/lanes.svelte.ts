// Several streams on one clock: which streams, the visible window, the instant of the cursor, where each lane is then,
// and the state of the chosen lane at that instant.

import { errorOf } from '../backend/backend';
import type {
  AppErrorWire,
  Clock,
  CorrelationStreams,
  EventDetail,
  JobUpdate,
  LaneMoment,
  LanesOpened,
  LanesPage,
  LanesPlace,
  LanesQuery,
  SearchDirection,
} from '../backend/bindings';
import { bigFromText } from '../base/exact';
import { nanosFromRfc3339, rfc3339FromNanos } from '../base/instant';
import { Latest } from '../base/latest';
import { inside, type Span } from '../timeline/axis';
import { MOST_LANES } from './limits';
import { HistoryNews } from './news.svelte';
import type { OpenHistory } from './open_history.svelte';
import type { OpenStore } from './open_store.svelte';
import { openHistory } from './open_stream';
import { S } from '../strings';

/** A glyph and a little room. */
export const CELL_PIXELS = 14;
/** At the closest the whole width is a millisecond. */
const SHORTEST = 1_000_000n;

export class Lanes {
  streams = $state.raw<string[]>([]);
  /** The affair that the streams were found by; `null`: they were added by hand. */
  affair = $state.raw<CorrelationStreams | null>(null);
  clock = $state<Clock>('recorded');
  opened = $state.raw<LanesOpened | null>(null);
  page = $state.raw<LanesPage | null>(null);
  window = $state.raw<Span | null>(null);
  /** The cursor, in nanoseconds since 1970. */
  instant = $state.raw<bigint | null>(null);
  /** Where each lane is at the instant. */
  at = $state.raw<LaneMoment[]>([]);
  /** The instant that they are of: the cursor may be further. */
  reached = $state.raw<bigint | null>(null);
  chosen = $state(0);
  /** Of the chosen lane. */
  history = $state.raw<OpenHistory | null>(null);
  width = $state(800);
  failure = $state.raw<AppErrorWire | null>(null);
  /** The stream that a person types, until it is added. */
  wanted = $state('');
  /** Whether a person is to be asked for a stream, once the field for it is there. */
  isFieldWanted = $state(false);
  /** Why it could not be added; the lanes are as they were. */
  refused = $state.raw<AppErrorWire | null>(null);
  job = $state.raw<JobUpdate | null>(null);
  notice = $state('');

  readonly #store: OpenStore;
  readonly #pages: Latest<LanesQuery, LanesPage>;
  readonly #moments: Latest<string, LaneMoment[]>;
  /** Which opening is the newest. */
  #turn = 0;

  constructor(store: OpenStore) {
    this.#store = store;
    const fail = (reason: unknown) => this.#fail(reason);
    this.#pages = new Latest(
      (query) => store.backend.lanesPage(this.opened?.lanes ?? 0, query),
      (page) => (this.page = page),
      fail,
    );
    this.#moments = new Latest(
      (time) => store.backend.lanesAt(this.opened?.lanes ?? 0, time),
      (at, time) => {
        this.at = at;
        this.reached = nanosFromRfc3339(time);
        this.#follow();
      },
      fail,
    );
  }

  async close(): Promise<void> {
    this.#turn += 1;
    this.#pages.close();
    this.#moments.close();
    this.stop();
    await this.history?.close();
    this.history = null;
  }

  /** What it shows, to come back to; `null` where no stream is on a lane. */
  get place(): LanesPlace | null {
    const { clock, chosen, instant, streams, window: shown } = this;
    if (streams.length === 0) return null;
    const text = (value: bigint | undefined | null) => (value === undefined || value === null ? null : `${value}`);
    return { streams, clock, chosen, instant: text(instant), from: text(shown?.from), to: text(shown?.to) };
  }

  /** Shows what it showed before. */
  async take(place: LanesPlace): Promise<void> {
    const { clock, chosen, streams } = place;
    const isOpen = this.clock === clock && this.streams.join('\n') === streams.join('\n') && this.opened !== null;
    const [instant, from, to] = [place.instant, place.from, place.to].map((text) => bigFromText(text ?? ''));
    this.clock = clock;
    this.streams = streams;
    this.chosen = chosen;
    this.instant = instant ?? null;
    if (!isOpen) {
      this.affair = null;
      await this.#open();
    } else await this.choose(chosen);
    if (instant !== null && instant !== undefined) this.setInstant(instant);
    if (from !== null && from !== undefined && to !== null && to !== undefined) this.show({ from, to });
  }

  /** Shows the streams of an affair, with the cursor at an event of one of them, which is chosen. */
  async showAffair(affair: CorrelationStreams, stream: string, event: EventDetail): Promise<void> {
    this.affair = affair;
    this.streams = affair.streams;
    this.chosen = Math.max(0, affair.streams.indexOf(stream));
    this.instant = this.#timeOf(event) ?? nanosFromRfc3339(event.row.recordedAt);
    await this.#open();
  }

  /** Adds a stream by hand, of which `asked` was typed. `false`: there is no room for it. */
  async add(stream: string, asked: string): Promise<boolean> {
    const { chosen, streams: before } = this;
    this.refused = null;
    const known = before.indexOf(stream);
    if (known >= 0) await this.choose(known);
    else if (before.length >= MOST_LANES) return false;
    else {
      // What a person adds belongs to no affair that was looked for.
      this.affair = null;
      this.streams = [...before, stream];
      this.chosen = before.length;
      await this.#open();
      // A stream that is not there takes no lane.
      if (this.failure) {
        this.refused = this.failure;
        this.failure = null;
        this.streams = before;
        await this.choose(chosen);
        return true;
      }
    }
    // What was typed in the meantime is another id.
    if (this.wanted.trim() === asked) this.wanted = '';
    return true;
  }

  async remove(lane: number): Promise<void> {
    this.streams = this.streams.filter((_, at) => at !== lane);
    this.chosen = Math.max(0, Math.min(this.chosen, this.streams.length - 1));
    await this.#open();
  }

  /** Puts the lanes on another clock. The cursor goes along with the event that the chosen lane is at. */
  async setClock(clock: Clock): Promise<void> {
    if (clock === this.clock) return;
    const { history, instant } = this;
    const moment = this.at[this.chosen]?.moment ?? 0;
    this.clock = clock;
    this.notice = '';
    if (history && moment > 0) {
      try {
        const event = await this.#store.backend.eventDetail(history.opened.history, moment);
        // Another click came first.
        if (this.clock !== clock || this.instant !== instant) return;
        const time = this.#timeOf(event);
        if (time !== null) this.instant = time;
        else this.notice = S.lanes.noTimeHere;
      } catch (reason) {
        this.#fail(reason);
      }
    }
    const { notice } = this;
    await this.#open();
    this.notice = notice;
  }

  async choose(lane: number): Promise<void> {
    this.chosen = Math.max(0, Math.min(this.streams.length - 1, lane));
    await this.#openChosen();
  }

  /** The whole span of all lanes, with a little room. */
  get whole(): Span | null {
    const { opened } = this;
    const [first, last] = [nanosFromRfc3339(opened?.first ?? ''), nanosFromRfc3339(opened?.last ?? '')];
    if (first === null || last === null) return null;
    const margin = (last - first) / 50n + SHORTEST;
    return { from: first - margin, to: last + margin };
  }

  setInstant(instant: bigint): void {
    this.instant = instant;
    this.notice = '';
    if (this.opened) this.#moments.ask(rfc3339FromNanos(instant));
  }

  show(window: Span): void {
    const { opened, whole } = this;
    if (!whole || !opened) return;
    this.window = inside(window, whole);
    const { from, to } = this.window;
    const cells = Math.max(1, Math.floor(this.width / CELL_PIXELS));
    this.#pages.ask({ from: rfc3339FromNanos(from), to: rfc3339FromNanos(to), cells });
  }

  fit(): void {
    if (this.whole) this.show(this.whole);
  }

  /** Makes the window `numerator / denominator` as long, around a value that keeps its place. */
  zoom(numerator: bigint, denominator: bigint, around: bigint): void {
    const { whole, window: shown } = this;
    if (!shown || !whole) return;
    const scaled = (distance: bigint) => (distance * numerator) / denominator;
    const next = { from: around - scaled(around - shown.from), to: around + scaled(shown.to - around) };
    if (next.to - next.from < SHORTEST) return;
    this.show(next.to - next.from >= whole.to - whole.from ? whole : next);
  }

  /** Moves the window by so many hundredths of its length. */
  pan(hundredths: bigint): void {
    const { window: shown } = this;
    if (!shown) return;
    const by = ((shown.to - shown.from) * hundredths) / 100n;
    this.show({ from: shown.from + by, to: shown.to + by });
  }

  /** Moves the cursor to the next event on any lane, and chooses its lane. `false`: there is none. */
  async step(direction: SearchDirection): Promise<boolean> {
    const { instant, opened } = this;
    if (instant === null || !opened) return false;
    const found = await this.#store.backend.lanesStep(opened.lanes, rfc3339FromNanos(instant), direction);
    const time = found && nanosFromRfc3339(found.time);
    if (!found || time === null) return false;
    if (found.lane !== this.chosen) void this.choose(found.lane);
    this.setInstant(time);
    this.#reveal(time);
    return true;
  }

  stop(): void {
    if (this.job) void this.#store.backend.cancelJob(this.job.job);
  }

  /** When an event was, by the present clock. */
  #timeOf({ occurredAt, row }: EventDetail): bigint | null {
    return nanosFromRfc3339(this.clock === 'recorded' ? row.recordedAt : (occurredAt ?? ''));
  }

  #reveal(time: bigint): void {
    const { window: shown } = this;
    if (!shown || (time >= shown.from && time < shown.to)) return;
    const half = (shown.to - shown.from) / 2n;
    this.show({ from: time - half, to: time + half });
  }

  /** Reads again what failed. */
  async retry(): Promise<void> {
    await this.#open();
  }

  async #open(): Promise<void> {
    const { backend, opened: store } = this.#store;
    this.#turn += 1;
    const turn = this.#turn;
    const before = this.opened;
    this.failure = null;
    try {
      const opened =
        this.streams.length === 0
          ? null
          : await backend.openLanes(store.session, this.streams, this.clock, (update) => (this.job = update));
      if (turn !== this.#turn) {
        if (opened) await backend.closeLanes(opened.lanes);
        return;
      }
      this.opened = opened;
      this.page = null;
      this.at = [];
      if (before) await backend.closeLanes(before.lanes);
      this.fit();
      const last = nanosFromRfc3339(opened?.last ?? '');
      const instant = this.instant ?? last;
      if (instant !== null) this.setInstant(instant);
      await this.#openChosen();
    } catch (reason) {
      if (turn === this.#turn) this.#fail(reason);
    } finally {
      if (turn === this.#turn) this.job = null;
    }
  }

  async #openChosen(): Promise<void> {
    const stream = this.streams[this.chosen];
    if (this.history?.opened.stream === stream) return this.#follow();
    const before = this.history;
    this.history = null;
    await before?.close();
    if (stream === undefined) return;
    try {
      const opened = await openHistory(this.#store, stream, null, null, new HistoryNews());
      if (this.streams[this.chosen] !== stream || this.history !== null) return await opened.close();
      this.history = opened;
      this.#follow();
    } catch (reason) {
      this.#fail(reason);
    }
  }

  // The state beneath is of the moment at which the chosen lane is.
  #follow(): void {
    const moment = this.at[this.chosen]?.moment;
    if (moment !== undefined) this.history?.setA(moment);
  }

  #fail(reason: unknown): void {
    const failure = errorOf(reason);
    if (failure.code !== 'cancelled') this.failure = failure;
  }
}
