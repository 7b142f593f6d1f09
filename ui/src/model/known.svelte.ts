// What is known about a time, and what was believed then: the answer to what an open history is asked. It lives as long
// as the drawer that shows it.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, CorrectionsTold, JobUpdate, KnownAsked, KnownTold } from '../backend/bindings';
import type { OpenHistory } from './open_history.svelte';

export type KnownQuestion = 'corrections' | 'known';

export class Known {
  readonly #history: OpenHistory;
  corrections = $state.raw<CorrectionsTold | null>(null);
  known = $state.raw<KnownTold | null>(null);
  job = $state.raw<JobUpdate | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  isAsking = $state(false);
  /** Of the question that is open: an answer to an earlier one comes too late. */
  #turn = 0;

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  async ask(question: KnownQuestion, asked: KnownAsked): Promise<void> {
    this.close();
    const turn = this.#turn;
    const isOpen = () => turn === this.#turn;
    const progress = (job: JobUpdate) => {
      if (isOpen()) this.job = job;
    };
    const { store, opened } = this.#history;
    this.isAsking = true;
    try {
      if (question === 'corrections') {
        const told = await store.backend.corrections(opened.history, asked, progress);
        if (isOpen()) this.corrections = told;
      } else {
        const told = await store.backend.known(opened.history, asked, progress);
        if (isOpen()) this.known = told;
      }
    } catch (reason) {
      if (isOpen()) this.failure = errorOf(reason);
    } finally {
      if (isOpen()) {
        this.job = null;
        this.isAsking = false;
      }
    }
  }

  cancel(): void {
    if (this.job) void this.#history.store.backend.cancelJob(this.job.job);
  }

  close(): void {
    this.cancel();
    this.#turn += 1;
    this.corrections = this.known = this.job = this.failure = null;
    this.isAsking = false;
  }
}
