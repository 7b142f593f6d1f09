// A read model beside what a handler makes of the history: what is asked, what its columns hold, and what was found. What
// is shown is of one answer, and says so when something else is asked by now.

import { errorOf } from '../backend/backend';
import type { DriftAskedWire, DriftFault, DriftFound, DriftKind, MappingOffered } from '../backend/bindings';
import { fileName } from '../base/format';
import { DRIFT as T } from '../strings/drift';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

/** Its name among the boards of a store. */
export const READ_MODEL = 'readModel' as const;

/** `isLost`: only lost updates. */
export type Filter = { kind: DriftKind; column: string | null; isLost?: true } | null;

export class Drifting extends LongWork implements Board {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  readonly form: ScopeForm;
  file = $state('');
  tables = $state.raw<string[]>([]);
  table = $state('');
  handler = $state('');
  /** A cursor; empty: as far as the rows, or the mapping, say. */
  position = $state('');
  mapping = $state('');
  offered = $state.raw<MappingOffered | null>(null);
  savedAs = $state('');

  result = $state.raw<DriftFound | null>(null);
  ran = $state.raw<DriftAskedWire | null>(null);
  filter = $state.raw<Filter>(null);
  active = $state(-1);

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.form = new ScopeForm(store);
    this.handler = desk.history?.handler ?? this.form.handlers[0]?.reference ?? '';
  }

  get asked(): DriftAskedWire {
    const { file: readModel, table, handler, mapping, position } = this;
    return { readModel, table, handler, mapping, position: position.trim() };
  }

  get isStale(): boolean {
    return this.ran !== null && JSON.stringify(this.ran) !== JSON.stringify(this.asked);
  }

  get faults(): DriftFault[] {
    const { filter, result } = this;
    const all = result?.faults ?? [];
    if (filter === null) return all;
    return all.filter(
      ({ kind, column, isLostUpdate }) =>
        kind === filter.kind &&
        (filter.column === null || column === filter.column) &&
        (!filter.isLost || isLostUpdate),
    );
  }

  get chosen(): DriftFault | undefined {
    return this.faults[this.active];
  }

  /** What is said of where the mapping comes from. */
  get source(): string {
    const { mapping, offered, savedAs } = this;
    if (savedAs !== '') return T.savedAt(fileName(savedAs));
    if (mapping === '' || offered === null) return '';
    if (mapping !== offered.text) return T.edited;
    return offered.isGuess ? T.guessed(offered.matched, offered.sampled) : T.found(fileName(offered.file));
  }

  /** Lets a person choose the file. */
  async choose(): Promise<void> {
    const file = await this.#store.backend.pickFile('readModel');
    if (file !== null) await this.take(file);
  }

  /** Saved connections to servers, which may hold a read model. */
  get servers(): string[] {
    const { saved } = this.#desk.connections;
    return saved.filter(({ connection }) => !connection.store).map(({ connection }) => `@${connection.name}`);
  }

  /** A file, the address of a server, or the `@name` of a saved connection. */
  async take(file: string): Promise<void> {
    this.file = file;
    this.tables = [];
    this.#unmap('');
    if (file === '') return;
    const { backend, opened } = this.#store;
    const tables = await this.long(T.reading, () => backend.readModelTables(opened.session, file));
    if (!tables) return;
    this.tables = tables;
    if (tables.length < 2) await this.setTable(tables[0] ?? '');
  }

  async setTable(table: string): Promise<void> {
    this.#unmap(table);
    await this.#offer(false);
  }

  async guess(): Promise<void> {
    await this.#offer(true);
  }

  async save(): Promise<void> {
    const { backend, opened } = this.#store;
    const file = await backend.pickSave(this.offered?.file ?? 'read_model.toml');
    if (file === null) return;
    this.failure = null;
    try {
      await backend.saveMapping(opened.session, file, this.mapping);
      this.savedAs = file;
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  edit(mapping: string): void {
    this.mapping = mapping;
    this.savedAs = '';
  }

  async run(): Promise<void> {
    if (this.blocked('run') !== null) return;
    const { asked } = this;
    const { backend, opened } = this.#store;
    const found = await this.long(T.running, (tell) => backend.compareReadModel(opened.session, asked, tell));
    if (!found) return;
    this.result = found;
    this.ran = asked;
    this.filter = null;
    this.active = found.faults.length > 0 ? 0 : -1;
  }

  setFilter(filter: Filter): void {
    const isSame = JSON.stringify(filter) === JSON.stringify(this.filter);
    this.filter = isSame ? null : filter;
    this.active = this.faults.length > 0 ? 0 : -1;
  }

  move(by: number): void {
    const last = this.faults.length - 1;
    if (last >= 0) this.active = Math.min(Math.max(this.active + by, 0), last);
  }

  /** Goes to the event that explains the marked fault, with the handler that was asked. */
  async open(): Promise<void> {
    const fault = this.chosen;
    if (!fault || fault.stream === '') return;
    const at = fault.version !== '' ? `v${fault.version}` : fault.position !== '' ? `#${fault.position}` : 'head';
    const handler = this.ran?.handler ?? this.handler;
    await this.#desk.openStream(fault.stream, at);
    if (handler !== '' && this.#desk.history && this.#desk.history.handler !== handler)
      await this.#desk.foldWith(handler);
  }

  act(action: string): void | Promise<void> {
    if (action === 'run') return this.run();
    if (action === 'stop') return this.stop();
    if (action === 'nextChange') return this.move(1);
    if (action === 'prevChange') return this.move(-1);
    if (action === 'goTo' || action === 'openBase' || action === 'openCurrent') return this.open();
  }

  blocked(action: string): string | null {
    if (action !== 'run') return null;
    if (this.isRunning) return T.isRunning;
    if (this.file === '') return T.noFile;
    return this.mapping.trim() === '' ? T.noMapping : null;
  }

  close(): Promise<void> {
    return this.stop();
  }

  protected forget(): boolean {
    const { result } = this;
    this.result = null;
    this.ran = null;
    this.active = -1;
    return result !== null;
  }

  async #offer(isGuess: boolean): Promise<void> {
    const { file: readModel, handler, table } = this;
    const { backend, opened } = this.#store;
    const asked = { readModel, table, handler, isGuess };
    const offered = await this.long(T.reading, (tell) => backend.readModelMapping(opened.session, asked, tell));
    if (!offered) return;
    this.offered = offered;
    this.mapping = offered.text;
    this.savedAs = '';
  }

  #unmap(table: string): void {
    this.table = table;
    this.mapping = '';
    this.offered = null;
    this.savedAs = '';
    this.forget();
  }
}

/** The one of this store; made when it is looked at for the first time. */
export function driftingOf(desk: Desk, store: OpenStore): Drifting {
  return boardOf(store, READ_MODEL, Drifting, () => new Drifting(desk, store));
}
