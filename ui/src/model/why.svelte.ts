// Why a field has its value: what was asked of an open history, and the steps that made it.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, JobUpdate, WhyStep, WhyTold } from '../backend/bindings';
import type { OpenHistory } from './open_history.svelte';

/** The operations of one event, in the order of the answer. */
export interface WhyEvent {
  moment: number;
  place: string;
  eventType: string;
  recordedAt: string;
  steps: readonly WhyStep[];
}

export class Why {
  readonly #history: OpenHistory;
  /** `null`: nothing is asked. */
  asked = $state.raw<{ path: string; moment: number } | null>(null);
  told = $state.raw<WhyTold | null>(null);
  job = $state.raw<JobUpdate | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  /** Of the question that is open: an answer to an earlier one comes too late. */
  #turn = 0;

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  get events(): readonly WhyEvent[] {
    const events: { -readonly [Key in keyof WhyEvent]: WhyEvent[Key] }[] = [];
    for (const step of this.told?.steps ?? []) {
      const last = events.at(-1);
      if (last?.moment === step.moment) last.steps = [...last.steps, step];
      else events.push({ ...step, steps: [step] });
    }
    return events;
  }

  async ask(path: string, moment: number): Promise<void> {
    this.close();
    const turn = (this.#turn += 1);
    this.asked = { path, moment };
    const { store, opened } = this.#history;
    try {
      const told = await store.backend.why(opened.history, path, moment, (job) => {
        if (turn === this.#turn) this.job = job;
      });
      if (turn === this.#turn) this.told = told;
    } catch (reason) {
      if (turn === this.#turn) this.failure = errorOf(reason);
    } finally {
      if (turn === this.#turn) this.job = null;
    }
  }

  retry(): void {
    if (this.asked) void this.ask(this.asked.path, this.asked.moment);
  }

  cancel(): void {
    if (this.job) void this.#history.store.backend.cancelJob(this.job.job);
  }

  close(): void {
    this.cancel();
    this.#turn += 1;
    this.asked = this.told = this.job = this.failure = null;
  }
}
