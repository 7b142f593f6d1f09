// What caused the event at A and what it caused, and the job that indexes ids so that all of the store is looked at.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, Causation, CausationRow, EventRow, JobUpdate } from '../backend/bindings';
import { Latest } from '../base/latest';
import { Waiting } from './waiting.svelte';

export class Causes {
  /** `null` until the first answer; then of the moment beside it. */
  tree = $state.raw<Causation | null>(null);
  moment = $state(0);
  /** How late the answer is. */
  readonly waiting = new Waiting();
  /** The row that keys act on. */
  active = $state(-1);
  failure = $state.raw<AppErrorWire | null>(null);
  job = $state.raw<JobUpdate | null>(null);
  isIndexing = $state(false);

  readonly #backend: Backend;
  readonly #session: number;
  readonly #history: number;
  readonly #asked: Latest<number, Causation>;

  constructor(backend: Backend, session: number, history: number) {
    this.#backend = backend;
    this.#session = session;
    this.#history = history;
    this.#asked = new Latest(
      (moment) => backend.causation(history, moment),
      (tree, moment) => {
        this.failure = null;
        this.tree = tree;
        this.moment = moment;
        this.active = tree.asked;
        this.waiting.end();
      },
      (reason) => {
        this.failure = errorOf(reason);
        this.waiting.end();
      },
    );
  }

  /** The event whose causes and effects are there. */
  get shown(): EventRow | null {
    const event = this.tree?.rows[this.tree.asked]?.event;
    return event ? { ...event, moment: this.moment } : null;
  }

  ask(moment: number): void {
    if (moment === 0) return;
    this.waiting.begin();
    this.#asked.ask(moment);
  }

  close(): void {
    this.waiting.end();
    this.#asked.close();
    this.stop();
  }

  /** The event that caused the one at a moment, or the first that it caused; `null` and why not, when there is none. */
  async beside(moment: number, role: 'cause' | 'effect'): Promise<{ row: CausationRow | null; missing: string }> {
    const tree = await this.#backend.causation(this.#history, moment);
    const nearest = tree.rows.filter((row) => row.role === role && row.steps === 1);
    // Of several causes with one id the likeliest stands nearest.
    const row = role === 'cause' ? nearest.at(-1) : nearest[0];
    return { row: row?.event ? row : null, missing: row && !row.event ? row.id : '' };
  }

  move(by: number): void {
    const last = (this.tree?.rows.length ?? 0) - 1;
    this.active = Math.max(0, Math.min(last, this.active + by));
  }

  /** Indexes the ids of all events, and asks again. */
  async index(): Promise<void> {
    if (this.isIndexing) return;
    this.isIndexing = true;
    this.failure = null;
    try {
      await this.#backend.indexIds(this.#session, (update) => (this.job = update));
      this.ask(this.moment);
    } catch (reason) {
      const failure = errorOf(reason);
      if (failure.code !== 'cancelled') this.failure = failure;
    } finally {
      this.isIndexing = false;
      this.job = null;
    }
  }

  stop(): void {
    if (this.job) void this.#backend.cancelJob(this.job.job);
  }
}
