// One stream of two stores that are compared: its events that are not the same, and one of them on both sides. It is read
// while a person looks at it, and given up when they look at another.

import { errorOf } from '../backend/backend';
import type {
  AppErrorWire,
  JobUpdate,
  StoresDocument,
  StoresEvent,
  StoresFrameQuery,
  StoresPlace,
  StoresRow,
  StoresStates,
} from '../backend/bindings';
import type { StateFrame } from '../backend/frames';
import { Latest } from '../base/latest';
import { PagedRows } from '../base/paged';
import type { OpenStore } from './open_store.svelte';

export class LookedStream {
  readonly row: StoresRow;
  readonly places: PagedRows<StoresPlace>;
  /** Grows when rows of the list of events arrived. */
  seen = $state(0);
  active = $state(0);
  event = $state.raw<StoresEvent | null>(null);
  document = $state<StoresDocument>('payload');
  onlyChanges = $state(false);
  frame = $state.raw<StateFrame | null>(null);
  states = $state.raw<StoresStates | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  job = $state.raw<JobUpdate | null>(null);

  readonly #store: OpenStore;
  readonly #comparison: number;
  readonly #events: Latest<number, StoresEvent>;
  readonly #frames: Latest<[number, StoresFrameQuery], StateFrame>;
  #toggled = new Set<string>();
  #rows = { first: 0, count: 40 };
  #seq = 0;
  #isClosed = false;

  constructor(store: OpenStore, comparison: number, row: StoresRow) {
    this.#store = store;
    this.#comparison = comparison;
    this.row = row;
    const { backend } = store;
    const failed = (reason: unknown) => this.#fail(reason);
    const at = (place: number) => ({ comparison, row: row.row, place });
    this.places = new PagedRows(
      (offset, limit) => this.#pages(offset, limit),
      () => {
        const isFirst = this.seen === 0;
        this.seen += 1;
        if (isFirst && this.places.matching > 0) this.choose(0);
      },
      failed,
    );
    this.#events = new Latest(
      (place) => backend.storesEvent(at(place)),
      (event, place) => this.#show(event, place),
      failed,
    );
    this.#frames = new Latest(
      ([place, query]) => backend.storesFrame(at(place), query),
      (frame, [place]) => {
        if (place === this.active) this.frame = frame;
      },
      failed,
    );
    if (row.renamed === '') this.places.want(0, 1);
  }

  close(): void {
    this.#isClosed = true;
    this.stop();
    this.#events.close();
    this.#frames.close();
  }

  stop(): void {
    if (this.job) this.#store.backend.cancelJob(this.job.job).catch(() => undefined);
  }

  /** Asks again for what failed. */
  retry(): void {
    this.failure = null;
    this.places.retry();
    if (this.places.matching > 0) this.choose(this.active);
  }

  get place(): StoresPlace | undefined {
    void this.seen;
    return this.places.at(this.active);
  }

  choose(place: number): void {
    this.active = place;
    this.places.want(place, place + 1);
    this.#events.ask(place);
  }

  move(by: number): void {
    const last = this.places.matching - 1;
    if (last >= 0) this.choose(Math.min(Math.max(this.active + by, 0), last));
  }

  setDocument(document: StoresDocument): void {
    this.document = document;
    this.#toggled = new Set();
    this.#rows.first = 0;
    this.frame = null;
    this.#ask();
  }

  setOnlyChanges(isOn: boolean): void {
    this.onlyChanges = isOn;
    this.#ask();
  }

  toggle(path: string): void {
    if (this.#toggled.has(path)) this.#toggled.delete(path);
    else this.#toggled.add(path);
    this.#ask();
  }

  wantRows(first: number, count: number): void {
    this.#rows = { first, count };
    const { frame } = this;
    if (!frame) return;
    const end = Math.min(frame.totalRows, first + count);
    if (frame.firstRow > first || frame.firstRow + frame.rows.length < end) this.#ask();
  }

  /** Another mask holds: what was shown under the old one goes at once. */
  maskChanged(): void {
    this.event = null;
    this.frame = null;
    if (this.places.matching > 0) this.#events.interrupt(this.active);
  }

  async compareStates(): Promise<void> {
    this.states = null;
    this.failure = null;
    try {
      const states = await this.#store.backend.storesStates(this.#comparison, this.row.row, this.#tell);
      if (!this.#isClosed) this.states = states;
    } catch (reason) {
      this.#fail(reason);
    } finally {
      this.job = null;
    }
  }

  async #pages(offset: number, limit: number) {
    const { backend } = this.#store;
    try {
      return await backend.storesPlaces(this.#comparison, this.row.row, offset, limit, this.#tell);
    } finally {
      this.job = null;
    }
  }

  readonly #tell = (job: JobUpdate): void => {
    // Nobody looks at it any more.
    if (this.#isClosed) this.#store.backend.cancelJob(job.job).catch(() => undefined);
    else this.job = job;
  };

  #show(event: StoresEvent, place: number): void {
    if (place !== this.active) return;
    const isAnother = this.event !== event;
    this.event = event;
    if (!isAnother) return;
    // What differs is what a person came for.
    const isOnlyMetadata = event.metadata.isDifferent && !event.payload.isDifferent;
    this.setDocument(isOnlyMetadata ? 'metadata' : 'payload');
  }

  #ask(): void {
    if (!this.event?.[this.document].isTree) return;
    this.#seq += 1;
    const query = {
      ...{ seq: this.#seq, document: this.document, onlyChanges: this.onlyChanges, toggled: [...this.#toggled] },
      ...{ firstRow: Math.max(0, this.#rows.first - this.#rows.count), rowCount: this.#rows.count * 3 },
    };
    this.#frames.ask([this.active, query]);
  }

  #fail(reason: unknown): void {
    const failure = errorOf(reason);
    if (!this.#isClosed && failure.code !== 'cancelled') this.failure = failure;
  }
}
