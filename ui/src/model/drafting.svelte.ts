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
export const MANIFEST = 'handler.toml';

/** What a person is asked a name for. */
export interface Naming {
  what: 'add' | 'rename' | 'case';
  name: string;
}

/** A file that was taken away, and may be wanted again. */
interface Removed {
  file: string;
  text: string;
}

export class Drafting extends LongWork {
  readonly #store: OpenStore;
  readonly reference: string;
  /** How the version is opened that it was made of. */
  readonly origin: string;
  readonly #told: (told: HandlerTold) => void;
  /** Files as they are typed, by name. */
  readonly #texts = new Map<string, string>();
  /** Files as they lie on the disk, as far as is known here. */
  readonly #known = new Map<string, string>();
  /** Names of those that are not kept yet. */
  readonly #unkept = new Set<string>();
  /** What editors left behind of files that were shown, by name. */
  readonly #views = new Map<string, unknown>();
  /** Names that files had while they were shown, and the new ones. */
  readonly #moved = new Map<string, string>();
  #rest: ReturnType<typeof setTimeout> | undefined;
  #keeping: Promise<void> = Promise.resolve();
  isKept = $state(true);
  /** Why it could not be kept the last time. */
  refused = $state.raw<AppErrorWire | null>(null);
  /** Files that somebody else wrote meanwhile, and what stands there; `null`: nothing that is a text. */
  conflicts = $state.raw<ReadonlyMap<string, string | null>>(new Map());
  /** A person asked for it in order to type: the caret shall be in its text. */
  isEntering = $state(false);
  /** It becomes a version or is thrown away: nothing is typed meanwhile. */
  isLeaving = $state(false);
  /** Grows with whatever is typed. */
  #edition = 0;
  /** Grows when a text becomes another one that nobody typed here. */
  #outside = $state(0);

  stream = $state('');
  /** A cursor; empty: the head. */
  at = $state('');
  tried = $state.raw<DraftTried | null>(null);
  isStale = $state(false);
  /** What the origin's files hold, by their names without folders; `null`: what differs is not shown. */
  originals = $state.raw<ReadonlyMap<string, string> | null>(null);
  /** The number that the draft shall have as a version; `null`: nobody asks for one. */
  version = $state<string | null>(null);
  naming = $state<Naming | null>(null);
  /** What was taken away last. */
  removed = $state.raw<Removed | null>(null);

  constructor(store: OpenStore, reference: string, origin: string, told: (told: HandlerTold) => void) {
    super(store.backend);
    this.#store = store;
    this.reference = reference;
    this.origin = origin;
    this.#told = told;
  }

  /** The text of a file as it was typed; `null`: nobody did. */
  typed(file: string): string | null {
    void this.#outside;
    return this.#texts.get(file) ?? null;
  }

  /** Keeps what the editor of a file leaves behind: the caret, and what can be undone. */
  hold(file: string, view: unknown): void {
    const name = this.#moved.get(file) ?? file;
    this.#moved.delete(file);
    if (this.#known.has(name) || this.#texts.has(name)) this.#views.set(name, view);
  }

  held(file: string): unknown {
    return this.#views.get(file);
  }

  /** Files that were typed in and are not there any more. */
  get orphans(): string[] {
    return [...this.conflicts].flatMap(([file, theirs]) => (theirs === null ? [file] : []));
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

  /** Takes notice of the files as they are now. What is typed here and not kept stays as it is. */
  see({ files }: HandlerTold): void {
    const texts = new Map(files.flatMap(({ isOwn, name, text }) => (isOwn && text !== null ? [[name, text]] : [])));
    for (const [file, text] of texts) {
      if (this.#unkept.has(file)) {
        // Whoever typed saw the text that was known then.
        if (!this.#known.has(file)) this.#known.set(file, text);
        continue;
      }
      this.#known.set(file, text);
      if ((this.#texts.get(file) ?? text) === text) continue;
      this.#texts.set(file, text);
      this.#outside += 1;
      this.#isOther();
    }
    for (const file of [...this.#known.keys()]) {
      if (texts.has(file) || this.#unkept.has(file)) continue;
      for (const all of [this.#known, this.#texts, this.#views]) all.delete(file);
    }
  }

  /** Another window threw it away, or made a version of it. */
  get isGone(): boolean {
    return this.refused?.code === 'notFound';
  }

  /** Keeps what was typed, and has told what came of it. `false`: it could not be kept. */
  async keep(): Promise<boolean> {
    clearTimeout(this.#rest);
    await this.#inTurn(() => this.#keepAll());
    return this.#unkept.size === 0;
  }

  async close(): Promise<void> {
    await this.keep();
    clearTimeout(this.#rest);
    await this.stop();
  }

  /** Goes on with what somebody else wrote. What was typed here can be had back by undoing. */
  takeTheirs(file: string): void {
    const theirs = this.conflicts.get(file);
    if (theirs === undefined) return;
    this.#unkept.delete(file);
    if (theirs === null) {
      for (const all of [this.#known, this.#texts, this.#views]) all.delete(file);
    } else {
      this.#known.set(file, theirs);
      this.#texts.set(file, theirs);
    }
    this.#outside += 1;
    this.#isOther();
    this.#settle(file);
    void this.keep();
  }

  /** Writes what was typed here over what somebody else wrote. */
  async keepMine(file: string): Promise<void> {
    const theirs = this.conflicts.get(file);
    const text = this.#texts.get(file);
    if (theirs === undefined || text === undefined) return;
    this.#settle(file);
    if (theirs !== null) this.#known.set(file, theirs);
    else if (!(await this.#act(() => this.#store.backend.addDraftFile(this.reference, file, text)))) {
      this.#conflict(file, null);
      return;
    } else {
      this.#known.set(file, text);
      if (this.#texts.get(file) === text) this.#unkept.delete(file);
    }
    await this.keep();
  }

  /** Adds a file with a text. `false`: it could not be. */
  async add(file: string, text: string): Promise<boolean> {
    if (!(await this.keep())) return false;
    return this.#act(() => this.#store.backend.addDraftFile(this.reference, file, text));
  }

  async rename(file: string, to: string): Promise<boolean> {
    if (!(await this.keep())) return false;
    this.#moved.set(file, to);
    const isDone = await this.#act(() => this.#store.backend.renameDraftFile(this.reference, file, to));
    if (!isDone) this.#moved.delete(file);
    return isDone;
  }

  /** Takes a file away; the manifest follows that of the package again. */
  async remove(file: string): Promise<boolean> {
    if (!(await this.keep())) return false;
    const text = this.#known.get(file);
    if (text === undefined) return false;
    const isDone = await this.#act(async () => {
      const { isWritten, told } = await this.#store.backend.removeDraftFile(this.reference, file, text);
      if (!isWritten) this.failure = { code: 'invalidInput', message: T.meanwhile(file), hint: T.look, choices: [] };
      return told;
    });
    if (!isDone || this.failure) return false;
    this.removed = { file, text };
    return true;
  }

  /** Has the file back that was taken away last. */
  async bringBack(): Promise<string | null> {
    const { removed } = this;
    if (!removed || !(await this.keep())) return null;
    const { file, text } = removed;
    const { backend } = this.#store;
    const isDone = await this.#act(async () => {
      if (file !== MANIFEST) return backend.addDraftFile(this.reference, file, text);
      const before = this.#known.get(file) ?? '';
      return (await backend.writeDraft(this.reference, file, text, before)).told;
    });
    if (isDone) this.removed = null;
    return isDone ? file : null;
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

  /** Makes a test case of the stream up to the moment; answers its file and what is to be said of it. */
  async makeCase(name: string): Promise<{ file: string; said: string } | null> {
    if (!(await this.keep())) return null;
    const { backend, opened } = this.#store;
    const [draft, stream, at] = [this.reference, this.stream.trim(), this.at.trim() || 'head'];
    const made = await this.long(T.makingCase(stream), (tell) =>
      backend.makeDraftCase(opened.session, { draft, stream, at, name }, tell),
    );
    if (!made) return null;
    this.#tell(made.told);
    return { file: made.file, said: T.caseMade(made) };
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

  #isOther(): void {
    this.#edition += 1;
    this.isStale = true;
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    this.#keeping = this.#keeping.then(act);
    await this.#keeping;
  }

  /** Does something to the files in turn, and has told what came of it. */
  async #act(act: () => Promise<HandlerTold>): Promise<boolean> {
    let isDone = false;
    await this.#inTurn(async () => {
      this.failure = null;
      try {
        this.#tell(await act());
        isDone = true;
        this.#isOther();
      } catch (reason) {
        this.failure = errorOf(reason);
      }
    });
    return isDone;
  }

  #tell(told: HandlerTold): void {
    this.see(told);
    this.#told(told);
  }

  #conflict(file: string, theirs: string | null): void {
    this.conflicts = new Map([...this.conflicts, [file, theirs]]);
  }

  #settle(file: string): void {
    this.conflicts = new Map([...this.conflicts].filter(([of]) => of !== file));
  }

  async #keepAll(): Promise<void> {
    let refused: AppErrorWire | null = null;
    for (const file of [...this.#unkept]) {
      // It waits for a person.
      if (this.conflicts.has(file)) continue;
      const text = this.#texts.get(file) ?? '';
      try {
        const before = this.#known.get(file) ?? '';
        const { isWritten, told } = await this.#store.backend.writeDraft(this.reference, file, text, before);
        const theirs = told.files.find(({ name }) => name === file)?.text ?? null;
        if (isWritten || theirs === text) {
          this.#known.set(file, text);
          // What was typed meanwhile is kept in its turn.
          if (this.#texts.get(file) === text) this.#unkept.delete(file);
        } else {
          this.#conflict(file, theirs);
        }
        this.#tell(told);
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
