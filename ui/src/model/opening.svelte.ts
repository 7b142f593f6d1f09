// Opening stores and streams: what is being opened, what failed, and where it goes when it is open. It must not know
// what of it is shown.

import { BackendError, errorOf, StoreError, type Backend } from '../backend/backend';
import { sameView } from '../place/place';
import { fileName } from '../base/format';
import { S } from '../strings';
import type { AppErrorWire, ComparedPlace, ErrorCode, JobUpdate, Recent } from '../backend/bindings';
import { isStoreOf, takePlace, type OpenDocument, type Place } from './document.svelte';
import type { Documents } from './documents.svelte';
import { HistoryNews } from './news.svelte';
import type { OpenHistory } from './open_history.svelte';
import type { OpenStore } from './open_store.svelte';
import { placeFrom } from './restoring';
import { drawAs } from './timeline_look';
import { TABS } from './view';

// Read beside the start, not before it.
const OPENED = () => import('./opened');

/** An opening that failed, with what to try again. */
export interface FailedOpening {
  location: string;
  error: AppErrorWire;
}

/** A stream that is opened once its store is back, where a person still waits for it. */
export interface Missed {
  stream: string;
  again: () => Promise<void>;
}

/** B and the tab, as a link names them. */
export interface Look {
  base: string | null;
  tab: string | null;
}

/** A store that is being opened because a person asked for it. */
interface Asked {
  readonly location: string;
  readonly layout: string | null;
  /** Where it was asked for last. */
  document: OpenDocument;
  place: Place;
  done: Promise<OpenDocument | null>;
}

/** What can be answered on the welcome page alone. */
const QUESTIONS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ambiguous', 'noLayout', 'passwordNeeded']);
/** So long a person can have back what was forgotten. */
const UNDO_MILLIS = 10_000;

/** Who is told about steps and failures. */
export interface Host {
  /** Before something else shows. */
  leave(): void;
  /** Something else shows. */
  visit(): void;
  failed(reason: unknown): void;
  say(text: string): void;
  /** The tab that a stream opens with. */
  firstTab(): string;
}

export class Opening {
  recents = $state.raw<Recent[]>([]);
  /** Locations of recent stores whose file was not there when it was looked for last. */
  gone = $state.raw<readonly string[]>([]);
  /** The recent store that was forgotten last. */
  forgotten = $state.raw<Recent | null>(null);
  /** Location of the store that is being opened. */
  location = $state<string | null>(null);
  /** How far that is. */
  job = $state.raw<JobUpdate | null>(null);
  /** The stream that is being opened. */
  stream = $state<string | null>(null);
  /** What the stream that is being opened tells. */
  news = $state.raw<HistoryNews | null>(null);
  failure = $state.raw<FailedOpening | null>(null);
  /** The stream that did not open because its store is out of reach, and how to open it after all. */
  missed = $state.raw<Missed | null>(null);
  sampleJob = $state.raw<JobUpdate | null>(null);
  isMakingSample = $state(false);

  readonly #backend: Backend;
  readonly #documents: Documents;
  readonly #host: Host;
  #asked: Asked | null = null;
  #undoTimer: ReturnType<typeof setTimeout> | undefined;
  /** Gives up the store that is being opened. */
  #stop: (() => void) | null = null;

  constructor(backend: Backend, documents: Documents, host: Host) {
    this.#backend = backend;
    this.#documents = documents;
    this.#host = host;
  }

  /**
   * Opens a store in the present document, or in one of its own where a person went on meanwhile, and answers which.
   * `null`: it did not open. Who asks again for what is being opened waits for the same, where they are by then.
   */
  openStore(location: string, layout: string | null = null): Promise<OpenDocument | null> {
    const { present } = this.#documents;
    const where = { document: present, place: present.place };
    if (this.#asked?.location === location && this.#asked.layout === layout) {
      return Object.assign(this.#asked, where).done;
    }
    const asked: Asked = { location, layout, ...where, done: Promise.resolve(null) };
    asked.done = this.#openAsked(asked);
    this.#asked = asked;
    return asked.done;
  }

  async #openAsked(asked: Asked): Promise<OpenDocument | null> {
    const { location, layout } = asked;
    this.#host.leave();
    // Whoever went on meanwhile keeps what they look at.
    const isAwaited = () => this.#documents.present === asked.document && sameView(asked.place, asked.document.place);
    this.failure = null;
    try {
      const store = await this.#session(location, layout);
      const isHere = isAwaited();
      const document = isHere ? asked.document : this.#documents.add();
      document.view = 'overview';
      const closed = this.#documents.setStore(document, store);
      const { case: kept } = store.opened;
      if (kept) {
        const { standWhereItStood } = await import('./case_places');
        await standWhereItStood(kept, document, this.#documents, this, placeFrom).catch(this.#host.failed);
      }
      this.#host.visit();
      if (!isHere) this.#host.say(S.opening.beside(store.opened.name));
      await closed;
      await this.#listRecents();
      const { present } = this.#documents;
      return present.store === store ? present : document;
    } catch (reason) {
      const error = errorOf(reason);
      if (error.code !== 'cancelled' && isAwaited()) {
        this.failure = { location, error };
        asked.document.view = 'welcome';
        this.#host.visit();
      } else {
        this.#host.failed(new StoreError(location, reason));
        if (QUESTIONS.has(error.code)) this.#askBeside({ location, error });
      }
      return null;
    }
  }

  /** What has to be answered waits on a welcome page, where whoever went on finds it. */
  #askBeside(failure: FailedOpening): void {
    this.failure = failure;
    if (!this.#documents.all.some(({ view }) => view === 'welcome')) this.#documents.add();
    this.#host.say(S.opening.asks(fileName(failure.location)));
  }

  /** What is listed again was not forgotten. */
  async #listRecents(): Promise<void> {
    this.recents = (await this.#backend.start()).recents;
    if (this.recents.some(({ location }) => location === this.forgotten?.location)) this.forgotten = null;
  }

  /** Opens a store and tells how far that is. Rejects as cancelled once it is given up. */
  async #session(location: string, layout: string | null): Promise<OpenStore> {
    const backend = this.#backend;
    let own: JobUpdate | null = null;
    let isOver = false;
    const stop = () => {
      isOver = true;
      // Nobody waits for it: that it could not be cancelled changes nothing.
      if (own) backend.cancelJob(own.job).catch(() => undefined);
      if (this.#stop === stop) this.#stop = this.location = this.job = this.#asked = null;
    };
    // One at a time: what was begun before could no longer be seen, nor given up.
    this.#stop?.();
    this.#stop = stop;
    this.location = location;
    this.job = null;
    try {
      const tell = (job: JobUpdate) => {
        own = job;
        if (isOver) stop();
        else if (this.#stop === stop) this.job = job;
      };
      // Both are awaited: a store that opened is closed again where its code cannot be read.
      const [code, opened] = await Promise.allSettled([OPENED(), backend.openStore(location, layout, tell)]);
      if (opened.status === 'rejected') throw opened.reason;
      if (!isOver && code.status === 'fulfilled') return new code.value.OpenStore(backend, opened.value);
      await backend.closeStore(opened.value.session);
      if (code.status === 'rejected') throw code.reason;
    } finally {
      own = null;
      stop();
    }
    throw new BackendError({ code: 'cancelled', message: location, hint: '', choices: [] });
  }

  async openFile(): Promise<void> {
    try {
      const location = await this.#backend.pickFile();
      if (location !== null) await this.openStore(location);
    } catch (reason) {
      this.#host.failed(reason);
    }
  }

  async openSample(): Promise<void> {
    if (this.isMakingSample) return;
    this.isMakingSample = true;
    this.failure = null;
    try {
      const location = await this.#backend.makeSample((update) => (this.sampleJob = update));
      await this.openStore(location);
    } catch (reason) {
      this.#host.failed(reason);
    } finally {
      this.isMakingSample = false;
      this.sampleJob = null;
    }
  }

  /**
   * Opens a stream at a cursor text in a document, or moves there if it is open. `null` is its newest event,
   * wherever A stood last: who names a stream wants to know how it is now.
   */
  async openStream(stream: string, at: string | null, look: Look, document: OpenDocument): Promise<void> {
    await this.#opened(document, stream, async (store) => {
      if (document.history?.opened.stream === stream) {
        if (at !== null) await moveTo(document.history, at);
        else document.history.setA(document.history.opened.events);
      } else {
        const history = await this.#open(store, stream, at, document.handler);
        await document.replaceHistory(history);
      }
      if (document.history) await takeLook(document.history, look);
      document.view = 'history';
    });
  }

  /** Opens a stream in a document of its own, which shows then. */
  async openBeside(stream: string, at: string | null): Promise<void> {
    const { handler } = this.#documents.present;
    await this.#opened(this.#documents.present, stream, async (store) => {
      const history = await this.#open(store, stream, at, handler);
      if (!this.#documents.stores.includes(store)) return await history.close();
      const document = this.#documents.add();
      document.store = store;
      document.history = history;
      document.handler = handler;
      document.view = 'history';
      this.#documents.activate(document);
    });
  }

  /** Opens a stream of a store that need not be open, in a document of its own, which shows then. */
  async openElsewhere(location: string, stream: string, at: string | null): Promise<void> {
    this.#host.leave();
    const document = this.#documents.add();
    try {
      const known = this.#documents.stores.find(({ opened }) => opened.location === location);
      const store = known ?? (await this.#session(location, null));
      await this.#documents.setStore(document, store);
      document.history = await this.#open(store, stream, at, null);
      document.view = 'history';
      this.#documents.activate(document);
      this.#host.visit();
    } catch (reason) {
      await this.#documents.close(document);
      this.#host.failed(new StoreError(location, reason));
    }
  }

  /** Folds the open stream with another handler, at the same cursors. */
  async foldWith(handler: string): Promise<void> {
    const document = this.#documents.present;
    const { history, store, place, handler: before } = document;
    if (!history || !store || history.handler === handler) return;
    this.#host.leave();
    document.handler = handler;
    try {
      const next = await this.#open(store, history.opened.stream, null, handler);
      await document.replaceHistory(next);
      drawAs(place.look, next.timeline, next.fields);
      takePlace(next, place);
      this.#host.visit();
    } catch (reason) {
      document.handler = before;
      this.#host.failed(reason);
    }
  }

  /**
   * Shows a place in a document. Gives up, touching nothing more, once `isWanted` says no. Rejects with the store that
   * it failed at.
   */
  async show(document: OpenDocument, place: Place, isWanted: () => boolean): Promise<void> {
    try {
      await this.#show(document, place, isWanted);
    } catch (reason) {
      throw place.store ? new StoreError(place.store.location, reason) : reason;
    }
  }

  async #show(document: OpenDocument, place: Place, isWanted: () => boolean): Promise<void> {
    await this.#showStore(document, place, isWanted);
    const { store } = document;
    if (!isWanted()) return;
    if (place.stream && store) {
      const { id, handler } = place.stream;
      if (document.history?.opened.stream !== id || document.history.handler !== handler) {
        const opened = await this.#open(store, id, null, handler);
        if (!isWanted()) return await opened.close();
        // What is open already stays as a person drew it meanwhile.
        drawAs(place.look, opened.timeline, opened.fields);
        await document.replaceHistory(opened);
      }
      if (document.history) takePlace(document.history, place);
    } else store?.takePlace(place);
    if (place.lanes && store) await store.lanes.take(place.lanes);
    if (place.compared && store) await compare(store, place.compared);
    if (isWanted()) document.view = place.view;
  }

  /** Gives up the store that is being opened, or the stream. */
  async cancel(): Promise<void> {
    if (this.#stop) return this.#stop();
    const job = this.stream === null ? null : (this.news?.job ?? null);
    if (job !== null) await this.#backend.cancelJob(job);
  }

  /** Looks which recent stores are not there now. */
  async lookForRecents(): Promise<void> {
    // What nobody can tell is not marked; opening it says what is wrong.
    this.gone = await this.#backend.goneRecents().catch(() => []);
  }

  async forget(location: string): Promise<void> {
    try {
      await this.#backend.forgetRecent(location);
      this.forgotten = this.recents.find((recent) => recent.location === location) ?? null;
      this.recents = this.recents.filter((recent) => recent !== this.forgotten);
      clearTimeout(this.#undoTimer);
      this.#undoTimer = setTimeout(() => (this.forgotten = null), UNDO_MILLIS);
    } catch (reason) {
      this.#host.failed(reason);
    }
  }

  /** What was forgotten last is listed again. Rejects when it cannot be. */
  async listAgain(): Promise<void> {
    clearTimeout(this.#undoTimer);
    if (this.forgotten) await this.#backend.restoreRecent(this.forgotten);
    await this.#listRecents();
  }

  async #opened(document: OpenDocument, stream: string, open: (store: OpenStore) => Promise<void>): Promise<void> {
    const { store } = document;
    if (!store) return;
    this.#host.leave();
    this.missed = null;
    const { history, view } = document;
    try {
      await open(store);
      this.#host.visit();
    } catch (reason) {
      this.#host.failed(reason);
      if (errorOf(reason).code !== 'unreachable') return;
      const again = async () => {
        const isHere = this.#documents.present === document && document.store === store;
        if (isHere && document.view === view && document.history === history)
          await this.#opened(document, stream, open);
      };
      this.missed = { stream, again };
    }
  }

  // A store that another document has open already is shared.
  async #showStore(document: OpenDocument, { store }: Place, isWanted: () => boolean): Promise<void> {
    if (store === null || (document.store && isStoreOf(store, document.store))) return;
    const known = this.#documents.stores.find((one) => isStoreOf(store, one));
    const next = known ?? (await this.#session(store.location, store.layout));
    if (!known && !isWanted()) return await next.close();
    document.view = 'overview';
    await this.#documents.setStore(document, next);
  }

  async #open(store: OpenStore, stream: string, at: string | null, chosen: string | null): Promise<OpenHistory> {
    const news = new HistoryNews();
    this.news = news;
    this.stream = stream;
    let history: OpenHistory;
    try {
      const { openHistory } = await OPENED();
      history = await openHistory(store, stream, at, chosen, news);
    } finally {
      // Another one may be being opened by now.
      if (this.news === news) this.stream = null;
    }
    const tab = TABS.find((name) => name === this.#host.firstTab());
    if (tab) history.setTab(tab);
    return history;
  }
}

/** Lets two states stand side by side; that they are being folded still is told where they will be. */
export async function compare(store: OpenStore, asked: ComparedPlace): Promise<void> {
  const { comparingOf } = await import('./comparing.svelte');
  void comparingOf(store).take(asked);
}

/** Moves A to what a cursor text means, floor and never nearest. Rejects when it means nothing. */
export async function moveTo(history: OpenHistory, cursor: string): Promise<void> {
  const found = await history.store.backend.momentOf(history.opened.history, cursor);
  history.putA(found);
  // Of an instant the header says what it means.
  if (found.asOf === null) history.notice = found.explanation;
}

async function takeLook(history: OpenHistory, { base, tab }: Look): Promise<void> {
  if (base !== null) {
    const { moment } = await history.store.backend.momentOf(history.opened.history, base);
    history.setB(moment);
  }
  const known = TABS.find((name) => name === tab);
  if (known) history.setTab(known);
}
