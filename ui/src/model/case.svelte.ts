// Case files: how the writing of one goes. What goes into it is read when one is written (case_places.ts).

import type { AppErrorWire, JobUpdate, Written } from '../backend/bindings';
import type { CasePlaces } from './case_places';
import type { Desk } from './desk.svelte';
import type { OpenStore } from './open_store.svelte';
import { written } from './restoring';

/** The writing of a case of one store. */
export class CaseWriting {
  /** How far it is; `null`: none is being written. */
  job = $state.raw<JobUpdate | null>(null);
  isWriting = $state(false);
  /** The one that was written last, and what of the window went into it. */
  written = $state.raw<(Written & CasePlaces) | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);

  /** Asks for a file, and writes the notebook and the documents of a store into it. */
  async write(store: OpenStore, desk: Desk): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    try {
      const { writeCase } = await import('./case_places');
      await writeCase(this, store, desk, written);
    } finally {
      this.isWriting = false;
      this.job = null;
    }
  }

  async cancel(store: OpenStore): Promise<void> {
    if (this.job) await store.backend.cancelJob(this.job.job);
  }
}

const writings = new WeakMap<OpenStore, CaseWriting>();

/** The writing of cases of an open store. It goes with it. */
export function caseWritingOf(store: OpenStore): CaseWriting {
  const known = writings.get(store) ?? new CaseWriting();
  writings.set(store, known);
  return known;
}
