// The notes of a person on one store, and what is done with them. What it shows is what is kept on disk.

import { untrack } from 'svelte';
import { errorOf } from '../backend/backend';
import type { AppErrorWire, Note, NoteKind } from '../backend/bindings';
import { bigFromText, floatFromBig } from '../base/exact';
import { cursorOfEvent } from '../base/format';
import { linkText } from '../place/link';
import { S } from '../strings';
import type { OpenHistory } from './open_history.svelte';
import type { OpenStore } from './open_store.svelte';

export type NoteOrder = 'made' | 'place';

/** What the next person to look may undo. */
export interface Removed {
  note: Note;
  text: string;
}

const UNDO_MILLIS = 10_000;

export class NotebookOfStore {
  readonly store: OpenStore;

  notes = $state.raw<Note[]>([]);
  file = $state('');
  isReadOnly = $state(false);
  isLoaded = $state(false);
  failure = $state.raw<AppErrorWire | null>(null);
  filter = $state('');
  order = $state<NoteOrder>('made');
  active = $state(0);
  /** The note whose text is being written; its id, or `new`. */
  editing = $state.raw<Note | null>(null);
  removed = $state.raw<Removed | null>(null);

  #undoTimer: ReturnType<typeof setTimeout> | undefined;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(store: OpenStore) {
    this.store = store;
    void this.load();
  }

  /** Notes that the list shows, in its order: the latest first, or by stream and place in it. */
  readonly shown: Note[] = $derived.by(() => {
    const wanted = this.filter.trim().toLowerCase();
    const holds = (note: Note) =>
      [note.text, note.stream, note.at, note.path ?? '', note.eventType].join('\n').toLowerCase().includes(wanted);
    const found = this.notes.filter((note) => wanted === '' || holds(note));
    return this.order === 'made' ? found.toReversed() : found.toSorted(byPlace);
  });

  async load(): Promise<void> {
    this.failure = null;
    try {
      this.#take(await this.store.backend.notebook(this.store.opened.session));
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  /** Keeps a note. Writes follow one another, so that the file never goes back. */
  async put(note: Note): Promise<void> {
    const before = new Set(this.notes.map(({ id }) => id));
    await this.#write(() => this.store.backend.putNote(this.store.opened.session, note));
    if (note.kind === 'trail') return;
    const at = this.shown.findIndex(({ id }) => (note.id === '' ? !before.has(id) : id === note.id));
    if (at >= 0) this.active = at;
  }

  async remove(note: Note): Promise<void> {
    await this.#write(() => this.store.backend.removeNote(this.store.opened.session, note.id));
    clearTimeout(this.#undoTimer);
    this.removed = { note, text: S.notebook.removed(nameOf(note)) };
    this.#undoTimer = setTimeout(() => (this.removed = null), UNDO_MILLIS);
  }

  async undo(): Promise<void> {
    const { removed } = this;
    this.removed = null;
    clearTimeout(this.#undoTimer);
    if (removed) await this.put(removed.note);
  }

  /** Notes on one stream. */
  of(stream: string): Note[] {
    return this.notes.filter((note) => note.stream === stream);
  }

  async #write(write: () => Promise<{ notes: Note[]; file: string; isReadOnly: boolean }>): Promise<void> {
    const written = this.#writes.then(write);
    this.#writes = written.catch(() => undefined);
    this.#take(await written);
  }

  #take({ notes, file, isReadOnly }: { notes: Note[]; file: string; isReadOnly: boolean }): void {
    const { active, shown } = this;
    const marked = shown[active]?.id;
    this.notes = notes;
    this.file = file;
    this.isReadOnly = isReadOnly;
    this.isLoaded = true;
    // The mark stays on its note, whatever came before it.
    const at = this.shown.findIndex(({ id }) => id === marked);
    this.active = at >= 0 ? at : Math.max(0, Math.min(active, this.shown.length - 1));
  }
}

const notebooks = new WeakMap<OpenStore, NotebookOfStore>();

/** The notebook of an open store. It goes with it. */
export function notebookOf(store: OpenStore): NotebookOfStore {
  // Whoever asks first may be a derivation, which may make no state of its own otherwise.
  const known = notebooks.get(store) ?? untrack(() => new NotebookOfStore(store));
  notebooks.set(store, known);
  return known;
}

/** A flag for the timeline: a kept bookmark or note of a history at a moment. */
export interface Flag {
  moment: number;
  title: string;
  isBookmark: boolean;
}

/** The bookmarks and notes on an open history whose moment is known without asking, ascending. */
export function bookmarksOf(history: OpenHistory): Flag[] {
  const flags = notebookOf(history.store)
    .of(history.opened.stream)
    .flatMap((note) => {
      const moment = momentOfCursor(history, note.at);
      if (moment === null || note.kind === 'trail') return [];
      return [{ moment, title: note.text || nameOf(note), isBookmark: note.kind === 'bookmark' }];
    });
  return flags.toSorted((x, y) => x.moment - y.moment);
}

/** A note on A of a history; a note of kind `note` is on the range from B to A where there is one. */
export async function noteHere(history: OpenHistory, kind: NoteKind, path: string | null = null): Promise<Note> {
  const { a, b, opened, store } = history;
  const event = async (moment: number) =>
    moment === 0 ? null : (await store.backend.eventDetail(opened.history, moment)).row;
  const isRange = kind === 'note' && b !== null && b !== a;
  const first = await event(isRange ? Math.min(a, b) : a);
  const last = isRange ? await event(Math.max(a, b)) : null;
  return {
    ...{ id: '', kind, stream: opened.stream, category: opened.category, path, text: '', madeAt: '', changedAt: '' },
    at: first ? cursorOfEvent(first) : 'start',
    until: last ? cursorOfEvent(last) : null,
    position: first?.position ?? '',
    eventType: first?.eventType ?? '',
    recordedAt: first?.recordedAt ?? '',
  };
}

/** A link to what a note is on. */
export function linkOf(store: OpenStore, { stream, category, at, until }: Note): string {
  const from = until === null ? null : at;
  return linkText({
    store: store.opened.name,
    stream,
    category,
    at: until ?? at,
    base: from,
    lens: null,
    lanes: null,
    compare: null,
  });
}

/** All notes as a person would paste them: what each is on, what was written, and a link. */
export function notesAsText(store: OpenStore, notes: readonly Note[]): string {
  return notes
    .map((note) => {
      const about = [nameOf(note), note.eventType, note.recordedAt].filter(Boolean).join('  ');
      return [about, note.text, linkOf(store, note)].filter(Boolean).join('\n');
    })
    .join('\n\n');
}

// Where versions have no gaps, a version is a moment.
function momentOfCursor(history: OpenHistory, at: string): number | null {
  if (at === 'start') return 0;
  const first = bigFromText(history.versionOf(1) ?? '');
  const version = at.startsWith('v') ? bigFromText(at.slice(1)) : null;
  if (first === null || version === null) return null;
  const moment = floatFromBig(version - first + 1n);
  const isThere = moment >= 1 && moment <= history.opened.events && history.versionOf(moment) === at.slice(1);
  return isThere ? moment : null;
}

/** `order-4711 v12`, with what it is about in it. */
export function nameOf({ stream, at, until, path }: Note): string {
  return [stream, until === null ? at : `${at}..${until}`, path ?? ''].filter(Boolean).join(' ');
}

function byPlace(x: Note, y: Note): number {
  if (x.stream !== y.stream) return x.stream < y.stream ? -1 : 1;
  // `v9` before `v12`, and what is no number at the beginning.
  const [a, b] = [x.at, y.at].map((cursor) => /^[v#](-?\d+)$/.exec(cursor)?.[1]);
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const by = BigInt(a) - BigInt(b);
  return by < 0n ? -1 : by > 0n ? 1 : 0;
}
