// The view Handlers: the packages at hand and their versions, and one of them in full: its files, which types of events of
// the store it takes, what it declares, and how its test cases go.

import { errorOf } from '../backend/backend';
import type {
  CoverageRow,
  HandlerCoverage,
  HandlerFile,
  HandlerPackage,
  HandlersNews,
  HandlerTested,
  HandlerTold,
  PackageVersion,
} from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { HANDLERS as T } from '../strings/handlers_view';
import { DRAFT as D } from '../strings/draft_view';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { baseName, Drafting, MANIFEST } from './drafting.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';
import type { Reloaded } from './reloading.svelte';

export const PARTS = ['source', 'coverage', 'declares', 'cases'] as const;
export type Part = (typeof PARTS)[number];

export class HandlersBoard extends LongWork implements Board, Reloaded {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  /** `null` until they were read. */
  packages = $state.raw<HandlerPackage[] | null>(null);
  /** How the chosen version is opened; empty: there is none. */
  reference = $state('');
  told = $state.raw<HandlerTold | null>(null);
  /** Of the chosen version, where it is one that is written on here. */
  draft = $state.raw<Drafting | null>(null);
  coverage = $state.raw<HandlerCoverage | null>(null);
  tested = $state.raw<HandlerTested | null>(null);
  part = $state<Part>('source');
  /** The file that is shown, by its name; empty: the one with the problem, else the first. */
  file = $state('');
  /** The chosen row of the coverage. */
  active = $state(0);
  /** Drafts that were left while text of theirs could not be kept, by how they are opened. */
  readonly #held = new Map<string, Drafting>();
  #changes = 0;
  #atHand: string;
  /** The draft that was thrown away last. */
  #discarded = '';
  /** Which reading is the newest. */
  #turn = 0;
  /** How often it was told what the version comes to. */
  #tellings = 0;

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.#changes = store.reloading.changes;
    this.#atHand = JSON.stringify(store.reloading.news?.atHand ?? null);
    store.reloading.join(this);
    void this.#load(desk.history?.store === store ? desk.history.handler : '');
  }

  /** All versions, in the order of the list. */
  get versions(): PackageVersion[] {
    return this.packages?.flatMap(({ versions }) => versions.toReversed()) ?? [];
  }

  get version(): PackageVersion | undefined {
    return this.versions.find(({ reference }) => reference === this.reference);
  }

  /** The package of the chosen version. */
  get package(): HandlerPackage | undefined {
    return this.packages?.find(({ versions }) => versions.some(({ reference }) => reference === this.reference));
  }

  /** What is shown of its files: those that were typed in and are gone, too. */
  get files(): HandlerFile[] {
    const files = this.told?.files ?? [];
    const gone = (this.draft?.orphans ?? []).filter((orphan) => !files.some(({ name }) => name === orphan));
    return [...files, ...gone.map((name) => ({ name, bytes: 0, text: '', isOwn: true }))];
  }

  /** The file that is shown. */
  get shown(): HandlerFile | undefined {
    const { files } = this;
    const named = (wanted: string | null | undefined) => files.find(({ name }) => name === wanted);
    return named(this.file) ?? named(this.told?.problem?.file) ?? files[0];
  }

  get row(): CoverageRow | undefined {
    return this.coverage?.rows[this.active];
  }

  async choose(reference: string): Promise<void> {
    if (!(await this.#keep()) && !this.draft?.isGone) return;
    this.reference = reference;
    this.told = null;
    this.coverage = null;
    this.tested = null;
    this.file = '';
    this.active = 0;
    await this.#read();
  }

  /** Counts which types of the store the chosen version takes, once the index is there. */
  async cover(): Promise<void> {
    if (!(await this.#keep())) return;
    const { reference, told } = this;
    if (reference === '' || this.coverage !== null || !told?.handler || !this.#store.isReady) return;
    const { backend, opened } = this.#store;
    const answer = await this.long(T.counting, (tell) => backend.handlerCoverage(opened.session, reference, tell));
    // Of files that changed meanwhile it says nothing.
    if (answer && told === this.told) this.coverage = answer;
  }

  async test(): Promise<void> {
    if (!(await this.#keep())) return;
    const { reference, told } = this;
    const { backend, opened } = this.#store;
    this.part = 'cases';
    const answer = await this.long(T.testing, (tell) => backend.testHandler(opened.session, reference, tell));
    const isOfThese = reference === this.reference && (told === null || told === this.told);
    if (answer && isOfThese) this.tested = answer;
  }

  /** Files of a handler changed, or others are at hand: what is shown stays until it was read again. */
  handlersChanged({ atHand, changes }: HandlersNews): void {
    const atHandNow = JSON.stringify(atHand);
    if (changes === this.#changes && atHandNow === this.#atHand) return;
    this.#changes = changes;
    this.#atHand = atHandNow;
    void this.#load(this.reference);
  }

  // --- as a board ---

  /** Goes along what the part lists: the rows of the coverage. */
  move(by: number): void {
    const last = (this.coverage?.rows.length ?? 0) - 1;
    if (last >= 0) this.active = Math.max(0, Math.min(last, this.active + by));
  }

  /** Opens the first event of the chosen type in History. */
  async open(): Promise<void> {
    const first = this.row?.first;
    if (first) await this.#desk.openStream(first.stream, cursorOfEvent(first.event));
  }

  act(action: string): void | Promise<void> {
    switch (action) {
      case 'prev':
        return this.#step(-1);
      case 'next':
        return this.#step(1);
      case 'test':
        return this.test();
      case 'stop':
        return (this.draft?.isRunning ? this.draft : this).stop();
      case 'fold':
        return this.#fold();
      case 'open':
        return this.open();
      case 'edit':
        return this.#edit();
      case 'check':
        return this.#check();
      case 'changes':
        return this.draft?.compare();
      case 'try':
        return this.draft?.try();
      case 'add':
        return this.#ask('add', '');
      case 'rename':
        return this.#ask('rename', baseName(this.shown?.name ?? ''));
      case 'case':
        return this.#ask('case', caseName(this.draft?.stream ?? '', this.draft?.at ?? ''));
      case 'remove':
        return this.#remove(this.shown?.name ?? '');
      case 'follow':
        return this.#remove(MANIFEST);
      case 'unremove':
        return this.#bringBack();
      case 'publish':
        if (this.draft) this.draft.version = '';
        return;
      case 'discard':
        return this.#discard();
      case 'restore':
        return this.#restore();
      default:
        this.part = PARTS.find((part) => part === action) ?? this.part;
    }
  }

  blocked(action: string): string | null {
    switch (action) {
      case 'stop':
        return this.isRunning || this.draft?.isRunning ? null : T.notRunning;
      case 'test':
        if (this.isRunning) return T.isRunning;
        return (this.told?.draft?.caseCount ?? this.package?.cases ?? 0) > 0 ? null : T.noCases;
      case 'fold':
        if (this.reference === '') return T.noHandler;
        if (this.told?.problem) return T.isBroken;
        return this.#desk.history?.store === this.#store ? null : T.noHistory;
      case 'open':
        return this.part === 'coverage' && this.row?.first ? null : T.noRow;
      case 'edit':
        if (this.draft) return null;
        return this.version?.version ? null : this.reference === '' ? T.noHandler : D.noFile;
      case 'rename':
        if (!this.draft) return D.noDraft;
        return this.shown?.isOwn && this.shown.name !== MANIFEST ? null : D.notRenamed;
      case 'remove':
        if (!this.draft) return D.noDraft;
        return this.shown?.isOwn && this.shown.text !== null && this.shown.name !== MANIFEST ? null : D.notRemoved;
      case 'follow':
        if (!this.draft) return D.noDraft;
        return this.told?.draft?.hasOwnManifest ? null : D.follows;
      case 'unremove':
        return this.draft?.removed ? null : D.noneRemoved;
      case 'case':
      case 'try':
        if (this.draft?.stream.trim() === '') return D.noStream;
        return this.draft ? null : D.noDraft;
      case 'add':
      case 'check':
      case 'changes':
      case 'publish':
      case 'discard':
        return this.draft ? null : D.noDraft;
      case 'restore':
        return this.#discarded === '' ? D.noDiscarded : null;
      default:
        return this.reference === '' ? T.noHandler : null;
    }
  }

  /** Does what a name was asked for. */
  async name(): Promise<void> {
    const { draft, shown } = this;
    const { naming } = draft ?? {};
    const folder = this.told?.draft?.folder;
    if (!draft || !naming || draft.isRunning || folder === undefined) return;
    const name = naming.name.trim();
    let file: string | null = null;
    if (naming.what === 'case') {
      const made = await draft.makeCase(name.replace(/\.case\.yaml$/, ''));
      file = made?.file ?? null;
      if (made) this.#desk.say(made.said);
    } else if (naming.what === 'add') {
      const isCase = name.endsWith('.case.yaml');
      const wanted = `${isCase ? 'tests' : folder}/${name}`;
      if (await draft.add(wanted, isCase ? emptyCase(baseName(folder)) : '')) file = wanted;
    } else if (shown) {
      const wanted = `${shown.name.slice(0, shown.name.lastIndexOf('/'))}/${name}`;
      if (wanted === shown.name || (await draft.rename(shown.name, wanted))) file = wanted;
    }
    if (file !== null) this.enter(file);
  }

  /** Into the text of a file of the draft. */
  enter(file: string): void {
    if (!this.draft) return;
    this.draft.naming = null;
    this.part = 'source';
    this.file = file;
    this.draft.isEntering = true;
  }

  /** Writes the draft into its package, as the version that was asked for. */
  async publish(): Promise<void> {
    const { draft } = this;
    if (!draft || draft.version === null || draft.isLeaving) return;
    const isFolded = this.#desk.history?.handler === draft.reference;
    const { backend, opened } = this.#store;
    await this.#leave(draft, async () => {
      const reference = await backend.publishDraft(opened.session, draft.reference, draft.version?.trim() ?? '');
      this.#desk.say(D.published(reference));
      // The draft is gone: what was folded with it goes on with what it became, and is listed so.
      if (isFolded) await this.#desk.foldWith(reference);
      await this.#load(reference);
    });
  }

  async close(): Promise<void> {
    this.#turn += 1;
    for (const draft of [this.draft, ...this.#held.values()]) await draft?.close();
    this.#store.reloading.leave(this);
    await this.stop();
  }

  override maskChanged(): void {
    super.maskChanged();
    for (const draft of [this.draft, ...this.#held.values()]) draft?.maskChanged();
  }

  /** Nothing that it shows by itself is of an event. */
  protected forget(): boolean {
    return false;
  }

  async #step(by: number): Promise<void> {
    const all = this.versions;
    const at = all.findIndex(({ reference }) => reference === this.reference);
    const next = all[(at + by + all.length) % all.length];
    if (next) await this.choose(next.reference);
  }

  async #fold(): Promise<void> {
    if (!(await this.#keep())) return;
    await this.#desk.foldWith(this.reference);
    this.#desk.show('history');
  }

  /** Keeps the draft and says what it comes to, also where nothing was typed. */
  async #check(): Promise<void> {
    if (!(await this.#keep())) return;
    await this.#read();
    this.#desk.say(this.told?.problem ? D.isFaulty(this.told.problem.code) : D.noProblems);
  }

  /** Into the text of the draft, which is made where the version is none. */
  async #edit(): Promise<void> {
    if (!this.draft) {
      await this.#try(async () => {
        const reference = await this.#store.backend.draftHandler(this.reference);
        await this.#load(reference);
      });
    }
    if (!this.draft) return;
    this.part = 'source';
    this.draft.isEntering = true;
  }

  #ask(what: 'add' | 'rename' | 'case', name: string): void {
    if (!this.draft) return;
    this.part = 'source';
    this.draft.naming = { what, name };
  }

  async #remove(file: string): Promise<void> {
    if (await this.draft?.remove(file)) this.#desk.say(file === MANIFEST ? D.followed : D.removed(file));
  }

  async #bringBack(): Promise<void> {
    const file = await this.draft?.bringBack();
    if (typeof file !== 'string') return;
    this.#desk.say(D.back(file));
    this.enter(file);
  }

  async #discard(): Promise<void> {
    const { draft } = this;
    if (!draft || draft.isLeaving) return;
    await this.#leave(draft, async () => {
      await this.#store.backend.discardDraft(draft.reference);
      this.#discarded = draft.reference;
      this.#desk.say(D.discarded);
      await this.#load(draft.origin);
    });
  }

  async #restore(): Promise<void> {
    const reference = this.#discarded;
    await this.#try(async () => {
      await this.#store.backend.restoreDraft(reference);
      this.#discarded = '';
      this.#desk.say(D.restored);
      await this.#load(reference);
    });
  }

  /** Has kept what was typed. Where that fails it is said at the text, and nothing else is done. */
  async #keep(): Promise<boolean> {
    const isKept = (await this.draft?.keep()) ?? true;
    if (!isKept) this.part = 'source';
    return isKept;
  }

  /** Lets go of a draft, with nothing typed into it meanwhile. */
  async #leave(draft: Drafting, act: () => Promise<void>): Promise<void> {
    draft.isLeaving = true;
    if (await this.#keep()) await this.#try(act);
    draft.isLeaving = false;
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.failure = null;
    try {
      await act();
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  /** Reads all again; `wanted` stays chosen where it is still there. */
  async #load(wanted: string): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const { backend, opened } = this.#store;
    try {
      const packages = await backend.handlers(opened.session);
      if (turn !== this.#turn) return;
      this.failure = null;
      this.packages = packages;
      const { versions } = this;
      // Nobody is put into a draft who did not ask for it.
      const ofUser = versions.find(({ origin }) => origin === null);
      const chosen = versions.find(({ reference }) => reference === wanted) ?? ofUser ?? versions[0];
      this.reference = chosen?.reference ?? '';
      await this.#read();
    } catch (reason) {
      if (turn === this.#turn) this.failure = errorOf(reason);
    }
  }

  async #read(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const { reference } = this;
    this.#write();
    const tellings = this.#tellings;
    if (reference === '') {
      this.told = null;
      return;
    }
    try {
      const told = await this.#store.backend.handlerTold(reference);
      if (turn !== this.#turn) return;
      // What was written meanwhile is told of already.
      if (tellings === this.#tellings) this.#take(told);
      if (this.part === 'coverage') await this.cover();
    } catch (reason) {
      if (turn === this.#turn) this.failure = errorOf(reason);
    }
  }

  /** What the version comes to now. What was counted and tested is of the files before. */
  #take(told: HandlerTold): void {
    this.#tellings += 1;
    this.draft?.see(told);
    this.told = told;
    this.coverage = null;
    this.tested = null;
  }

  /** Has the draft ready where the chosen version is one. */
  #write(): void {
    const { origin, reference } = this.version ?? { origin: null, reference: '' };
    const left = this.draft;
    if (left?.reference === reference) return;
    void left?.stop();
    if (left && !left.isKept) this.#held.set(left.reference, left);
    this.draft = null;
    if (!origin) return;
    const own = this.#held.get(reference) ?? this.#begin(reference, origin);
    this.#held.delete(reference);
    own.take(this.#desk);
    this.draft = own;
    void own.keep();
  }

  #begin(reference: string, origin: string): Drafting {
    const own = new Drafting(this.#store, reference, origin, (told) => {
      if (own === this.draft) this.#take(told);
    });
    return own;
  }
}

/** The board of a store, made when it is first looked at. */
export function handlersOf(desk: Desk, store: OpenStore): HandlersBoard {
  return boardOf(store, 'handlers', HandlersBoard, () => new HandlersBoard(desk, store));
}

/** What the test case of a stream up to a moment is called, unless a person calls it otherwise. */
export function caseName(stream: string, at: string): string {
  const words = [stream, at].map((word) => word.replace(/[^A-Za-z0-9._+-]+/g, '-')).filter(Boolean);
  return words
    .join('-')
    .slice(0, 48)
    .replace(/^[.-]+|[.-]+$/g, '');
}

/** A test case that asks for nothing yet. */
function emptyCase(version: string): string {
  const lines = ['refold: case/1', "title: ''", `versions: ['${version}']`];
  return [...lines, 'given:', '  events: []', 'expect:', '  state: {}', ''].join('\n');
}
