// The root of what the window holds: its documents, what was set, what lies over the page, and the way back. What it
// tells of store, history and view is what the present document shows.

import { errorOf, StoreError, type Backend } from '../backend/backend';
import type {
  DocumentPlace,
  AppErrorWire,
  Environment,
  JobUpdate,
  Launch,
  Recent,
  Settings,
  Theme,
  WindowPlaces,
} from '../backend/bindings';
import { nanosFromRfc3339 } from '../base/instant';
import { followLink } from '../place/follow';
import { looksLikeLink } from '../place/link';
import { recentPlaces, samePlace } from '../place/place';
import { Walk } from '../place/walk.svelte';
import { S } from '../strings';
import { Connections, countsAs, environmentWords, isConnection } from './connections.svelte';
import type { OpenDocument, Place } from './document.svelte';
import { Documents } from './documents.svelte';
import type { OpenHistory } from './open_history.svelte';
import type { OpenStore } from './open_store.svelte';
import { type FailedOpening, type Look, type Missed, moveTo, Opening } from './opening.svelte';
import { Overlays, type Overlay } from './overlays.svelte';
import { Panels } from './panels.svelte';
import { Preferences } from './preferences.svelte';
import { placeFrom, written } from './restoring';
import { VIEWS, type View } from './view';

export type { Place } from './document.svelte';
export type { FailedOpening } from './opening.svelte';
export type { Overlay } from './overlays.svelte';
export type { View } from './view';

const REMEMBER_MILLIS = 300;
const RECENT_PLACES = 8;

export class Desk {
  readonly backend: Backend;
  readonly documents = new Documents();
  readonly preferences: Preferences;
  readonly connections: Connections;
  readonly overlays = new Overlays();
  readonly panels = new Panels(() => this.rememberSoon());

  version = $state('');
  isStarted = $state(false);

  /** Why what was set last could not be saved. */
  #unsaved: AppErrorWire | null = null;
  #failed = $state.raw<{ error: AppErrorWire; at: string | null } | null>(null);
  readonly #opening: Opening;
  readonly #walk: Walk<Place>;
  #rememberTimer: ReturnType<typeof setTimeout> | undefined;
  #isRestored = false;
  /** Documents of servers that count as production, from the last start: nothing is contacted before a person says so. */
  waiting = $state.raw<readonly DocumentPlace[]>([]);

  constructor(backend: Backend) {
    this.backend = backend;
    this.preferences = new Preferences(backend);
    this.connections = new Connections(backend);
    const failed = (reason: unknown) => this.#fail(reason);
    this.#opening = new Opening(backend, this.documents, {
      ...{ leave: () => this.leave(), visit: () => this.visit(), failed },
      say: (text) => this.say(text),
      firstTab: () => this.settings.firstTab,
    });
    this.#walk = new Walk<Place>(
      { here: () => this.here(), show: (place, isWanted) => this.#walkTo(place, isWanted), failed },
      samePlace,
    );
  }

  get view(): View {
    return this.documents.present.view;
  }

  get store(): OpenStore | null {
    return this.documents.present.store;
  }

  get history(): OpenHistory | null {
    return this.documents.present.history;
  }

  get failure(): AppErrorWire | null {
    return this.#failed?.error ?? null;
  }

  set failure(error: AppErrorWire | null) {
    this.#failed = error && { error, at: this.store?.opened.location ?? null };
  }

  /** Location of the store at which it failed: the one that showed, where nothing else is known; `null`: at none. */
  get failedAt(): string | null {
    return this.#failed?.at ?? null;
  }

  async start(): Promise<void> {
    try {
      const start = await this.backend.start();
      this.preferences.take(start);
      this.connections.take(start);
      this.#opening.recents = start.recents;
      this.version = start.version;
      this.isStarted = true;
      if (start.places) this.panels.take(start.places);
      if (start.launch) await this.#launch(start.launch);
      else if (start.places) await this.#restore(start.places);
      else this.visit();
      this.#isRestored = true;
    } catch (reason) {
      this.isStarted = true;
      this.#isRestored = true;
      this.failure = errorOf(reason);
      this.visit();
    }
  }

  // --- opening ---

  get recents(): Recent[] {
    return this.#opening.recents;
  }

  /** Locations of recent stores whose file is not there. */
  get goneRecents(): readonly string[] {
    return this.#opening.gone;
  }

  lookForRecents(): Promise<void> {
    return this.#opening.lookForRecents();
  }

  /** Location of the store that is being opened. */
  get opening(): string | null {
    return this.#opening.location;
  }

  get openingStream(): string | null {
    return this.#opening.stream;
  }

  /** The stream that did not open while its store is out of reach. */
  get missed(): Missed | null {
    return this.#opening.missed;
  }

  /** How far what is being opened is. */
  get openingJob(): JobUpdate | null {
    return this.#opening.job ?? this.#opening.news?.running ?? null;
  }

  /** Gives up the store or the stream that is being opened. */
  cancelOpening(): Promise<void> {
    return this.#opening.cancel();
  }

  get failedOpening(): FailedOpening | null {
    return this.#opening.failure;
  }

  forgetFailedOpening(): void {
    this.#opening.failure = null;
  }

  get sampleJob(): JobUpdate | null {
    return this.#opening.sampleJob;
  }

  get isMakingSample(): boolean {
    return this.#opening.isMakingSample;
  }

  get jobs(): number {
    return (
      this.documents.stores.filter((store) => store.isIndexing || store.counting).length + (this.isMakingSample ? 1 : 0)
    );
  }

  /** Answers the document that shows the store; `null`: it did not open. */
  openStore(location: string, layout: string | null = null): Promise<OpenDocument | null> {
    return this.#opening.openStore(location, layout);
  }

  openFile(): Promise<void> {
    return this.#opening.openFile();
  }

  openSample(): Promise<void> {
    return this.#opening.openSample();
  }

  /** Opens a stream at a cursor text (the head when `null`), or moves there when it is open already. */
  async openStream(
    stream: string,
    at: string | null = null,
    look: Look = { base: null, tab: null },
    document = this.documents.present,
  ): Promise<void> {
    this.failure = null;
    await this.#opening.openStream(stream, at, look, document);
    document.history?.follow();
  }

  /** Opens a stream in a document of its own. */
  async openBeside(stream: string, at: string | null = null): Promise<void> {
    this.failure = null;
    await this.#opening.openBeside(stream, at);
  }

  /** Opens a stream of a store that need not be open, in a document of its own. */
  async openElsewhere(location: string, stream: string, at: string | null): Promise<void> {
    this.failure = null;
    await this.#opening.openElsewhere(location, stream, at);
  }

  /** Folds the open stream with another handler, at the same cursors. */
  async foldWith(handler: string): Promise<void> {
    this.failure = null;
    await this.#opening.foldWith(handler);
  }

  /** Closes the store in the present document and goes back to the welcome page. */
  async leaveStore(): Promise<void> {
    this.leave();
    const { present } = this.documents;
    present.view = 'welcome';
    const closed = this.documents.setStore(present, null);
    this.visit();
    await closed;
  }

  forget(location: string): Promise<void> {
    return this.#opening.forget(location);
  }

  get forgotten(): Recent | null {
    return this.#opening.forgotten;
  }

  /** What was forgotten last is listed again. */
  listAgain(): Promise<void> {
    return this.#opening.listAgain();
  }

  // --- documents ---

  /** Shows a document. */
  activate(document: OpenDocument): void {
    if (document === this.documents.present) return;
    this.leave();
    this.documents.activate(document);
    this.visit();
  }

  /** A document beside the present one, with the overview of its store. */
  addDocument(): void {
    this.leave();
    const { store } = this.documents.present;
    const added = this.documents.add();
    added.store = store;
    added.view = store ? 'overview' : 'welcome';
    this.documents.activate(added);
    this.visit();
  }

  /** Alt+Left opens it again. */
  async closeDocument(document: OpenDocument): Promise<void> {
    this.leave();
    const closed = this.documents.close(document);
    this.visit();
    await closed;
  }

  // --- moving ---

  /** Moves A to what a cursor text means. Rejects when it means nothing. */
  async goTo(cursor: string): Promise<void> {
    const { history } = this;
    if (!history) return;
    this.leave();
    await moveTo(history, cursor);
    this.revealA();
    this.visit();
  }

  /** Lets the engine say which moment an instant means, after the plot answered by the pixel. */
  async confirm(instant: string): Promise<void> {
    const { history } = this;
    if (!history) return;
    const pointed = history.a;
    try {
      const found = await this.backend.momentOf(history.opened.history, instant);
      if (history.a !== pointed || history.isDragging) return;
      if (history.asOf !== null) history.fixA(found.moment, nanosFromRfc3339(instant));
      else if (found.moment !== pointed) history.setA(found.moment);
      this.visit();
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  /** Moves A by a jump that Alt+Left returns from. */
  jump(moment: number): void {
    const { history } = this;
    if (!history) return;
    this.leave();
    history.setA(moment);
    this.revealA();
    this.visit();
  }

  /** Whether what a view needs is open. */
  canShow(view: View, { history, store } = this.documents.present): boolean {
    const needs = VIEWS.find(({ id }) => id === view)?.needs ?? 'nothing';
    return needs === 'stream' ? history !== null : needs === 'nothing' || store !== null;
  }

  show(view: View, document = this.documents.present): void {
    if (!this.canShow(view, document)) return;
    this.leave();
    // What failed in one view is no matter of another.
    if (document === this.documents.present && view !== this.view) this.failure = null;
    document.view = view;
    this.visit();
  }

  revealA(): void {
    this.history?.follow();
  }

  get canGoBack(): boolean {
    return this.#walk.canGoBack;
  }

  get canGoForward(): boolean {
    return this.#walk.canGoForward;
  }

  async back(): Promise<void> {
    await this.#walk.back();
    this.rememberSoon();
  }

  async forward(): Promise<void> {
    await this.#walk.forward();
    this.rememberSoon();
  }

  visit(): void {
    this.#walk.visit();
    this.rememberSoon();
  }

  /** Writes down what the window shows, once it rests. */
  rememberSoon(): void {
    clearTimeout(this.#rememberTimer);
    this.#rememberTimer = setTimeout(() => void this.#remember(), REMEMBER_MILLIS);
  }

  /** Brings the trail's present place up to date, before it is left. */
  leave(): void {
    this.#walk.leave();
  }

  /** Where the window is. */
  here(): Place {
    return this.documents.present.place;
  }

  /** Where the window was, latest first, without the present place. */
  get recentPlaces(): Place[] {
    return recentPlaces(this.#walk.places, this.here(), RECENT_PLACES);
  }

  /** Goes to a place of this window's past, as a new step in the present document; the last of several is shown. */
  async goToPlace(...places: Place[]): Promise<void> {
    this.leave();
    for (const place of places) {
      try {
        await this.#opening.show(this.documents.present, place, () => true);
      } catch (reason) {
        this.#fail(reason);
      }
    }
    this.visit();
  }

  // --- over the page ---

  get overlay(): Overlay {
    return this.overlays.current;
  }

  get notice(): string {
    return this.overlays.notice;
  }

  /** Tells what was done, for a moment. */
  say(text: string): void {
    this.overlays.say(text);
  }

  /** `asking`: the command that the palette asks a value for. */
  openOverlay(overlay: Overlay, text = '', asking: string | null = null): void {
    this.overlays.open(overlay, text, asking);
  }

  closeOverlay(): void {
    this.overlays.close();
  }

  // --- settings ---

  get settings(): Required<Settings> {
    return this.preferences.current;
  }

  /** Applies settings at once and writes them down. */
  async set(change: Partial<Settings>): Promise<void> {
    await this.#written(this.preferences.set(change));
  }

  /** Takes the last change of a setting back. */
  async undoSetting(): Promise<void> {
    await this.#written(this.preferences.undo());
  }

  /** What the file of settings is said to have is told once; it holds until that file was read again. */
  async #written(done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (reason) {
      this.#unsaved = errorOf(reason);
      if (this.#unsaved.message !== this.preferences.failure?.message) this.failure = this.#unsaved;
    }
  }

  /** Says what the open store is; `null`: nothing. */
  async classify(environment: Environment | null): Promise<void> {
    const { store } = this;
    if (!store) return;
    await this.preferences.classify(store.opened.location, environment);
    if (this.connections.of(store.opened.location)) await this.connections.read();
    const as = environmentWords(store.opened.location, environment).text;
    this.say(S.environment.classified(store.opened.name, as));
  }

  /** What the store in the present document is; `null`: nobody said so. */
  get environment(): Environment | null {
    return this.store && this.environmentAt(this.store.opened.location);
  }

  /** The same of a store that need not be open. */
  environmentAt(location: string): Environment | null {
    return this.connections.of(location)?.connection.environment ?? this.preferences.environmentOf(location);
  }

  async setTheme(theme: Theme): Promise<void> {
    await this.set({ theme });
  }

  async switchDensity(): Promise<void> {
    await this.set({ density: this.settings.density === 'compact' ? 'comfortable' : 'compact' });
  }

  async switchLetterKeys(): Promise<void> {
    const letterKeys = !this.settings.letterKeys;
    await this.set({ letterKeys });
    this.say(letterKeys ? S.keys.lettersOn : S.keys.lettersOff);
  }

  /** Takes over what a person wrote into the settings file meanwhile. */
  async readSettings(): Promise<void> {
    try {
      await this.preferences.read();
      if (this.failure === this.#unsaved) this.failure = null;
      if (!this.preferences.failure) this.say(S.keys.settingsRead);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  #fail(reason: unknown): void {
    const error = errorOf(reason);
    // What a person gave up has not failed.
    if (error.code === 'cancelled') return;
    const at = reason instanceof StoreError ? reason.location : (this.store?.opened.location ?? null);
    this.#failed = { error, at };
  }

  async #launch({ at, handler, layout, store, stream }: Launch): Promise<void> {
    if (looksLikeLink(store)) return await followLink(this, store);
    const document = await this.openStore(store, layout);
    if (!document) return;
    document.handler = handler;
    if (stream) await this.openStream(stream, at, undefined, document);
  }

  // Each place has its document; one that was closed is opened again.
  async #walkTo(place: Place, isWanted: () => boolean): Promise<void> {
    const open = this.documents.numbered(place.document);
    const document = open ?? this.documents.add(place.document);
    try {
      await this.#opening.show(document, place, isWanted);
    } catch (reason) {
      if (!open) await this.documents.close(document);
      throw reason;
    }
    if (isWanted()) this.documents.activate(document);
    else if (!open) await this.documents.close(document);
  }

  /** Opens what waits since the start, the first of it in sight. */
  async connectWaiting(): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    await this.#reopen(waiting, 0);
  }

  /** What waits since the start is left closed, at the next start too. */
  forgetWaiting(): void {
    this.waiting = [];
    this.rememberSoon();
  }

  // Opens what was open at an earlier start, but for servers of production.
  async #restore({ documents, shown }: WindowPlaces): Promise<void> {
    const waits = ({ store }: DocumentPlace) =>
      store !== null && isConnection(store) && countsAs(store, this.environmentAt(store)) === 'production';
    this.waiting = documents.filter(waits);
    const rest = documents.filter((one) => !waits(one));
    const seen = documents[shown];
    await this.#reopen(rest, seen ? rest.indexOf(seen) : 0);
  }

  // What is gone is said, and the rest is opened. What a person gave up, or put off by opening something else, waits.
  async #reopen(documents: readonly DocumentPlace[], shown: number): Promise<void> {
    const lost: string[] = [];
    let present: OpenDocument | null = null;
    for (const [index, kept] of documents.entries()) {
      if (this.opening !== null) {
        this.waiting = [...this.waiting, kept];
        continue;
      }
      const isFree = this.documents.present.store === null;
      const document = isFree ? this.documents.present : this.documents.add();
      try {
        await this.#opening.show(document, placeFrom(kept, document.number), () => true);
        // The next one stands behind it.
        this.documents.activate(document);
        if (index === shown) present = document;
      } catch (reason) {
        const { code, message } = errorOf(reason);
        if (code === 'cancelled') this.waiting = [...this.waiting, kept];
        else lost.push(`${[kept.store, kept.stream].filter(Boolean).join(' · ')} (${message})`);
        if (!isFree || this.documents.all.length === 1) await this.documents.close(document);
      }
    }
    if (present) this.documents.activate(present);
    if (lost.length > 0) {
      const message = S.restore.lost(lost.join('; '));
      this.failure = { code: 'notFound', message, hint: S.restore.hint, choices: [] };
    }
    this.visit();
  }

  // It is a convenience: where it cannot be saved, nobody is kept from looking.
  async #remember(): Promise<void> {
    // What was lost at this start is not lost for good before anything else was opened.
    if (!this.#isRestored) return;
    const { all, present } = this.documents;
    const documents = all.filter(({ store }) => store !== null);
    const shown = Math.max(0, documents.indexOf(present));
    const places = [...documents.map(({ place }) => written(place)), ...this.waiting];
    try {
      await this.backend.rememberWindow({ shown, documents: places, ...this.panels.written });
    } catch {
      // The next change tries again.
    }
  }
}
