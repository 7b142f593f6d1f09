// The root of what the window holds: the open store, the open history, which view shows, and the way back.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, Axis, JobUpdate, Recent, Settings, Theme } from '../backend/bindings';
import { OpenHistory, type Tab } from './open_history.svelte';
import { boundsOfWhole, OpenStore } from './open_store.svelte';
import type { Span } from '../timeline/axis';
import { Trail } from './trail';

export type View = 'welcome' | 'overview' | 'history';
export type Overlay = 'none' | 'omnibox' | 'shortcuts';

export interface Place {
  view: View;
  stream: string | null;
  a: number;
  b: number | null;
  tab: Tab;
  axis: Axis;
  window: Span | null;
  focus: string | null;
}

/** An opening that failed, with what to try again. */
export interface FailedOpening {
  location: string;
  error: AppErrorWire;
}

const DEFAULTS: Required<Settings> = { theme: 'system', density: 'comfortable' };

export class Desk {
  readonly backend: Backend;

  view = $state<View>('welcome');
  overlay = $state<Overlay>('none');
  /** What the omnibox starts with when it opens. */
  omniboxText = $state('');
  settings = $state.raw<Required<Settings>>(DEFAULTS);
  recents = $state.raw<Recent[]>([]);
  version = $state('');
  isStarted = $state(false);
  store = $state.raw<OpenStore | null>(null);
  history = $state.raw<OpenHistory | null>(null);
  opening = $state<string | null>(null);
  openingStream = $state<string | null>(null);
  failedOpening = $state.raw<FailedOpening | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  sampleJob = $state.raw<JobUpdate | null>(null);
  isMakingSample = $state(false);
  canGoBack = $state(false);
  canGoForward = $state(false);
  /** The handler that a person chose; `null`: the one that fits the category of a stream. */
  handler = $state<string | null>(null);

  readonly #trail = new Trail<Place>(samePlace);
  #focusBefore: HTMLElement | null = null;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  async start(): Promise<void> {
    try {
      const start = await this.backend.start();
      this.settings = { ...DEFAULTS, ...start.settings };
      this.recents = start.recents;
      this.version = start.version;
      this.isStarted = true;
      const { launch } = start;
      if (!launch) return;
      await this.openStore(launch.store);
      this.handler = launch.handler;
      if (launch.stream && this.store) await this.openStream(launch.stream, launch.at);
    } catch (reason) {
      this.isStarted = true;
      this.failure = errorOf(reason);
    }
  }

  async openStore(location: string, layout: string | null = null): Promise<void> {
    if (this.opening !== null) return;
    this.opening = location;
    this.failedOpening = null;
    try {
      const opened = await this.backend.openStore(location, layout);
      await this.closeStore();
      this.store = new OpenStore(this.backend, opened);
      this.view = 'overview';
      this.visit();
      this.recents = (await this.backend.start()).recents;
    } catch (reason) {
      this.failedOpening = { location, error: errorOf(reason) };
      this.view = 'welcome';
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

  async closeStore(): Promise<void> {
    await this.#closeHistory();
    const { store } = this;
    this.store = null;
    this.handler = null;
    this.#trail.clear();
    this.#showTrail();
    await store?.close();
  }

  /** Opens a stream at a cursor text (the head when `null`), or moves there when it is open already. */
  async openStream(stream: string, at: string | null = null): Promise<void> {
    const { store } = this;
    if (!store) return;
    this.leave();
    this.openingStream = stream;
    this.failure = null;
    try {
      if (this.history?.opened.stream === stream) {
        if (at !== null) await this.goTo(at);
        this.view = 'history';
        this.visit();
        return;
      }
      const history = await this.#open(store, stream, at);
      await this.#closeHistory();
      this.history = history;
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
    const place = this.#place();
    const before = this.handler;
    this.handler = handler;
    this.failure = null;
    try {
      const next = await this.#open(store, history.opened.stream, null);
      await this.#closeHistory();
      this.history = next;
      await this.#show(place);
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

  back(): void {
    this.leave();
    void this.#restore(this.#trail.back());
  }

  forward(): void {
    this.leave();
    void this.#restore(this.#trail.forward());
  }

  visit(): void {
    this.#trail.visit(this.#place());
    this.#showTrail();
  }

  /** Brings the trail's present place up to date, before it is left. */
  leave(): void {
    this.#trail.update(this.#place());
  }

  openOverlay(overlay: Overlay, text = ''): void {
    if (this.overlay === 'none') {
      this.#focusBefore = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    }
    this.omniboxText = text;
    this.overlay = overlay;
  }

  closeOverlay(): void {
    if (this.overlay === 'none') return;
    this.overlay = 'none';
    this.#focusBefore?.focus();
    this.#focusBefore = null;
  }

  async setTheme(theme: Theme): Promise<void> {
    await this.#save({ ...this.settings, theme });
  }

  async switchDensity(): Promise<void> {
    const density = this.settings.density === 'compact' ? 'comfortable' : 'compact';
    await this.#save({ ...this.settings, density });
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

  // Opens a stream beside what is open; the caller puts it in its place. Its handler is the one that a person chose, or
  // the one at hand for its category, which only opening it may tell.
  async #open(store: OpenStore, stream: string, at: string | null): Promise<OpenHistory> {
    const { backend } = this;
    const known = store.categoryOf(stream);
    let handler = this.handler ?? (known === null ? null : store.handlerFor(known));
    let opened = await backend.openHistory(store.opened.session, stream, at, handler, () => {});
    const fitting = handler ?? store.handlerFor(opened.category);
    if (fitting !== handler) {
      await backend.closeHistory(opened.history);
      handler = fitting;
      opened = await backend.openHistory(store.opened.session, stream, at, handler, () => {});
    }
    const whole = { axis: 'position' as const, from: '', to: '', columns: 1 };
    const positions = opened.events > 0 ? boundsOfWhole(await backend.historyDensity(opened.history, whole)) : null;
    const history = new OpenHistory(store, opened, handler, positions);
    if (at !== null) history.explanation = (await backend.momentOf(opened.history, at)).explanation;
    return history;
  }

  async #closeHistory(): Promise<void> {
    const { history } = this;
    this.history = null;
    await history?.close();
  }

  #place(): Place {
    const { history, view } = this;
    return {
      view,
      stream: history?.opened.stream ?? null,
      a: history?.a ?? 0,
      b: history?.b ?? null,
      tab: history?.tab ?? 'state',
      axis: history?.timeline.axis ?? 'time',
      window: history?.timeline.window ?? null,
      focus: history?.focus ?? null,
    };
  }

  async #restore(place: Place | null): Promise<void> {
    if (!place) return;
    this.#showTrail();
    try {
      await this.#show(place);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  async #show(place: Place): Promise<void> {
    if (place.stream !== null && place.stream !== this.history?.opened.stream && this.store) {
      const history = await this.#open(this.store, place.stream, null);
      await this.#closeHistory();
      this.history = history;
    }
    const { history } = this;
    if (history && place.stream !== null) {
      if (history.timeline.axis !== place.axis) history.timeline.setAxis(place.axis);
      if (place.window) history.timeline.show(place.window);
      history.b = place.b;
      history.focus = place.focus;
      history.setTab(place.tab);
      history.setA(place.a);
      history.ask();
    }
    this.view = place.view;
  }

  #showTrail(): void {
    this.canGoBack = this.#trail.canGoBack;
    this.canGoForward = this.#trail.canGoForward;
  }
}

function samePlace(a: Place, b: Place): boolean {
  return a.view === b.view && a.stream === b.stream && a.a === b.a && a.b === b.b;
}
