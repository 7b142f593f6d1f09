// The open palette: what is typed, what is asked of the engine for it, what is offered, what is chosen. It must not
// know how it looks. The chosen item is kept by what it is, so that late results never change it under a finger.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, FindHit } from '../backend/bindings';
import { Latest } from '../base/latest';
import { commandOf } from '../commands/registry';
import type { Place } from '../model/desk.svelte';
import { S } from '../strings';
import {
  actItems,
  allStreamsItem,
  choiceItems,
  commandItems,
  dayOf,
  filterItems,
  savedItems,
  helpItems,
  linkItems,
  momentItem,
  pathItem,
  placeItem,
  rangeItem,
  recentStoreItems,
  streamItem,
  typeItems,
  valueItems,
  type Item,
  type Meaning,
  type Scene,
} from './items';
import { rankOf, ranked } from './rank';
import { cursorsOf, digitsOf, wishOf } from './wish';

export interface Group {
  title: string;
  /** How many there are, where that is more than is listed. */
  count: string;
  items: Item[];
}

/** How late the streams are: `late` after 50 ms, `slow` after 200 ms. */
export type Wait = 'none' | 'late' | 'slow';

interface Found {
  text: string;
  hits: FindHit[];
  /** Streams whose id holds the text; `null` while only the index could tell. */
  matching: number | null;
}

const HITS = 50;
const FEW = 5;
/** So many streams beside results of other kinds. */
const HITS_BESIDE = 8;
const LATE_MILLIS = 50;
const SLOW_MILLIS = 200;

export class Palette {
  text = $state('');
  /** The command that a value is chosen for. */
  asking = $state<string | null>(null);
  /** The item whose acts are offered. */
  actsOf = $state.raw<Item | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);
  wait = $state<Wait>('none');
  /** The item that a person moved to; `null`: the first one. */
  chosen = $state<string | null>(null);

  readonly #scene: Scene;
  readonly #close: () => void;
  readonly #actKeys: () => string[];
  readonly #places: Place[];
  readonly #streams: Latest<string, Found>;
  readonly #moments: Latest<string[], Map<string, Meaning>>;
  #found = $state.raw<Found>({ text: '', hits: [], matching: null });
  #meanings = $state.raw<ReadonlyMap<string, Meaning>>(new Map());
  #isChoosing = false;
  #timers: ReturnType<typeof setTimeout>[] = [];

  readonly wish = $derived(wishOf(this.text));
  readonly groups: Group[] = $derived(this.#groups());
  readonly items: Item[] = $derived(this.groups.flatMap((group) => group.items));
  readonly current: Item | undefined = $derived(
    this.items.find((item) => item.id === this.chosen) ??
      this.items.find((item) => item.blocked === null) ??
      this.items[0],
  );
  readonly isSearching: boolean = $derived(
    this.#wantsStreams && this.#found.text !== this.wish.text && this.failure === null,
  );

  /** `actKeys`: the shown keys of the first act, the second, and of all acts. */
  constructor(scene: Scene, text: string, asking: string | null, close: () => void, actKeys: () => string[]) {
    this.#scene = scene;
    this.#close = close;
    this.#actKeys = actKeys;
    this.#places = scene.desk.recentPlaces;
    this.#streams = new Latest(
      (wanted) => this.#find(wanted),
      (found) => this.#show(found),
      (reason) => {
        this.failure = errorOf(reason);
        this.#endWait();
      },
    );
    this.#moments = new Latest(
      (cursors) => this.#read(cursors),
      (meanings) => (this.#meanings = new Map([...this.#meanings, ...meanings])),
      () => {}, // Each cursor has its own answer, errors too.
    );
    this.asking = asking;
    this.type(text);
  }

  /** The text is another one now. */
  type(text: string): void {
    this.text = text;
    this.chosen = null;
    this.#isChoosing = false;
    this.retry();
  }

  /** Asks the engine what the text means. */
  retry(): void {
    this.failure = null;
    const { wish } = this;
    if (this.#wantsStreams && wish.text !== this.#found.text) {
      this.#waitFor();
      this.#streams.ask(wish.text);
    } else this.#endWait();
    const cursors = this.asking === null && this.#scene.desk.history ? cursorsOf(wish, dayOf(this.#scene.desk)) : [];
    const unread = cursors.filter((cursor) => !this.#meanings.has(cursor));
    if (unread.length > 0) this.#moments.ask(unread);
  }

  move(by: number): void {
    const at = this.items.findIndex((item) => item.id === this.current?.id);
    const count = this.items.length;
    // One step wraps around; a page stops at the ends.
    const next = Math.abs(by) === 1 ? (at + by + count) % count : Math.max(0, Math.min(count - 1, at + by));
    this.chosen = this.items[next]?.id ?? null;
  }

  moveGroup(by: 1 | -1): void {
    const at = this.groups.findIndex((group) => group.items.some((item) => item.id === this.current?.id));
    const next = this.groups[(at + by + this.groups.length) % this.groups.length];
    this.chosen = next?.items[0]?.id ?? this.chosen;
  }

  /** Does what an item is for; the item is the current one unless a person pointed at another. */
  choose(act = 0, item = this.current): void {
    if (this.isSearching && this.chosen === null && this.#known().length === 0) {
      // Typed faster than the engine answered: the choice waits for the answer to this very text.
      this.#isChoosing = true;
      return;
    }
    this.#isChoosing = false;
    const chosen = item?.acts[act];
    if (!item || item.blocked !== null || !chosen) return;
    // The page takes the focus back before the act gives it to something else.
    if (!chosen.isStaying) this.#close();
    const { overlays } = this.#scene.desk;
    const { openings } = overlays;
    chosen.act();
    if (overlays.openings !== openings) overlays.isWithin = true;
  }

  showActions(): void {
    const { current } = this;
    if (!current || current.acts.length === 0 || current.blocked !== null || this.actsOf !== null) return;
    this.actsOf = current;
    this.chosen = null;
  }

  /** One step out: of an item's acts, of the values of a command that was chosen here. `false` when there was none. */
  leave(): boolean {
    if (this.actsOf !== null) {
      this.chosen = this.actsOf.id;
      this.actsOf = null;
      return true;
    }
    if (this.asking === null || !this.#scene.desk.overlays.isWithin) return false;
    this.asking = null;
    this.type('');
    return true;
  }

  close(): void {
    this.#streams.close();
    this.#moments.close();
    this.#endWait();
  }

  get #wantsStreams(): boolean {
    const { mode, text } = this.wish;
    const isAsked = this.asking === null && (mode === 'all' || mode === 'streams');
    return isAsked && text !== '' && this.#scene.desk.store !== null;
  }

  #groups(): Group[] {
    const scene = this.#scene;
    const { groups: titles } = S.palette;
    const { mode, text } = this.wish;
    if (this.actsOf !== null) return filled([titles.actions, actItems(this.actsOf, this.#actKeys())]);
    const asked = this.asking === null ? undefined : commandOf(this.asking);
    if (asked) return filled([titles.values, choiceItems(scene, asked, this.text.trim())]);
    switch (mode) {
      case 'all':
        return text === '' ? this.#beginning() : this.#everything(text);
      case 'streams':
        return filled(this.#streamGroup(), [titles.moments, this.#momentItems()]);
      case 'moments':
        return filled([titles.moments, [...rangeItem(scene, text), ...this.#momentItems()]]);
      case 'commands':
        return filled([titles.commands, commandItems(scene, text)], [titles.choices, valueItems(scene, text, FEW)]);
      case 'types':
        return filled([titles.types, typeItems(scene, text)]);
      case 'filter':
        return filled([titles.filters, filterItems(scene, text)], [titles.saved, savedItems(scene, text)]);
      case 'link':
        return filled([titles.links, linkItems(scene, text)]);
      case 'path':
        return filled([titles.stores, [pathItem(scene, text)]]);
      case 'help':
        return filled([titles.help, helpItems((prefix) => this.type(prefix))]);
    }
  }

  #beginning(): Group[] {
    const { groups: titles } = S.palette;
    return filled(
      [titles.places, this.#places.map((place) => placeItem(this.#scene, place))],
      [titles.stores, recentStoreItems(this.#scene, '').slice(0, FEW)],
      [titles.commands, commandItems(this.#scene, '')],
    );
  }

  #everything(text: string): Group[] {
    const { groups: titles } = S.palette;
    const scene = this.#scene;
    const streams = this.#streamGroup();
    const commands = commandItems(scene, text);
    const places = ranked(this.#places, (place) => rankOf(place.stream?.id ?? place.store?.name ?? '', '', text));
    const types = scene.desk.view === 'history' ? typeItems(scene, text) : [];
    return filled(
      streams,
      [titles.moments, this.#momentItems()],
      [titles.commands, streams[1].length > 0 ? commands.slice(0, FEW) : commands],
      [titles.places, places.slice(0, FEW).map((place) => placeItem(scene, place))],
      [titles.types, types.slice(0, FEW)],
      [titles.stores, recentStoreItems(scene, text).slice(0, FEW)],
      [titles.choices, valueItems(scene, text, FEW, ['go.place', 'connection.recent'])],
    );
  }

  #streamGroup(): [string, Item[], string] {
    if (!this.#wantsStreams) return [S.palette.groups.streams, [], ''];
    const hits = this.#known().slice(0, this.wish.mode === 'all' ? HITS_BESIDE : HITS);
    const { matching, text } = this.#found;
    const items = hits.map((hit) => streamItem(this.#scene, hit));
    if (text !== this.wish.text || matching === null) return [S.palette.groups.streams, items, ''];
    if (matching > hits.length) items.push(allStreamsItem(this.#scene, text, matching));
    return [S.palette.groups.streams, items, S.palette.matches(hits.length, matching)];
  }

  // What is known to match already: the answer, or what of the last one still holds the text.
  #known(): FindHit[] {
    const { hits, text } = this.#found;
    const { text: wanted } = this.wish;
    return text === wanted ? hits : hits.filter((hit) => hit.stream.includes(wanted));
  }

  #momentItems(): Item[] {
    const { desk } = this.#scene;
    const { mode, text } = this.wish;
    const isAsked = mode === 'moments';
    if (!desk.history && !isAsked) return [];
    return cursorsOf(this.wish, dayOf(desk))
      .map((cursor) => ({ cursor, meaning: this.#meanings.get(cursor) ?? null }))
      .filter(({ cursor, meaning }) => isAsked || isOffered(text, cursor, meaning))
      .map(({ cursor, meaning }) => momentItem(this.#scene, cursor, meaning));
  }

  async #find(text: string): Promise<Found> {
    const { desk } = this.#scene;
    const session = desk.store?.opened.session ?? 0;
    const page = {
      matching: text,
      category: null,
      lastType: null,
      from: '',
      to: '',
      sort: 'last' as const,
      descending: true,
      offset: 0,
      limit: 1,
    };
    const isIndexed = desk.store?.isReady ?? false;
    const [hits, streams] = await Promise.all([
      desk.backend.find(session, text, HITS),
      isIndexed ? desk.backend.streams(session, page) : null,
    ]);
    return { text, hits, matching: streams?.matching ?? null };
  }

  #show(found: Found): void {
    this.#found = found;
    if (found.text !== this.wish.text) return;
    this.#endWait();
    if (this.#isChoosing) this.choose();
  }

  async #read(cursors: string[]): Promise<Map<string, Meaning>> {
    const { backend, history } = this.#scene.desk;
    const read = async (cursor: string): Promise<[string, Meaning]> => {
      if (!history) return [cursor, null];
      try {
        return [cursor, await backend.momentOf(history.opened.history, cursor)];
      } catch (reason) {
        const { hint, message } = errorOf(reason);
        return [cursor, [message, hint].filter(Boolean).join('; ')];
      }
    };
    return new Map(await Promise.all(cursors.map(read)));
  }

  #waitFor(): void {
    if (this.#timers.length > 0) return;
    this.#timers = [
      setTimeout(() => (this.wait = 'late'), LATE_MILLIS),
      setTimeout(() => (this.wait = 'slow'), SLOW_MILLIS),
    ];
  }

  #endWait(): void {
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    this.wait = 'none';
  }
}

// What an item is stands once: what is drawn and chosen is kept by it.
function filled(...groups: [title: string, items: Item[], count?: string][]): Group[] {
  const seen = new Set<string>();
  return groups
    .map(([title, all, count = '']) => ({ title, count, items: all.filter(({ id }) => !seen.has(id) && seen.add(id)) }))
    .filter(({ items }) => items.length > 0);
}

// Digits alone are a part of an id first of all: as a moment they are offered where an event has that very number.
function isOffered(text: string, cursor: string, meaning: Meaning): boolean {
  if (typeof meaning === 'string') return false;
  if (digitsOf(text) === null) return true;
  return meaning !== null && (cursor === `v${meaning.version}` || cursor === `#${meaning.position}`);
}
