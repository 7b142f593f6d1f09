// Searching a store: what each tab asks, what it found so far, and which row a person is at. Rows only come behind those
// that are there, so a row keeps its place and the choice of it.

import { untrack } from 'svelte';
import { errorOf, type Backend } from '../backend/backend';
import type {
  AppErrorWire,
  FindingWire,
  FoundRow,
  JobUpdate,
  SavedQuery,
  SearchAsked,
  SearchEnd,
  SearchOffer,
  Written,
} from '../backend/bindings';
import type { Asked } from '../backend/search';
import { PagedRows } from '../base/paged';
import { S } from '../strings';
import type { OpenStore } from './open_store.svelte';

export const NOTHING_ASKED: Asked = {
  ...{ text: '', types: [], categories: [], stream: '', from: '', to: '', condition: '' },
};

/** What a search is at: `idle` before the first, `running`, or how the last one ended. */
export type Phase = 'idle' | 'running' | SearchEnd;

const RATE_MILLIS = 250;

export class SearchTab {
  readonly #backend: Backend;
  readonly #session: number;
  readonly number: number;

  /** What the form holds. */
  asked = $state.raw<Asked>(NOTHING_ASKED);
  /** What the rows are of. */
  ran = $state.raw<Asked | null>(null);
  /** The saved search that it came from. */
  saved = $state.raw<SavedQuery | null>(null);
  phase = $state<Phase>('idle');
  found = $state(0);
  done = $state(0);
  total = $state<number | null>(null);
  /** Events in a second, while it runs. */
  rate = $state(0);
  /** Whether it has run long enough to be told of: 50 ms. */
  isLate = $state(false);
  failure = $state.raw<AppErrorWire | null>(null);
  findings = $state.raw<FindingWire[]>([]);
  /** Grows when rows arrived. */
  seen = $state(0);
  /** The row that a person is at; -1: none yet. */
  active = $state(-1);
  rows = $state.raw<PagedRows<FoundRow> | null>(null);

  #search: number | null = null;
  #job: number | null = null;
  #turn = 0;
  #mark = { at: 0, done: 0 };

  constructor(backend: Backend, session: number, number: number, asked: Asked) {
    this.#backend = backend;
    this.#session = session;
    this.number = number;
    this.asked = asked;
  }

  get title(): string {
    return this.saved?.name ?? titleOf(this.ran ?? this.asked);
  }

  /** Whether the form asks something else than the rows answer. */
  get isStale(): boolean {
    return this.ran !== null && JSON.stringify(this.ran) !== JSON.stringify(this.asked);
  }

  /** Whether anything is asked for but everything. */
  get isNarrowed(): boolean {
    return JSON.stringify(this.asked) !== JSON.stringify(NOTHING_ASKED);
  }

  set(asked: Partial<Asked>): void {
    this.asked = { ...this.asked, ...asked };
  }

  async run(): Promise<void> {
    // First of all: from here on nothing of an earlier search counts.
    this.#turn += 1;
    const turn = this.#turn;
    const { asked } = this;
    const closed = this.#forget();
    this.ran = asked;
    this.phase = 'running';
    this.#mark = { at: performance.now(), done: 0 };
    const late = setTimeout(() => (this.isLate = turn === this.#turn && this.phase === 'running'), 50);
    try {
      await closed;
      if (turn !== this.#turn) return;
      const ended = await this.#backend.search(this.#session, asked, (update) => {
        // It was left before it told its number: closing it stops it.
        if (turn !== this.#turn) return void this.#backend.closeSearch(update.search);
        this.#search = update.search;
        this.#job = update.job;
        this.#progress(update.done, update.total);
        this.#grow(update.found);
      });
      if (turn !== this.#turn) {
        await this.#backend.closeSearch(ended.search);
        return;
      }
      this.#search = ended.search;
      this.#grow(ended.found);
      this.findings = ended.findings;
      // Rows that could not be read are no matter of how the search ended.
      this.failure = ended.failure ?? this.failure;
      this.phase = ended.end;
    } catch (reason) {
      if (turn !== this.#turn) return;
      this.failure = errorOf(reason);
      this.phase = 'failed';
    } finally {
      clearTimeout(late);
      if (turn === this.#turn) this.isLate = false;
    }
  }

  /** Asks again for the rows that could not be read; a search that broke off runs anew. */
  async retry(): Promise<void> {
    if (this.phase === 'failed') return await this.run();
    this.failure = null;
    this.rows?.retry();
  }

  /** Stops it; what it found stays. */
  async cancel(): Promise<void> {
    if (this.phase === 'running' && this.#job !== null) await this.#backend.cancelJob(this.#job);
  }

  close(): Promise<void> {
    this.#turn += 1;
    return this.#forget();
  }

  move(by: number): void {
    this.active = Math.max(0, Math.min(this.found - 1, (this.active < 0 && by > 0 ? -1 : this.active) + by));
  }

  async #forget(): Promise<void> {
    const search = this.#search;
    this.#search = null;
    this.#job = null;
    this.found = 0;
    this.done = 0;
    this.total = null;
    this.rate = 0;
    this.active = -1;
    this.failure = null;
    this.findings = [];
    this.rows = null;
    if (search !== null) await this.#backend.closeSearch(search);
  }

  #progress(done: number, total: number | null): void {
    this.done = Math.max(this.done, done);
    this.total = total ?? this.total;
    const now = performance.now();
    const passed = now - this.#mark.at;
    if (passed < RATE_MILLIS || done <= this.#mark.done) return;
    this.rate = Math.round(((done - this.#mark.done) * 1000) / passed);
    this.#mark = { at: now, done };
  }

  #grow(found: number): void {
    const search = this.#search;
    if (search === null || found === 0) return;
    this.rows ??= new PagedRows(
      async (offset, limit) => {
        const { rows } = await this.#backend.searchRows(search, offset, limit);
        return { total: this.found, matching: this.found, rows };
      },
      () => {
        if (this.phase !== 'failed') this.failure = null;
        this.seen += 1;
      },
      (reason) => (this.failure = errorOf(reason)),
    );
    this.found = found;
    this.rows.extend(found);
  }
}

/** The searches of one store, in tabs, with what is saved and what makes searching fast. */
export class SearchBoard {
  readonly store: OpenStore;

  tabs = $state.raw<SearchTab[]>([]);
  current = $state<number>(0);
  saved = $state.raw<SavedQuery[]>([]);
  recent = $state.raw<Asked[]>([]);
  /** The file of the saved searches. */
  file = $state('');
  offer = $state.raw<SearchOffer | null>(null);
  /** The copy that is being made. */
  copying = $state.raw<JobUpdate | null>(null);
  /** The file that is being written, and the last one that was. */
  exporting = $state.raw<JobUpdate | null>(null);
  written = $state.raw<Written | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  /** Whether the saved searches stand beside the results. */
  showsSaved = $state(true);

  #last = 0;

  constructor(store: OpenStore) {
    this.store = store;
    store.masked.add(this);
    this.open(NOTHING_ASKED);
    void this.load();
  }

  get tab(): SearchTab {
    const tab = this.tabs[this.current] ?? this.tabs[0];
    // There is always one: the last one that is closed leaves an empty one.
    if (!tab) throw new Error('a search board has a tab');
    return tab;
  }

  get isRunning(): boolean {
    return this.tabs.some((tab) => tab.phase === 'running');
  }

  maskChanged(): void {
    for (const tab of this.tabs) {
      tab.rows?.refetch();
      tab.seen += 1;
    }
  }

  /** Asks what is saved, and what the copy would cost. */
  async load(): Promise<void> {
    const { backend, opened } = this.store;
    try {
      this.#take(await backend.queries());
      this.offer = await backend.searchOffer(opened.session);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  /** A tab for a search, in the place of one that asks nothing. */
  open(asked: Asked, saved: SavedQuery | null = null): SearchTab {
    const blank = this.tabs.findIndex((one) => one.phase === 'idle' && !one.isNarrowed);
    this.#last += 1;
    const tab = new SearchTab(this.store.backend, this.store.opened.session, this.#last, asked);
    tab.saved = saved;
    this.tabs = blank >= 0 ? this.tabs.with(blank, tab) : [...this.tabs, tab];
    this.current = blank >= 0 ? blank : this.tabs.length - 1;
    return tab;
  }

  async close(tab: SearchTab): Promise<void> {
    const at = this.tabs.indexOf(tab);
    if (at < 0) return;
    this.tabs = this.tabs.filter((one) => one !== tab);
    if (this.tabs.length === 0) this.open(NOTHING_ASKED);
    this.current = Math.max(0, Math.min(this.tabs.length - 1, this.current > at ? this.current - 1 : this.current));
    await tab.close();
  }

  async run(): Promise<void> {
    const { tab } = this;
    this.written = null;
    this.failure = null;
    const running = tab.run();
    if (tab.isNarrowed) this.#take(await this.store.backend.rememberQuery(tab.asked));
    await running;
  }

  async save(query: SavedQuery, before: SavedQuery | null): Promise<void> {
    this.#take(await this.store.backend.saveQuery(query, before));
    for (const tab of this.tabs) if (before !== null && tab.saved && isSame(tab.saved, before)) tab.saved = query;
  }

  async remove(query: SavedQuery): Promise<void> {
    this.#take(await this.store.backend.removeQuery(query));
  }

  /** Makes the copy with which searching is fast. */
  async copy(): Promise<void> {
    const { backend, opened } = this.store;
    if (this.copying) return;
    this.failure = null;
    try {
      await backend.copyForSearch(opened.session, (update) => (this.copying = update));
      this.offer = await backend.searchOffer(opened.session);
    } catch (reason) {
      const error = errorOf(reason);
      if (error.code !== 'cancelled') this.failure = error;
    } finally {
      this.copying = null;
    }
  }

  /** Writes all that the present tab asks for into a file that a person chooses. */
  async export(format: 'ndjson' | 'csv'): Promise<void> {
    const { backend, opened } = this.store;
    const { tab } = this;
    if (this.exporting) return;
    this.failure = null;
    this.written = null;
    try {
      const file = await backend.pickSave(`${opened.name.replace(/\.\w+$/, '')}-events.${format}`);
      if (file === null) return;
      const tell = (update: JobUpdate) => (this.exporting = update);
      this.written = await backend.exportSearch(opened.session, tab.ran ?? tab.asked, file, format, tell);
    } catch (reason) {
      const error = errorOf(reason);
      if (error.code !== 'cancelled') this.failure = error;
    } finally {
      this.exporting = null;
    }
  }

  async cancelJob(job: JobUpdate | null): Promise<void> {
    if (job) await this.store.backend.cancelJob(job.job);
  }

  #take({ saved, recent, file }: { saved: SavedQuery[]; recent: SearchAsked[]; file: string }): void {
    this.saved = saved;
    this.recent = recent.map((asked) => ({ ...NOTHING_ASKED, ...asked }));
    this.file = file;
  }
}

const boards = new WeakMap<OpenStore, SearchBoard>();

/** The searches of an open store. They go with it. */
export function searchOf(store: OpenStore): SearchBoard {
  // Whoever asks first may be a derivation, which may make no state of its own otherwise.
  const known = boards.get(store) ?? untrack(() => new SearchBoard(store));
  boards.set(store, known);
  return known;
}

export function isSame(a: SavedQuery, b: SavedQuery): boolean {
  return a.folder === b.folder && a.name === b.name;
}

/** What a search asks for, in a line. */
export function titleOf(asked: SearchAsked): string {
  const { text, types, categories, stream, from, to, condition } = { ...NOTHING_ASKED, ...asked };
  const parts = [
    text === '' ? '' : `“${text}”`,
    types.join(', '),
    categories.join(', '),
    stream === '' ? '' : `#${stream}`,
    from === '' && to === '' ? '' : `${from || '…'} – ${to || '…'}`,
    condition,
  ];
  return parts.filter(Boolean).join(' · ') || S.search.everything;
}
