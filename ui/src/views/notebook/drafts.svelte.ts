// What a person wrote and did not save yet, by what it is on. Nothing takes it away but saving it or throwing it away.

import { untrack } from 'svelte';
import type { Note } from '../../backend/bindings';
import { nameOf } from '../../model/notebook.svelte';

export interface Draft {
  note: Note;
  text: string;
}

export class Drafts {
  #kept = $state.raw<ReadonlyMap<string, Draft>>(new Map());

  get all(): Draft[] {
    return [...this.#kept.values()];
  }

  /** What is written on a note; what it says already where nobody wrote on it. */
  textOf(note: Note): string {
    return this.#kept.get(keyOf(note))?.text ?? note.text;
  }

  keep(note: Note, text: string): void {
    if (text === note.text) return this.drop(note);
    this.#kept = new Map(this.#kept).set(keyOf(note), { note, text });
  }

  drop(note: Note): void {
    const kept = new Map(this.#kept);
    if (kept.delete(keyOf(note))) this.#kept = kept;
  }
}

const drafts = new Map<string, Drafts>();

/** The drafts on a store, by where it is: they stay when it is closed and opened again. */
export function draftsOf(location: string): Drafts {
  // Whoever asks first may be a derivation, which may make no state of its own otherwise.
  const known = drafts.get(location) ?? untrack(() => new Drafts());
  drafts.set(location, known);
  return known;
}

// A note that is not saved yet is told by its place.
function keyOf(note: Note): string {
  return note.id === '' ? nameOf(note) : `id ${note.id}`;
}
