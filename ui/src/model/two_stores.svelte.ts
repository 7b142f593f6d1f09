// Two whole stores side by side: what is asked, and what was found. What is shown is of one answer, and says so when
// something else is asked by now. The other store is open as long as its answer is.

import { errorOf } from '../backend/backend';
import type { StoresAskedWire, StoresBy, StoresCompared, StoresKind, StoresRow, StoresSide } from '../backend/bindings';
import { countText, fileName } from '../base/format';
import { instantText } from '../base/instant';
import { PagedRows } from '../base/paged';
import { STORES as T } from '../strings/stores';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LongWork } from './long_work.svelte';
import { LookedStream } from './looked_stream.svelte';
import type { OpenStore } from './open_store.svelte';

/** Its name among the boards of a store. */
export const STORES = 'stores' as const;

/** Parts of an event that a person can leave out of account, as the command line calls them. */
export const PARTS = [
  ...['type', 'payload', 'metadata', 'recorded', 'occurred', 'version', 'id', 'schema', 'correlation', 'causation'],
  'position',
] as const;

export type Filter = StoresKind | 'renamed' | null;

export class TwoStores extends LongWork implements Board {
  readonly form: ScopeForm;
  other = $state('');
  by = $state<StoresBy>('bytes');
  ignored = $state.raw<readonly string[]>([]);
  handler = $state('');
  isOtherLeft = $state(false);

  result = $state.raw<StoresCompared | null>(null);
  ran = $state.raw<StoresAskedWire | null>(null);
  filter = $state.raw<Filter>(null);
  active = $state(-1);
  /** Grows when rows of the list of streams arrived. */
  seen = $state(0);
  looked = $state.raw<LookedStream | null>(null);

  readonly rows: PagedRows<StoresRow>;
  readonly #desk: Desk;
  readonly #store: OpenStore;
  #isClosed = false;

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.form = new ScopeForm(store);
    this.rows = new PagedRows(
      (offset, limit) => this.#page(offset, limit),
      () => {
        this.seen += 1;
        this.#look();
      },
      (reason) => (this.failure = errorOf(reason)),
    );
  }

  get asked(): StoresAskedWire {
    const { by, handler, ignored, isOtherLeft, other } = this;
    return { other, isOtherLeft, by, ignored: PARTS.filter((part) => ignored.includes(part)), handler };
  }

  get isStale(): boolean {
    return this.ran !== null && JSON.stringify(this.ran) !== JSON.stringify(this.asked);
  }

  /** Stores that are at hand: recent ones and saved connections, without the open one. */
  get atHand(): string[] {
    const here = this.#store.opened.location;
    const saved = this.#desk.connections.saved.map(({ connection }) => `@${connection.name}`);
    const recent = this.#desk.recents.map(({ location }) => location);
    return [...new Set([...saved, ...recent])].filter((location) => location !== here);
  }

  /** How many streams the filter leaves. */
  get matching(): number {
    const { filter, result } = this;
    if (!result) return 0;
    if (filter === null) return result.differingStreams;
    // A stream is listed on each side on which it is alone.
    if (filter === 'renamed') return result.renamed * 2;
    return result.kinds.find(({ kind }) => kind === filter)?.streams ?? 0;
  }

  get chosen(): StoresRow | undefined {
    void this.seen;
    return this.rows.at(this.active);
  }

  /** The verdict as text, for a mail or a ticket. */
  get text(): string {
    const { ran, result } = this;
    if (!result || !ran) return '';
    const side = (name: string, { environment, events, kind, lastPosition, layout, location, streams }: StoresSide) =>
      `${name}  ${location}  ${kind} · ${layout}  ${T.upTo(events, streams, lastPosition)}${environment ? `  ${environment}` : ''}`;
    const counts = [
      `${countText(result.equalStreams)} equal`,
      ...result.kinds.map(({ kind, streams }) => `${countText(streams)} ${T.kinds[kind]}`),
    ];
    const how = [`compared ${T.bys[ran.by]}`, ran.ignored.length > 0 ? T.ignoring(ran.ignored) : ''];
    return [
      `${T.verdicts[result.outcome]}: ${result.sentence}`,
      side('left ', result.left),
      side('right', result.right),
      how.filter(Boolean).join(', '),
      `streams  ${counts.join(' · ')}`,
      `events   ${this.eventCounts.map(([count, word]) => `${countText(count)} ${word}`).join(' · ')}`,
      ...(result.parts.length > 0 ? [`differ   ${this.partsText}`] : []),
      `order    ${this.orderText}`,
      instantText(result.at),
    ].join('\n');
  }

  get partsText(): string {
    return (this.result?.parts ?? []).map(({ part, events }) => `${part} ${countText(events)}`).join(' · ');
  }

  get eventCounts(): [number, string][] {
    const { result } = this;
    if (!result) return [];
    const { different, equal, onlyLeft, onlyRight, unclearLeft, unclearRight } = result.events;
    const all: [number, string][] = [
      [equal, T.eventCounts.equal],
      [different, T.eventCounts.different],
      [onlyLeft, T.eventCounts.onlyLeft],
      [onlyRight, T.eventCounts.onlyRight],
      [unclearLeft, T.eventCounts.unclearLeft],
      [unclearRight, T.eventCounts.unclearRight],
    ];
    return all.filter(([count], at) => at === 0 || count > 0);
  }

  get orderText(): string {
    const order = this.result?.order;
    if (!order) return '';
    if (order.notCompared !== '') return T.orderNot(order.notCompared);
    if (order.isSame === false) return T.orderOther(order.leftPosition, order.rightPosition, order.events);
    return order.leftOut > 0 ? T.orderPart(order.events, order.events + order.leftOut) : T.orderSame(order.events);
  }

  async choose(): Promise<void> {
    const file = await this.#store.backend.pickFile('store');
    if (file !== null) this.take(file);
  }

  /** A path, the address of a server, or the `@name` of a saved connection. */
  take(other: string): void {
    this.other = other.trim();
  }

  ignore(part: string, isOut: boolean): void {
    this.ignored = isOut ? [...this.ignored, part] : this.ignored.filter((one) => one !== part);
  }

  swap(): void {
    this.isOtherLeft = !this.isOtherLeft;
  }

  async run(): Promise<void> {
    if (this.blocked('run') !== null) return;
    const { asked } = this;
    const { backend, opened } = this.#store;
    const found = await this.long(
      T.running,
      (tell) => backend.compareStores(opened.session, asked, tell),
      ({ comparison }) => backend.closeStores(comparison),
    );
    if (!found) return;
    // The store was closed while the answer was on its way: nobody would close the other one.
    if (this.#isClosed) return backend.closeStores(found.comparison);
    const before = this.result;
    this.result = found;
    this.ran = asked;
    this.setFilter(null);
    if (before) await backend.closeStores(before.comparison);
  }

  setFilter(filter: Filter): void {
    this.filter = filter === this.filter ? null : filter;
    this.#leave();
    this.active = this.matching > 0 ? 0 : -1;
    this.rows.reset();
  }

  move(by: number): void {
    const last = this.matching - 1;
    if (last < 0) return;
    this.pick(Math.min(Math.max(this.active + by, 0), last));
  }

  pick(index: number): void {
    this.active = index;
    this.rows.want(index, index + 1);
    this.#look();
  }

  /** Goes to the event of this store at which the marked stream differs first, or at which it is looked at. */
  async open(): Promise<void> {
    const found = this.#at('this');
    if (found) await this.#desk.openStream(found.stream, found.at);
  }

  /** The same in the other store, in a tab of its own. */
  async openOther(): Promise<void> {
    const found = this.#at('other');
    const location = this.ran?.isOtherLeft ? this.result?.left.location : this.result?.right.location;
    if (found && location) await this.#desk.openElsewhere(location, found.stream, found.at);
  }

  async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.text);
    this.#desk.say(T.copied);
  }

  async save(): Promise<void> {
    const { result } = this;
    const { backend } = this.#store;
    const file = result && (await backend.pickSave(T.exportName));
    if (!result || !file) return;
    const written = await this.long(T.exporting, async (tell) => {
      await backend.exportStores(result.comparison, file, tell);
      return file;
    });
    if (written) this.#desk.say(T.exported(fileName(written)));
  }

  act(action: string): void | Promise<void> {
    const { looked } = this;
    switch (action) {
      case 'run':
        return this.run();
      case 'stop':
        looked?.stop();
        return this.stop();
      case 'swap':
        return this.swap();
      case 'choose':
        return this.choose();
      case 'nextChange':
        return looked?.move(1);
      case 'prevChange':
        return looked?.move(-1);
      case 'onlyChanges':
        return looked?.setOnlyChanges(!looked.onlyChanges);
      case 'document':
        return looked?.setDocument(looked.document === 'payload' ? 'metadata' : 'payload');
      case 'goTo':
      case 'openCurrent':
        return this.open();
      case 'openBase':
      case 'openOther':
        return this.openOther();
      case 'copy':
        return this.copy();
      case 'export':
        return this.save();
      case 'states':
        return looked?.compareStates();
    }
  }

  blocked(action: string): string | null {
    if (action === 'run') return this.isRunning ? T.isRunning : this.other === '' ? T.noOther : null;
    if (action === 'copy' || action === 'export') return this.result ? null : T.noResult;
    if (action === 'openOther' || action === 'openBase') return this.#at('other') ? null : T.noStream;
    if (action === 'openCurrent' || action === 'goTo') return this.#at('this') ? null : T.noStreamHere;
    return null;
  }

  /** Counts tell nothing that is hidden: only what is shown of events is asked for anew. */
  override maskChanged(): void {
    this.looked?.maskChanged();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#leave();
    await this.stop();
    if (this.result) await this.#store.backend.closeStores(this.result.comparison);
    this.result = null;
  }

  protected forget(): boolean {
    return false;
  }

  /** Where the marked stream is looked at in one of both stores; `null`: it is not there. */
  #at(which: 'this' | 'other'): { stream: string; at: string | null } | null {
    const { chosen: row, looked, ran } = this;
    if (!row || !ran) return null;
    const isLeft = (which === 'other') === ran.isOtherLeft;
    const events = isLeft ? row.leftEvents : row.rightEvents;
    if (events === 0) return row.renamed === '' ? null : { stream: row.renamed, at: null };
    const place = (looked?.row.row === row.row ? looked.place : undefined) ?? row.first;
    const [version, position] = place
      ? isLeft
        ? [place.leftVersion, place.leftPosition]
        : [place.rightVersion, place.rightPosition]
      : ['', ''];
    const at = version !== '' ? `v${version}` : position !== '' ? `#${position}` : null;
    return { stream: row.stream, at };
  }

  async #page(offset: number, limit: number) {
    const { filter, result } = this;
    if (!result) return { total: 0, matching: 0, rows: [] };
    const kind = filter === 'renamed' ? null : filter;
    const query = { kind, isRenamed: filter === 'renamed', offset, limit };
    return this.#store.backend.storesRows(result.comparison, query);
  }

  /** Looks at the marked stream, unless it is looked at already. */
  #look(): void {
    const { result } = this;
    const row = this.rows.at(this.active);
    if (!result || !row) return this.#leave();
    if (this.looked?.row.row === row.row) return;
    this.#leave();
    this.looked = new LookedStream(this.#store, result.comparison, row);
  }

  #leave(): void {
    this.looked?.close();
    this.looked = null;
  }
}

/** The one of this store; made when it is looked at for the first time. */
export function twoStoresOf(desk: Desk, store: OpenStore): TwoStores {
  return boardOf(store, STORES, TwoStores, () => new TwoStores(desk, store));
}
