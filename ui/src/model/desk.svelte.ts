// The root of what the window holds: the open store, the open history, which view shows, and the way back.

import { tick } from 'svelte';
import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, JobUpdate, Recent, Settings, Theme } from '../backend/bindings';
import { followLink } from '../place/follow';
import { looksLikeLink } from '../place/link';
import { recentPlaces, samePlace, type Place as AnyPlace } from '../place/place';
import { Walk } from '../place/walk.svelte';
import { S } from '../strings';
import { HistoryNews } from './news.svelte';
import { OpenHistory, TABS, type Tab } from './open_history.svelte';
import { boundsOfWhole, OpenStore } from './open_store.svelte';

export type View = 'welcome' | 'overview' | 'history';
export type Overlay = 'none' | 'palette' | 'shortcuts';
export type Place = AnyPlace<View, Tab>;

/** An opening that failed, with what to try again. */
export interface FailedOpening {
  location: string;
  error: AppErrorWire;
}

const DEFAULTS: Required<Settings> = { theme: 'system', density: 'comfortable', letterKeys: true, keys: [] };
const REMEMBER_MILLIS = 300;
const NOTICE_MILLIS = 4_000;
const RECENT_PLACES = 8;

export class Desk {
  readonly backend: Backend;

  view = $state<View>('welcome');
  overlay = $state<Overlay>('none');
  /** What the palette starts with when it opens. */
  paletteText = $state('');
  /** The command that the palette asks a value for. */
  asking = $state<string | null>(null);
  /** What was done, for a moment. */
  notice = $state('');
  settings = $state.raw<Required<Settings>>(DEFAULTS);
  recents = $state.raw<Recent[]>([]);
  version = $state('');
  settingsFile = $state('');
  settingsFailure = $state.raw<AppErrorWire | null>(null);
  isStarted = $state(false);
  store = $state.raw<OpenStore | null>(null);
  history = $state.raw<OpenHistory | null>(null);
  opening = $state<string | null>(null);
  openingStream = $state<string | null>(null);
  /** What the stream that is being opened tells. */
  openingNews = $state.raw<HistoryNews | null>(null);
  failedOpening = $state.raw<FailedOpening | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  sampleJob = $state.raw<JobUpdate | null>(null);
  isMakingSample = $state(false);
  /** The handler that a person chose; `null`: the one that fits the category of a stream. */
  handler = $state<string | null>(null);

  readonly #walk: Walk<Place>;
  #focusBefore: HTMLElement | null = null;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #rememberTimer: ReturnType<typeof setTimeout> | undefined;
  #remembered = 'null';

  constructor(backend: Backend) {
    this.backend = backend;
    this.#walk = new Walk<Place>(
      {
        here: () => this.here(),
        show: (place, isWanted) => this.#show(place, isWanted),
        failed: (reason) => (this.failure = errorOf(reason)),
      },
      samePlace,
    );
  }

  async start(): Promise<void> {
    try {
      const start = await this.backend.start();
      this.settings = { ...DEFAULTS, ...start.settings };
      this.recents = start.recents;
      this.version = start.version;
      this.settingsFile = start.settingsFile;
      this.settingsFailure = start.settingsFailure;
      this.isStarted = true;
      const { launch } = start;
      if (!launch) return this.visit();
      if (looksLikeLink(launch.store)) return await followLink(this, launch.store);
      await this.openStore(launch.store);
      this.handler = launch.handler;
      if (launch.stream && this.store) await this.openStream(launch.stream, launch.at);
    } catch (reason) {
      this.isStarted = true;
      this.failure = errorOf(reason);
      this.visit();
    }
  }

  async openStore(location: string, layout: string | null = null): Promise<void> {
    if (this.opening !== null) return;
    this.leave();
    this.opening = location;
    this.failedOpening = null;
    try {
      const opened = await this.backend.openStore(location, layout);
      await this.#closeStore();
      this.store = new OpenStore(this.backend, opened);
      // What was written at an earlier start may name a store that is closed before this place is written.
      this.#remembered = '';
      this.view = 'overview';
      this.visit();
      this.recents = (await this.backend.start()).recents;
    } catch (reason) {
      this.failedOpening = { location, error: errorOf(reason) };
      this.view = 'welcome';
      this.visit();
    } finally {
      this.opening = null;
    }
  }

  async openFile(): Promise<void> {
    try {
      const location = await this.backend.pickFile();
      if (location !== null) await this.openStore(location);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  async openSample(): Promise<void> {
    if (this.isMakingSample) return;
    this.isMakingSample = true;
    this.failedOpening = null;
    try {
      const location = await this.backend.makeSample((update) => (this.sampleJob = update));
      await this.openStore(location);
    } catch (reason) {
      const error = errorOf(reason);
      if (error.code !== 'cancelled') this.failure = error;
    } finally {
      this.isMakingSample = false;
      this.sampleJob = null;
    }
  }

  /** Closes the store and goes back to the welcome page. */
  async leaveStore(): Promise<void> {
    this.leave();
    await this.#closeStore();
    this.view = 'welcome';
    this.visit();
  }

  /** Opens a stream at a cursor text (the head when `null`), or moves there when it is open already. */
  async openStream(
    stream: string,
    at: string | null = null,
    more: { base: string | null; tab: string | null } = { base: null, tab: null },
  ): Promise<void> {
    const { store } = this;
    if (!store) return;
    this.leave();
    this.openingStream = stream;
    this.failure = null;
    try {
      if (this.history?.opened.stream === stream) {
        if (at !== null) await this.goTo(at);
      } else {
        const history = await this.#open(store, stream, at);
        await this.#closeHistory();
        this.history = history;
      }
      if (this.history) await this.#look(this.history, more);
      this.view = 'history';
      this.visit();
    } catch (reason) {
      this.failure = errorOf(reason);
    } finally {
      this.openingStream = null;
    }
  }

  /** Folds the open stream with another handler, at the same cursors. */
  async foldWith(handler: string): Promise<void> {
    const { history, store } = this;
    if (!history || !store || history.handler === handler) return;
    this.leave();
    const place = this.here();
    const before = this.handler;
    this.handler = handler;
    this.failure = null;
    try {
      const next = await this.#open(store, history.opened.stream, null);
      await this.#closeHistory();
      this.history = next;
      this.#take(next, place);
      this.visit();
    } catch (reason) {
      this.handler = before;
      this.failure = errorOf(reason);
    }
  }

  /** Moves A to what a cursor text means. Rejects when it means nothing. */
  async goTo(cursor: string): Promise<void> {
    const { history } = this;
    if (!history) return;
    const found = await this.backend.momentOf(history.opened.history, cursor);
    this.leave();
    history.setA(found.moment, found.explanation);
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
      if (found.moment !== pointed) history.setA(found.moment);
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

  show(view: View): void {
    if (view === 'history' && !this.history) return;
    if (view === 'overview' && !this.store) return;
    this.leave();
    this.view = view;
    this.visit();
  }

  revealA(): void {
    const { history } = this;
    const value = history?.valueOfMoment(history.a);
    if (history && value !== null && value !== undefined) history.timeline.reveal(value);
  }

  get canGoBack(): boolean {
    return this.#walk.canGoBack;
  }

  get canGoForward(): boolean {
    return this.#walk.canGoForward;
  }

  back(): Promise<void> {
    return this.#walk.back();
  }

  forward(): Promise<void> {
    return this.#walk.forward();
  }

  visit(): void {
    this.#walk.visit();
    clearTimeout(this.#rememberTimer);
    this.#rememberTimer = setTimeout(() => void this.#remember(), REMEMBER_MILLIS);
  }

  /** Brings the trail's present place up to date, before it is left. */
  leave(): void {
    this.#walk.leave();
  }

  /** Where the window is. */
  here(): Place {
    const { history, store, view } = this;
    const isHistory = view === 'history' && history !== null;
    return {
      view,
      store: store && { location: store.opened.location, name: store.opened.name, layout: store.opened.layout },
      stream: isHistory
        ? { id: history.opened.stream, category: history.opened.category, handler: history.handler }
        : null,
      a: isHistory ? history.a : 0,
      b: isHistory ? history.b : null,
      lens: isHistory ? history.tab : 'state',
      axis: (isHistory ? history.timeline : store?.timeline)?.axis ?? 'time',
      window: (isHistory ? history.timeline : store?.timeline)?.window ?? null,
      focus: isHistory ? history.focus : null,
      types: isHistory ? history.types : [],
      label: isHistory ? history.labelOf(history.a) : '',
    };
  }

  /** Where the window was, latest first, without the present place. */
  get recentPlaces(): Place[] {
    return recentPlaces(this.#walk.places, this.here(), RECENT_PLACES);
  }

  /** Goes to a place of this window's past, as a new step. */
  async goToPlace(place: Place): Promise<void> {
    this.leave();
    try {
      await this.#show(place, () => true);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
    this.visit();
  }

  /** Tells what was done, for a moment. */
  say(text: string): void {
    clearTimeout(this.#noticeTimer);
    this.notice = text;
    this.#noticeTimer = setTimeout(() => (this.notice = ''), NOTICE_MILLIS);
  }

  /** `asking`: the command that the palette asks a value for. */
  openOverlay(overlay: Overlay, text = '', asking: string | null = null): void {
    if (document.activeElement instanceof HTMLElement) this.#focusBefore ??= document.activeElement;
    this.paletteText = text;
    this.asking = asking;
    this.overlay = overlay;
  }

  closeOverlay(): void {
    if (this.overlay === 'none') return;
    this.overlay = 'none';
    // The page is inert until the overlay has left it; and one overlay may have opened another.
    void tick().then(() => {
      if (this.overlay !== 'none') return;
      this.#focusBefore?.focus();
      this.#focusBefore = null;
    });
  }

  async setTheme(theme: Theme): Promise<void> {
    await this.#save({ ...this.settings, theme });
  }

  async switchDensity(): Promise<void> {
    const density = this.settings.density === 'compact' ? 'comfortable' : 'compact';
    await this.#save({ ...this.settings, density });
  }

  async switchLetterKeys(): Promise<void> {
    const letterKeys = !this.settings.letterKeys;
    await this.#save({ ...this.settings, letterKeys });
    this.say(letterKeys ? S.keys.lettersOn : S.keys.lettersOff);
  }

  /** Takes over what a person wrote into the settings file meanwhile. */
  async readSettings(): Promise<void> {
    try {
      const { settings, settingsFailure } = await this.backend.start();
      this.settings = { ...DEFAULTS, ...settings };
      this.settingsFailure = settingsFailure;
      if (!settingsFailure) this.say(S.keys.settingsRead);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  async #save(settings: Required<Settings>): Promise<void> {
    this.settings = settings;
    try {
      await this.backend.saveSettings(this.settings);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  async forget(location: string): Promise<void> {
    try {
      await this.backend.forgetRecent(location);
      this.recents = this.recents.filter((recent) => recent.location !== location);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  get jobs(): number {
    return (this.store?.isIndexing ? 1 : 0) + (this.isMakingSample ? 1 : 0);
  }

  // What the next start opens. It is a convenience: where it cannot be saved, nobody is kept from looking.
  async #remember(): Promise<void> {
    const { handler, history, store, view } = this;
    const isHistory = view === 'history' && history !== null;
    const place = store && {
      ...{ store: store.opened.location, stream: isHistory ? history.opened.stream : null },
      ...{ at: isHistory ? history.cursorText : null, handler: isHistory ? handler : null },
    };
    const text = JSON.stringify(place);
    if (text === this.#remembered) return;
    this.#remembered = text;
    try {
      await this.backend.rememberPlace(place);
    } catch {
      this.#remembered = '';
    }
  }

  // Opens a stream beside what is open; the caller puts it in its place. Its handler is the one that a person chose, or
  // the one at hand for its category, which only opening it may tell.
  async #open(
    store: OpenStore,
    stream: string,
    at: string | null,
    chosen: string | null = this.handler,
  ): Promise<OpenHistory> {
    const { backend } = this;
    const known = store.categoryOf(stream);
    let handler = chosen ?? (known === null ? null : store.handlerFor(known));
    const news = new HistoryNews();
    this.openingNews = news;
    let opened = await backend.openHistory(store.opened.session, stream, at, handler, news.hear);
    const fitting = handler ?? store.handlerFor(opened.category);
    if (fitting !== handler) {
      await backend.closeHistory(opened.history);
      handler = fitting;
      opened = await backend.openHistory(store.opened.session, stream, at, handler, news.hear);
    }
    const whole = { axis: 'position' as const, from: '', to: '', columns: 1 };
    const positions = opened.events > 0 ? boundsOfWhole(await backend.historyDensity(opened.history, whole)) : null;
    const history = new OpenHistory(store, opened, handler, positions, news);
    if (at !== null) history.explanation = (await backend.momentOf(opened.history, at)).explanation;
    return history;
  }

  async #closeHistory(): Promise<void> {
    const { history } = this;
    this.history = null;
    await history?.close();
  }

  async #closeStore(): Promise<void> {
    await this.#closeHistory();
    const { store } = this;
    this.store = null;
    this.handler = null;
    await store?.close();
  }

  // B and the tab that a link names, in a history that shows its A already.
  async #look(history: OpenHistory, { base, tab }: { base: string | null; tab: string | null }): Promise<void> {
    if (base !== null) history.setB((await this.backend.momentOf(history.opened.history, base)).moment);
    const known = TABS.find((name) => name === tab);
    if (known) history.setTab(known);
  }

  async #show(place: Place, isWanted: () => boolean): Promise<void> {
    await this.#showStore(place, isWanted);
    const { store } = this;
    if (!isWanted()) return;
    if (place.stream && store) {
      const { id, handler } = place.stream;
      if (this.history?.opened.stream !== id || this.history.handler !== handler) {
        const opened = await this.#open(store, id, null, handler);
        if (!isWanted()) return await opened.close();
        await this.#closeHistory();
        this.history = opened;
      }
      if (this.history) this.#take(this.history, place);
    } else if (store?.timeline && place.window) {
      if (store.timeline.axis !== place.axis) store.timeline.setAxis(place.axis);
      store.timeline.show(place.window);
    }
    this.view = place.view;
  }

  async #showStore({ store }: Place, isWanted: () => boolean): Promise<void> {
    if (store === null || isSameStore(store, this.store)) return;
    const opened = await this.backend.openStore(store.location, store.layout);
    if (!isWanted()) return await this.backend.closeStore(opened.session);
    await this.#closeStore();
    this.store = new OpenStore(this.backend, opened);
    this.view = 'overview';
  }

  #take(history: OpenHistory, place: Place): void {
    if (history.timeline.axis !== place.axis) history.timeline.setAxis(place.axis);
    if (place.window) history.timeline.show(place.window);
    if (history.types.join('\n') !== place.types.join('\n')) history.setTypes([...place.types]);
    history.b = place.b;
    history.focus = place.focus;
    history.setTab(place.lens);
    history.setA(place.a);
    history.ask();
  }
}

function isSameStore(place: { location: string; layout: string }, store: OpenStore | null): boolean {
  return store !== null && place.location === store.opened.location && place.layout === store.opened.layout;
}
