// Why a field has its value, or why events left it as it was: the answer to what an open history is asked. It lives as
// long as the drawer that shows it.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, JobUpdate, WhyNotTold, WhyStep, WhyTold } from '../backend/bindings';
import type { OpenHistory } from './open_history.svelte';

export type WhyQuestion = 'why' | 'whyNot';

export interface WhyAsked {
  question: WhyQuestion;
  /** `null`: a person is still to say which field. */
  path: string | null;
  moment: number;
  /** Which events are asked why not: all up to the moment, or the one that led there. */
  extent: 'toHere' | 'event';
}

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
  told = $state.raw<WhyTold | null>(null);
  notTold = $state.raw<WhyNotTold | null>(null);
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

  async ask(asked: WhyAsked): Promise<void> {
    this.close();
    const { question, path, moment, extent } = asked;
    if (path === null || (question === 'whyNot' && moment === 0)) return;
    const turn = this.#turn;
    const isOpen = () => turn === this.#turn;
    const progress = (job: JobUpdate) => {
      if (isOpen()) this.job = job;
    };
    const { store, opened } = this.#history;
    try {
      if (question === 'why') {
        const told = await store.backend.why(opened.history, path, moment, progress);
        if (isOpen()) this.told = told;
      } else {
        const from = extent === 'event' ? moment - 1 : 0;
        const told = await store.backend.whyNot(opened.history, path, from, moment, progress);
        if (isOpen()) this.notTold = told;
      }
    } catch (reason) {
      if (isOpen()) this.failure = errorOf(reason);
    } finally {
      if (isOpen()) this.job = null;
    }
  }

  cancel(): void {
    if (this.job) void this.#history.store.backend.cancelJob(this.job.job);
  }

  close(): void {
    this.cancel();
    this.#turn += 1;
    this.told = this.notTold = this.job = this.failure = null;
  }
}
