// What is wrong at events of an open history: invariants are checked in the background, and problems are stepped along.

import { errorOf } from '../backend/backend';
import type { InvariantsChecked, JobUpdate, SearchDirection } from '../backend/bindings';
import { S } from '../strings';
import type { OpenHistory } from './open_history.svelte';

export class Problems {
  readonly #history: OpenHistory;
  /** How far the check is; `null`: it does not run. */
  job = $state.raw<JobUpdate | null>(null);
  checked = $state.raw<InvariantsChecked | null>(null);
  #isClosed = false;
  /** Which check is the newest: what an older one answers is of another handler. */
  #turn = 0;

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  /** Holds the handler's invariants against every state, once. */
  async check(): Promise<void> {
    const { store, opened, timeline } = this.#history;
    if (this.job !== null || this.checked !== null || opened.events === 0) return;
    const turn = this.#turn;
    const isOver = () => this.#isClosed || turn !== this.#turn;
    try {
      const checked = await store.backend.checkInvariants(opened.history, (job) => {
        if (!isOver()) this.job = job;
      });
      if (isOver()) return;
      this.checked = checked;
      if (checked.breaks === 0) return;
      // The flags of the timeline and the marks of the list know them now.
      timeline.refetch();
      this.#history.events.refetch();
    } catch (reason) {
      if (isOver() || errorOf(reason).code === 'cancelled') return;
      this.#history.notice = errorOf(reason).message;
    } finally {
      if (turn === this.#turn) this.job = null;
    }
  }

  /** The same for a handler that was changed. */
  checkAnew(): void {
    void this.cancel();
    this.#turn += 1;
    this.job = null;
    this.checked = null;
    void this.check();
  }

  async cancel(): Promise<void> {
    if (this.job) await this.#history.store.backend.cancelJob(this.job.job);
  }

  close(): void {
    this.#isClosed = true;
    void this.cancel();
  }

  /** Puts A on the first event with a problem after one moment and up to another, if A is still at the last of them. */
  async goToFirst(after: number, until: number): Promise<void> {
    const history = this.#history;
    if (until - after <= 1) return;
    try {
      const found = await history.store.backend.nextProblem(history.opened.history, after, 'forward');
      if (found && found.moment > after && found.moment < until && history.a === until) history.setA(found.moment);
    } catch (reason) {
      history.failed(reason);
    }
  }

  /** What was found at the event of a moment, in words. */
  async wordsAt(moment: number): Promise<string[]> {
    const history = this.#history;
    const found = await history.store.backend.nextProblem(history.opened.history, moment - 1, 'forward');
    return found?.moment === moment ? found.details : [];
  }

  /** Leads to the event since which states are incomplete, and says why they are. */
  async goToIncomplete(): Promise<void> {
    const history = this.#history;
    const since = history.frame?.incompleteSince ?? '';
    if (since === '') return;
    const { moment } = await history.store.backend.momentOf(
      history.opened.history,
      since.startsWith('#') ? since : `v${since}`,
    );
    history.setA(moment);
    history.setTab('event');
    const words = await this.wordsAt(moment);
    history.notice = S.history.incompleteWhy(words.join(' · '));
  }

  /** Puts A on the next event at which something was found, round and round, and says what. */
  async step(direction: SearchDirection): Promise<void> {
    const history = this.#history;
    const found = await history.store.backend.nextProblem(history.opened.history, history.a, direction);
    if (!found) {
      history.notice = this.job ? S.scrubber.noProblemYet : S.scrubber.noProblem;
      return;
    }
    history.setA(found.moment);
    history.notice = S.scrubber.problem(found.ordinal, found.total, found.details.join(' · '));
  }
}
