// What a person looks at in a list whose rows take the engine a while: one job in flight, the newest row waits, and a job
// whose row nobody looks at any more is cancelled.

import type { Backend } from '../backend/backend';
import type { JobUpdate } from '../backend/bindings';
import { Latest } from '../base/latest';

interface Use<Query, Answer> {
  show(answer: Answer, query: Query): void;
  fail(reason: unknown): void;
  /** An answer that nobody wants any more. */
  drop?(answer: Answer): void;
}

export class LatestJob<Query extends object, Answer> {
  /** How far what is wanted is; `null`: nothing runs, or it has told nothing yet. */
  job = $state.raw<JobUpdate | null>(null);

  readonly #backend: Backend;
  readonly #latest: Latest<Query, Answer>;
  #wanted: Query | null = null;

  constructor(
    backend: Backend,
    send: (query: Query, tell: (job: JobUpdate) => void) => Promise<Answer>,
    { show, fail, drop }: Use<Query, Answer>,
  ) {
    this.#backend = backend;
    this.#latest = new Latest(
      (query) =>
        send(query, (job) => {
          if (query === this.#wanted) this.job = job;
          else this.#cancel(job);
        }),
      (answer, query) => {
        if (query !== this.#wanted) return drop?.(answer);
        this.job = null;
        show(answer, query);
      },
      (reason, query) => {
        if (query !== this.#wanted) return;
        this.job = null;
        fail(reason);
      },
    );
  }

  ask(query: Query): void {
    this.forget();
    this.#wanted = query;
    this.#latest.ask(query);
  }

  /** Nothing is wanted any more. */
  forget(): void {
    this.#wanted = null;
    this.stop();
  }

  /** Stops what runs; that it was stopped is told as its failure. */
  stop(): void {
    if (this.job) this.#cancel(this.job);
    this.job = null;
  }

  // Nobody waits for it: that it could not be cancelled changes nothing.
  #cancel({ job }: JobUpdate): void {
    this.#backend.cancelJob(job).catch(() => undefined);
  }
}
