// An open store as the window sees it: what came at once, what the index adds, its streams and its timeline.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, Axis, JobUpdate, Overview, StoreOpened, StreamRow, StreamSort } from '../backend/bindings';
import { bigFromText } from '../base/exact';
import { nanosFromRfc3339, rfc3339FromNanos } from '../base/instant';
import { PagedRows } from '../base/paged';
import type { Fetch } from '../timeline/lod';
import { Timeline } from '../timeline/timeline.svelte';

/** Types with a colour of their own; every other type is in the slot after them. */
export const COLOURED_TYPES = 8;

export interface StreamOrder {
  matching: string;
  category: string | null;
  sort: StreamSort;
  descending: boolean;
}

export class OpenStore {
  readonly backend: Backend;
  readonly opened: StoreOpened;
  readonly streams: PagedRows<StreamRow>;

  overview = $state.raw<Overview | null>(null);
  timeline = $state.raw<Timeline | null>(null);
  job = $state.raw<JobUpdate | null>(null);
  isIndexing = $state(false);
  failure = $state.raw<AppErrorWire | null>(null);
  order = $state.raw<StreamOrder>({ matching: '', category: null, sort: 'last', descending: true });
  /** Grows when rows of the stream list arrived. */
  streamsSeen = $state(0);
  streamsFailure = $state.raw<AppErrorWire | null>(null);
  activeStream = $state(0);

  #slots = new Map<string, number>();
  #isClosed = false;

  constructor(backend: Backend, opened: StoreOpened) {
    this.backend = backend;
    this.opened = opened;
    this.streams = new PagedRows(
      (offset, limit) => backend.streams(opened.session, { ...this.order, offset, limit }),
      () => {
        this.streamsFailure = null;
        this.streamsSeen += 1;
      },
      (reason) => (this.streamsFailure = errorOf(reason)),
    );
    void this.index();
  }

  /** Builds the index when it is not ready, then asks for what only it knows. */
  async index(): Promise<void> {
    this.failure = null;
    this.isIndexing = true;
    try {
      await this.backend.indexStore(this.opened.session, (update) => {
        if (!this.#isClosed) this.job = update;
      });
      const overview = await this.backend.overview(this.opened.session);
      if (!this.#isClosed) this.#show(overview);
    } catch (reason) {
      if (!this.#isClosed) this.failure = errorOf(reason);
    } finally {
      this.isIndexing = false;
      this.job = null;
    }
  }

  async cancelIndex(): Promise<void> {
    if (this.job) await this.backend.cancelJob(this.job.job);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.timeline?.close();
    if (this.job) await this.backend.cancelJob(this.job.job);
    await this.backend.closeStore(this.opened.session);
  }

  setOrder(order: Partial<StreamOrder>): void {
    this.order = { ...this.order, ...order };
    this.activeStream = 0;
    this.streams.reset();
    this.streams.want(0, 1);
  }

  /** The colour slot of a type: by frequency in the whole store, so that a colour means one type everywhere. */
  slotOf(type: string): number {
    return this.#slots.get(type) ?? COLOURED_TYPES;
  }

  get isReady(): boolean {
    return this.overview !== null;
  }

  #show(overview: Overview): void {
    this.overview = overview;
    this.#slots = new Map(overview.types.slice(0, COLOURED_TYPES).map((type, slot) => [type.name, slot]));
    this.timeline = new Timeline(
      {
        bounds: (axis) => storeBounds(overview, axis),
        load: (axis, fetch) => this.backend.storeDensity(this.opened.session, densityQuery(axis, fetch)),
        slotOf: (series) => this.slotOf(series),
        failed: (reason) => (this.failure = errorOf(reason)),
      },
      'time',
    );
    this.streams.want(0, 1);
  }
}

export function densityQuery(axis: Axis, fetch: Fetch) {
  const text = (value: bigint) => (axis === 'time' ? rfc3339FromNanos(value) : `${value}`);
  return { axis, from: text(fetch.from), to: text(fetch.to), columns: fetch.columns };
}

/** First and last value of an axis from their texts, or `null` where they are no whole numbers or instants. */
export function boundsOf(axis: Axis, first: string, last: string): { first: bigint; last: bigint } | null {
  const read = axis === 'time' ? nanosFromRfc3339 : bigFromText;
  const low = read(first);
  const high = read(last);
  if (low === null || high === null) return null;
  return low <= high ? { first: low, last: high } : { first: high, last: low };
}

function storeBounds(overview: Overview, axis: Axis): { first: bigint; last: bigint } | null {
  return axis === 'time' ? boundsOf(axis, overview.firstRecordedAt, overview.lastRecordedAt) : null;
}
