// The view Upcasters: every event of a scope through the upcasters of a handler, and one event beside what they make of
// it.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, GateExample, GateFirst, GateRow, GateTold, LabScope } from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { GATE as T } from '../strings/gate';
import { LAB } from '../strings/lab';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LatestJob } from './latest_job.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

interface Asked {
  scope: LabScope;
  handler: string;
}

export class GateBoard extends LongWork implements Board {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  readonly form: ScopeForm;
  handler = $state('');

  told = $state.raw<GateTold | null>(null);
  /** What is told answers. */
  ran = $state.raw<Asked | null>(null);
  /** Changes of files of handlers when it began. */
  #changes = $state.raw(0);
  active = $state(-1);

  example = $state.raw<GateExample | null>(null);
  exampleFailure = $state.raw<AppErrorWire | null>(null);
  /** Which of the events that it becomes. */
  part = $state(0);
  isWhole = $state(false);

  readonly #examples: LatestJob<{ first: GateFirst; handler: string }, GateExample>;

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.form = new ScopeForm(store);
    const { backend, opened } = store;
    this.#examples = new LatestJob(
      backend,
      ({ first, handler }, tell) =>
        backend.gateExample(opened.session, first.stream, cursorOfEvent(first.event), handler, tell),
      {
        show: (example) => (this.example = example),
        fail: (reason) => (this.exampleFailure = errorOf(reason)),
      },
    );
    const known = this.form.handlers.map(({ reference }) => reference);
    this.handler = desk.history?.handler ?? known[0] ?? '';
  }

  get asked(): Asked {
    return { scope: this.form.scope, handler: this.handler };
  }

  /** Files of handlers changed since it ran. */
  get isOutdated(): boolean {
    return this.told !== null && this.#changes !== this.#store.reloading.changes;
  }

  get isStale(): boolean {
    return this.ran !== null && JSON.stringify(this.ran) !== JSON.stringify(this.asked);
  }

  get chosen(): GateRow | undefined {
    return this.told?.rows[this.active];
  }

  async run(): Promise<void> {
    if (this.isRunning) return;
    const { backend, opened } = this.#store;
    const { asked } = this;
    const { handler, scope } = asked;
    const { changes } = this.#store.reloading;
    const told = await this.long(T.sending, (tell) => backend.gate(opened.session, scope, handler, tell));
    if (!told) return;
    this.ran = asked;
    this.#changes = changes;
    this.told = told;
    this.choose(told.rows.length > 0 ? 0 : -1);
  }

  /** Shows the first event of a row. */
  choose(index: number): void {
    this.active = index;
    this.readExample();
  }

  readExample(): void {
    this.example = null;
    this.exampleFailure = null;
    this.part = 0;
    const { chosen, ran } = this;
    if (chosen?.first && ran) this.#examples.ask({ first: chosen.first, handler: ran.handler });
    else this.#examples.forget();
  }

  // --- as a board ---

  move(by: number): void {
    const last = (this.told?.rows.length ?? 0) - 1;
    if (last >= 0) this.choose(Math.max(0, Math.min(last, this.active + by)));
  }

  /** Opens the event that is shown in History. */
  async open(): Promise<void> {
    const { chosen, ran } = this;
    if (!chosen?.first || !ran) return;
    this.#desk.documents.present.handler = ran.handler;
    await this.#desk.openStream(chosen.first.stream, cursorOfEvent(chosen.first.event));
    await this.#desk.foldWith(ran.handler);
  }

  act(action: string): void | Promise<void> {
    switch (action) {
      case 'run':
        return this.run();
      case 'stop':
        return this.stop();
      case 'whole':
        this.isWhole = !this.isWhole;
        return;
      case 'take':
        this.form.take(this.#desk);
        return;
      default:
        return this.open();
    }
  }

  blocked(action: string): string | null {
    const { kind, name } = this.form.scope;
    switch (action) {
      case 'run':
        if (this.isRunning) return T.isRunning;
        if (kind !== 'store' && name === '') return LAB.noScope;
        return this.handler === '' ? LAB.noHandler : null;
      case 'stop':
        return this.isRunning ? null : T.notRunning;
      case 'take':
        return this.#desk.history ? null : T.noHistory;
      case 'open':
        return this.chosen?.first ? null : T.noExample;
      default:
        return this.told ? null : T.noRun;
    }
  }

  async close(): Promise<void> {
    this.#examples.forget();
    await this.stop();
  }

  protected forget(): boolean {
    const { told } = this;
    this.told = null;
    this.ran = null;
    this.choose(-1);
    return told !== null;
  }
}

/** The board of a store, made when it is first looked at. */
export function gateOf(desk: Desk, store: OpenStore): GateBoard {
  return boardOf(store, 'gate', GateBoard, () => new GateBoard(desk, store));
}
