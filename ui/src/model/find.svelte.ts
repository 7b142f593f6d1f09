// Hits in one stream: where they are, and which one A is at. They belong to the history that they were looked for in.

import { untrack } from 'svelte';
import { countUpTo } from '../base/sorted';
import { errorOf } from '../backend/backend';
import type { AppErrorWire, FindingWire, JobUpdate } from '../backend/bindings';
import type { OpenHistory } from './open_history.svelte';
import type { Asked } from '../backend/search';
import { NOTHING_ASKED } from './search.svelte';

export class Find {
  readonly #history: OpenHistory;

  isOpen = $state(false);
  asked = $state.raw<Asked>(NOTHING_ASKED);
  /** Moments after the events that were found, ascending; `null` before anything was looked for. */
  moments = $state.raw<readonly number[] | null>(null);
  /** Where the text is in each of them, as the engine says it. */
  parts = $state.raw<readonly number[]>([]);
  job = $state.raw<JobUpdate | null>(null);
  isRunning = $state(false);
  failure = $state.raw<AppErrorWire | null>(null);
  findings = $state.raw<FindingWire[]>([]);

  #turn = 0;
  /** What looks now; settled when nothing does. */
  #looking: Promise<void> = Promise.resolve();

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  /** How many hits are at or before A; the last of them is the one that A is at when `isAtHit`. */
  get place(): number {
    return countUpTo(this.moments ?? [], this.#history.a);
  }

  get isAtHit(): boolean {
    return (this.moments ?? [])[this.place - 1] === this.#history.a;
  }

  /** Rows of the whole list, from 0: the event of a moment is the row before it. */
  get rows(): number[] {
    return (this.moments ?? []).map((moment) => moment - 1);
  }

  isHit(moment: number): boolean {
    return this.moments !== null && this.moments[countUpTo(this.moments, moment) - 1] === moment;
  }

  /** Looks for events; the marks of the last ones stay until the new ones are there. */
  run(asked: Asked): Promise<void> {
    this.#turn += 1;
    this.isOpen = true;
    this.asked = asked;
    this.failure = null;
    const stopped = this.cancel();
    this.isRunning = JSON.stringify(asked) !== JSON.stringify(NOTHING_ASKED);
    if (!this.isRunning) this.moments = null;
    this.#looking = this.isRunning ? this.#look(asked, this.#turn, stopped) : stopped;
    return this.#looking;
  }

  async #look(asked: Asked, turn: number, stopped: Promise<void>): Promise<void> {
    const { opened, store } = this.#history;
    try {
      await stopped;
      // Another letter was typed meanwhile.
      if (turn !== this.#turn) return;
      const found = await store.backend.historyHits(opened.history, asked, (update) => {
        if (turn === this.#turn) this.job = update;
      });
      if (turn !== this.#turn) return;
      this.moments = found.moments;
      this.parts = found.parts;
      this.findings = found.findings;
    } catch (reason) {
      const error = errorOf(reason);
      if (turn === this.#turn && error.code !== 'cancelled') this.failure = error;
    } finally {
      if (turn === this.#turn) {
        this.isRunning = false;
        this.job = null;
      }
    }
  }

  async cancel(): Promise<void> {
    const { job } = this;
    this.job = null;
    if (this.isRunning && job) await this.#history.store.backend.cancelJob(job.job);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    this.#turn += 1;
    const stopped = this.cancel();
    // Now and not once it has stopped: something else may be looked for by then.
    this.isRunning = false;
    this.asked = NOTHING_ASKED;
    this.moments = null;
    this.failure = null;
    await stopped;
  }

  /**
   * The moment of the hit after A, or before it; from the other end again where there is none. While it looks that is
   * waited for; `null`: there is no hit, or something else is looked for by then.
   */
  async beside(step: 1 | -1): Promise<number | null> {
    const turn = this.#turn;
    await this.#looking;
    if (turn !== this.#turn) return null;
    const moments = this.moments ?? [];
    const { a } = this.#history;
    const next = step > 0 ? countUpTo(moments, a) : countUpTo(moments, a - 1) - 1;
    return moments[(next + moments.length) % moments.length] ?? null;
  }
}

const finds = new WeakMap<OpenHistory, Find>();

/** What is looked for in an open history. It goes with it. */
export function findOf(history: OpenHistory): Find {
  // Whoever asks first may be a derivation, which may make no state of its own otherwise.
  const known = finds.get(history) ?? untrack(() => new Find(history));
  finds.set(history, known);
  return known;
}
