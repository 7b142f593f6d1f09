// One document of the window: which view of which store shows in it, and the stream that is open there. Each has its
// own cursors, tab, filter and zoom; what two of them show of one store is the same store.

import { nanosFromRfc3339, rfc3339FromNanos } from '../base/instant';
import { S } from '../strings';
import type { Place as AnyPlace, PlaceStore } from '../place/place';
import type { OpenHistory } from './open_history.svelte';
import type { OpenStore } from './open_store.svelte';
import { lookOf } from './timeline_look';
import { VIEWS, type Tab, type View } from './view';

export type Place = AnyPlace<View, Tab>;

export class OpenDocument {
  /** Never used for another document of this window. */
  readonly number: number;

  view = $state<View>('welcome');
  store = $state.raw<OpenStore | null>(null);
  history = $state.raw<OpenHistory | null>(null);
  /** The handler that a person chose; `null`: the one that fits the category of a stream. */
  handler = $state<string | null>(null);

  constructor(number: number) {
    this.number = number;
  }

  /** What its tab says: a stream or a store by its name alone, and any other view as that view of it. */
  get title(): string {
    const { history, store, view } = this;
    const name = store?.opened.name ?? S.product;
    if (view === 'overview' || view === 'welcome') return name;
    const scope = history?.opened.stream ?? name;
    const title = VIEWS.find(({ id }) => id === view)?.title;
    return view === 'history' || title === undefined ? scope : `${title} · ${scope}`;
  }

  /** Everything that what it shows is a function of. */
  get place(): Place {
    return this.#placeIn(this.view);
  }

  /** The same, of the stream that is open behind another view first; reading it anew opens them in this order. */
  get places(): Place[] {
    const isBehind = this.history !== null && this.view !== 'history';
    return isBehind ? [this.#placeIn('history'), this.place] : [this.place];
  }

  #placeIn(view: View): Place {
    const { history, store } = this;
    const isHistory = view === 'history' && history !== null;
    return {
      document: this.number,
      view,
      store: store && { location: store.opened.location, name: store.opened.name, layout: store.opened.layout },
      stream: isHistory
        ? { id: history.opened.stream, category: history.opened.category, handler: history.handler }
        : null,
      a: isHistory ? history.a : 0,
      b: isHistory ? history.b : null,
      asOf: isHistory && history.asOf !== null ? rfc3339FromNanos(history.asOf) : null,
      asked: isHistory ? history.asked : null,
      lens: isHistory ? history.tab : 'state',
      axis: (isHistory ? history.timeline : store?.timeline)?.axis ?? 'time',
      window: (isHistory ? history.timeline : store?.timeline)?.zoom ?? null,
      focus: isHistory ? history.focus : null,
      types: isHistory ? history.types : [],
      label: isHistory ? history.labelOf(history.a) : '',
      lanes: view === 'lanes' ? (store?.lanes.place ?? null) : null,
      streams: isHistory ? null : (store?.streamsPlace ?? null),
      compared: view === 'compare' ? (store?.comparing?.place ?? null) : null,
      look: isHistory ? lookOf(history.timeline, history.fields) : store?.timeline ? lookOf(store.timeline) : null,
    };
  }

  /** Puts another history in the place of the open one, which is closed. */
  async replaceHistory(history: OpenHistory | null): Promise<void> {
    const before = this.history;
    this.history = history;
    await before?.close();
  }
}

/** Puts a history where a place says: cursors, tab, axis, visible window, filter, focused field. */
export function takePlace(history: OpenHistory, place: Place): void {
  if (history.timeline.axis !== place.axis) history.timeline.setAxis(place.axis);
  history.timeline.show(place.window ?? history.timeline.whole);
  if (history.types.join('\n') !== place.types.join('\n')) history.setTypes([...place.types]);
  history.b = place.b;
  history.focus = place.focus;
  history.setTab(place.lens);
  history.fixA(place.a, place.asOf === null ? null : nanosFromRfc3339(place.asOf), place.asked);
  history.ask();
}

/** Whether a store is the one that a place means. */
export function isStoreOf(place: PlaceStore, { opened }: OpenStore): boolean {
  return place.location === opened.location && place.layout === opened.layout;
}
