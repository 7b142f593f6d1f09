// The fields that a person watches in an open history: lanes over the timeline, and the one whose every value is listed.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, FieldRead, FieldRow, JobUpdate, Lane } from '../backend/bindings';
import { PagedRows } from '../base/paged';
import type { Fetch } from '../timeline/lod';
import type { Block } from '../timeline/blocks';
import { S } from '../strings';
import type { OpenHistory } from './open_history.svelte';
import { densityQuery } from './open_store.svelte';

/** More lanes would leave no room for the timeline. */
export const MOST_LANES = 5;

/** A part of a lane: what lies in one fetched range. */
export interface LanePiece {
  fetch: Fetch;
  lane: Lane;
}

/** A field whose every value is read. */
export class WatchedField {
  readonly path: string;
  readonly #history: OpenHistory;
  read = $state.raw<FieldRead | null>(null);
  /** How far the reading is; `null`: it is done, or failed. */
  job = $state.raw<JobUpdate | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  pieces = $state.raw<readonly LanePiece[]>([]);
  #shown: Block | null = null;
  #isClosed = false;

  constructor(history: OpenHistory, path: string) {
    this.#history = history;
    this.path = path;
    void this.#read();
  }

  /** Fetches its lane for what the timeline shows. The old one stays until the new one came. */
  async show(block: Block | null): Promise<void> {
    if (!block || !this.read || this.#shown === block) return;
    this.#shown = block;
    const { store, opened } = this.#history;
    const load = async (fetch: Fetch) => {
      const lane = await store.backend.fieldLane(opened.history, this.path, densityQuery(block.axis, fetch));
      return { fetch, lane };
    };
    try {
      const pieces = await Promise.all(block.plan.fetches.map(load));
      if (this.#shown === block && !this.#isClosed) this.pieces = pieces;
    } catch (reason) {
      // What was hidden or shown since is read anew.
      if (errorOf(reason).code === 'notFound' && !this.#isClosed) await this.#read();
      else this.#fail(reason);
    }
  }

  /** Reads it again after that failed. */
  async retry(): Promise<void> {
    const block = this.#shown;
    await this.#read();
    await this.show(block);
  }

  cancel(): void {
    if (this.job) void this.#history.store.backend.cancelJob(this.job.job);
  }

  close(): void {
    this.#isClosed = true;
    this.cancel();
  }

  async #read(): Promise<void> {
    const { store, opened } = this.#history;
    this.#shown = null;
    this.failure = null;
    try {
      this.read = await store.backend.readField(opened.history, this.path, (job) => {
        if (!this.#isClosed) this.job = job;
      });
    } catch (reason) {
      this.#fail(reason);
    } finally {
      this.job = null;
    }
  }

  #fail(reason: unknown): void {
    const error = errorOf(reason);
    this.failure = error.code === 'cancelled' ? { ...error, message: S.scrubber.fieldCancelled } : error;
  }
}

export class Fields {
  readonly #history: OpenHistory;
  lanes = $state.raw<readonly WatchedField[]>([]);
  /** The field whose values are listed. */
  listed = $state.raw<WatchedField | null>(null);
  rows = $state.raw<PagedRows<FieldRow> | null>(null);
  rowsFailure = $state.raw<AppErrorWire | null>(null);
  /** Grows when rows of the list arrived. */
  seen = $state(0);

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  /** Pins a field as a lane, or lets it go. Says why it cannot. */
  toggleLane(path: string): string {
    const known = this.lanes.find((lane) => lane.path === path);
    if (known) {
      known.close();
      this.lanes = this.lanes.filter((lane) => lane !== known);
      return '';
    }
    if (this.lanes.length >= MOST_LANES) return S.scrubber.noMoreLanes(MOST_LANES);
    this.lanes = [...this.lanes, new WatchedField(this.#history, path)];
    return '';
  }

  /** Lists every value of a field. */
  list(path: string): void {
    this.unlist();
    const { store, opened } = this.#history;
    this.listed = new WatchedField(this.#history, path);
    const load = async (offset: number, limit: number) => {
      const { total, rows } = await store.backend.fieldRows(opened.history, path, offset, limit);
      return { total, matching: total, rows };
    };
    this.rowsFailure = null;
    this.rows = new PagedRows(
      load,
      () => {
        this.rowsFailure = null;
        this.seen += 1;
      },
      (reason) => (this.rowsFailure = errorOf(reason)),
    );
  }

  /** Reads all of them anew, and shows nothing of what was read before. */
  readAnew(): void {
    this.lanes.forEach((lane) => lane.close());
    this.lanes = this.lanes.map(({ path }) => new WatchedField(this.#history, path));
    if (this.listed) this.list(this.listed.path);
  }

  unlist(): void {
    this.listed?.close();
    this.listed = null;
    this.rows = null;
  }

  /** Writes all values of the listed field into a file that the person chooses. Answers its path. */
  async export(): Promise<string | null> {
    const { listed } = this;
    if (!listed?.read) return null;
    const { backend } = this.#history.store;
    const name = listed.path.replace(/[^\w.-]+/g, '_').replace(/^_+/, '') || 'state';
    const file = await backend.pickSave(`${this.#history.opened.stream.replace(/[^\w.-]+/g, '_')}-${name}.csv`);
    if (file === null) return null;
    await backend.exportField(this.#history.opened.history, listed.path, file);
    return file;
  }

  close(): void {
    this.lanes.forEach((lane) => lane.close());
    this.unlist();
  }
}
