// Work of a board that takes a while: what it is in words, how far it is, stopping it, and what failed of it. One thing
// runs at a time: whatever is begun ends what ran before, whose messages and answer are of no use any more.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, JobUpdate } from '../backend/bindings';
import { S } from '../strings';

export abstract class LongWork {
  /** What runs, in words; empty: nothing. */
  doing = $state('');
  job = $state.raw<JobUpdate | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  /** Why something that ran or was shown is gone, where nobody asked for that; empty: nothing is. */
  lost = $state('');

  readonly #backend: Backend;
  /** What runs; another one does as soon as this is another object. */
  #run: object | null = null;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get isRunning(): boolean {
    return this.doing !== '';
  }

  async stop(): Promise<void> {
    if (this.job) await this.#backend.cancelJob(this.job.job);
  }

  /** Another mask holds: what runs is ended, what is shown goes, and both are said. What a person typed stays. */
  maskChanged(): void {
    const ran = this.isRunning;
    this.#end();
    const showed = this.forget();
    if (ran) this.lost = S.redacted.ended;
    else if (showed) this.lost = S.redacted.forgotten;
  }

  /** Lets go of all answers, but of nothing that a person typed. Says whether there were any. */
  protected abstract forget(): boolean;

  /**
   * Asks for something and says meanwhile what runs. `null`: it failed, was stopped, or something else began. An answer
   * that comes too late is given to `drop`.
   */
  protected async long<Answer>(
    doing: string,
    ask: (tell: (job: JobUpdate) => void) => Promise<Answer>,
    drop?: (late: Answer) => Promise<void>,
  ): Promise<Answer | null> {
    this.#end();
    const own = {};
    this.#run = own;
    this.doing = doing;
    this.failure = null;
    this.lost = '';
    try {
      const answer = await ask((job) => {
        if (this.#run === own) this.job = job;
      });
      if (this.#run === own) return answer;
      await drop?.(answer);
    } catch (reason) {
      const failure = errorOf(reason);
      if (this.#run === own && failure.code !== 'cancelled') this.failure = failure;
    } finally {
      if (this.#run === own) this.#settle();
    }
    return null;
  }

  #end(): void {
    // Nobody waits for it: that it could not be cancelled changes nothing.
    if (this.job) this.#backend.cancelJob(this.job.job).catch(() => undefined);
    this.#settle();
  }

  #settle(): void {
    this.#run = null;
    this.doing = '';
    this.job = null;
  }
}
