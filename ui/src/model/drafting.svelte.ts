// A draft that a person writes on: each file is kept as it is typed, what the draft comes to is asked for with it, and it is
// tried on a stream. What a try came to is of the text that it was made with: it says so as soon as that is another one.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, DraftTried, HandlerTold } from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { DRAFT as T } from '../strings/draft_view';
import type { Desk } from './desk.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

/** A person who pauses is shown what the draft comes to; who goes on typing is not kept waiting. */
const REST_MILLIS = 250;
/** What could not be kept is tried again: a disk has room again. */
const AGAIN_MILLIS = 2_000;

export class Drafting extends LongWork {
  readonly #store: OpenStore;
  readonly reference: string;
  /** How the version is opened that it was made of. */
  readonly origin: string;
  readonly #told: (told: HandlerTold) => void;
  /** Files as they are typed, by name. */
  readonly #texts = new Map<string, string>();
  /** Names of those that are not kept yet. */
  readonly #unkept = new Set<string>();
  #rest: ReturnType<typeof setTimeout> | undefined;
  #keeping: Promise<void> = Promise.resolve();
  isKept = $state(true);
  /** Why it could not be kept the last time. */
  refused = $state.raw<AppErrorWire | null>(null);
  /** A person asked for it in order to type: the caret shall be in its text. */
  isEntering = $state(false);
  /** It becomes a version or is thrown away: nothing is typed meanwhile. */
  isLeaving = $state(false);
  /** Grows with whatever is typed. */
  #edition = 0;

  stream = $state('');
  /** A cursor; empty: the head. */
  at = $state('');
  tried = $state.raw<DraftTried | null>(null);
  isStale = $state(false);
  /** What the origin's files hold, by their names without folders; `null`: what differs is not shown. */
  originals = $state.raw<ReadonlyMap<string, string> | null>(null);
  /** The number that the draft shall have as a version; `null`: nobody asks for one. */
  version = $state<string | null>(null);

  constructor(store: OpenStore, reference: string, origin: string, told: (told: HandlerTold) => void) {
    super(store.backend);
    this.#store = store;
    this.reference = reference;
    this.origin = origin;
    this.#told = told;
  }

  /** The text of a file as it was typed; `null`: nobody did. */
  typed(file: string): string | null {
    return this.#texts.get(file) ?? null;
  }

  write(file: string, text: string): void {
    this.#texts.set(file, text);
    this.#unkept.add(file);
    this.#edition += 1;
    // What failed was of the text before.
    if (this.failure !== this.refused) this.failure = null;
    this.isKept = false;
    this.isStale = true;
    this.#keepIn(REST_MILLIS);
  }

  /** Another window threw it away, or made a version of it. */
  get isGone(): boolean {
    return this.refused?.code === 'notFound';
  }

  /** Keeps what was typed, and has told what came of it. `false`: it could not be kept. */
  async keep(): Promise<boolean> {
    clearTimeout(this.#rest);
    this.#keeping = this.#keeping.then(() => this.#keepAll());
    await this.#keeping;
    return this.#unkept.size === 0;
  }

  async close(): Promise<void> {
    await this.keep();
    clearTimeout(this.#rest);
    await this.stop();
  }

  /** Takes the stream and the moment that a person looks at, where there is none yet. */
  take({ history, store }: Desk): void {
    if (this.stream !== '' || !history || store !== this.#store) return;
    this.stream = history.opened.stream;
    const version = history.a < history.opened.events ? history.versionOf(history.a) : null;
    this.at = version ? cursorOfEvent({ version, position: '' }) : '';
  }

  async try(): Promise<void> {
    if (!(await this.keep())) return;
    const { backend, opened } = this.#store;
    const [edition, stream, at] = [this.#edition, this.stream.trim(), this.at.trim() || 'head'];
    const answer = await this.long(T.trying(stream), (tell) =>
      backend.tryDraft(opened.session, this.reference, stream, at, tell),
    );
    if (!answer) return;
    this.tried = answer;
    this.isStale = edition !== this.#edition;
  }

  /** Shows what differs from the origin, or no longer. */
  async compare(): Promise<void> {
    if (this.originals !== null) {
      this.originals = null;
      return;
    }
    try {
      const { files } = await this.#store.backend.handlerTold(this.origin);
      this.originals = new Map(files.map(({ name, text }) => [baseName(name), text ?? '']));
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  /** States may hold what another mask hides. */
  protected forget(): boolean {
    const showed = this.tried !== null;
    this.tried = null;
    return showed;
  }

  #keepIn(millis: number): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.keep(), millis);
  }

  async #keepAll(): Promise<void> {
    let refused: AppErrorWire | null = null;
    for (const file of [...this.#unkept]) {
      const text = this.#texts.get(file) ?? '';
      try {
        const told = await this.#store.backend.writeDraft(this.reference, file, text);
        // What was typed meanwhile is kept in its turn.
        if (this.#texts.get(file) === text) this.#unkept.delete(file);
        this.#told(told);
      } catch (reason) {
        refused = errorOf(reason);
      }
    }
    this.isKept = this.#unkept.size === 0;
    // What was said of an earlier attempt is over; what was said of something else is not.
    if (refused || this.failure === this.refused) this.failure = refused;
    this.refused = refused;
    if (refused && !this.isGone) this.#keepIn(AGAIN_MILLIS);
  }
}

/** The name of a file without its folders. */
export function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}
