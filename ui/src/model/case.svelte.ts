// Case files: writing what is noted on a store and what stands open of it into one, and standing where an opened one
// stood.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, CaseWire, JobUpdate, Written } from '../backend/bindings';
import type { OpenDocument } from './document.svelte';
import type { Documents } from './documents.svelte';
import type { OpenStore } from './open_store.svelte';
import type { Opening } from './opening.svelte';
import { placeFrom } from './restoring';

/** The writing of a case of one store. */
export class CaseWriting {
  /** How far it is; `null`: none is being written. */
  job = $state.raw<JobUpdate | null>(null);
  isWriting = $state(false);
  /** The one that was written last. */
  written = $state.raw<Written | null>(null);
  /** What stood open then, and went into it or did not. */
  within = $state.raw<string[]>([]);
  elsewhere = $state.raw<string[]>([]);
  failure = $state.raw<AppErrorWire | null>(null);

  /** Asks for a file, and writes the notebook and the documents of a store into it. */
  async write(store: OpenStore, documents: Documents): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    this.failure = null;
    this.written = null;
    const { backend, opened } = store;
    try {
      const file = await backend.pickSave(`${opened.name.replace(/\.\w+$/, '')}.refold-case`);
      if (file === null) return;
      const { placesOf } = await import('./case_places');
      const { elsewhere, places, shown, within } = placesOf(store, documents);
      this.within = within;
      this.elsewhere = elsewhere;
      const asked = { streams: [], places, shown, elsewhere };
      this.written = await backend.saveCase(opened.session, asked, file, (update) => (this.job = update));
    } catch (reason) {
      const error = errorOf(reason);
      if (error.code !== 'cancelled') this.failure = error;
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

/** Shows what stood open when a case was written, the first of it in `document`. Without any, its notebook. */
export async function standWhereItStood(
  { places, shown }: CaseWire,
  document: OpenDocument,
  documents: Documents,
  opening: Opening,
): Promise<void> {
  if (places.length === 0) {
    document.view = 'notebook';
    return;
  }
  const stood: OpenDocument[] = [];
  for (const place of places) {
    const next = stood.length === 0 ? document : documents.add();
    await opening.show(next, placeFrom(place, next.number), () => true);
    if (place.sandbox && next.store) {
      const { branchAgain } = await import('./case_places');
      await branchAgain(next.store, place);
    }
    stood.push(next);
    // The next one stands behind it.
    documents.activate(next);
  }
  documents.activate(stood[shown] ?? document);
}
