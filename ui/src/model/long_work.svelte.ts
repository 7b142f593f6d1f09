// Work of a board that takes a while: what it is in words, how far it is, stopping it, and what failed of it.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, JobUpdate } from '../backend/bindings';

export abstract class LongWork {
  /** What runs, in words; empty: nothing. */
  doing = $state('');
  job = $state.raw<JobUpdate | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async stop(): Promise<void> {
    if (this.job) await this.#backend.cancelJob(this.job.job);
  }

  /** Asks for something and says meanwhile what runs. `null`: it failed or was stopped. */
  protected async long<Answer>(
    doing: string,
    ask: (tell: (job: JobUpdate) => void) => Promise<Answer>,
  ): Promise<Answer | null> {
    this.failure = null;
    this.doing = doing;
    try {
      return await ask((job) => (this.job = job));
    } catch (reason) {
      const failure = errorOf(reason);
      if (failure.code !== 'cancelled') this.failure = failure;
      return null;
    } finally {
      this.doing = '';
      this.job = null;
    }
  }
}
