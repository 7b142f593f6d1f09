// The view Replay: two handlers over the same events, the streams that differ, and both states of one of them side by
// side.

import { errorOf } from '../backend/backend';
import type {
  AppErrorWire,
  CompareAsked,
  DifferingRow,
  HandlerUse,
  HandlersCompared,
  LabScope,
  PairOpened,
  PairPage,
} from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { Latest } from '../base/latest';
import { PagedRows } from '../base/paged';
import { LAB as T } from '../strings/lab';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LatestJob } from './latest_job.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

export class ReplayBoard extends LongWork implements Board {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  readonly form: ScopeForm;
  left = $state('');
  right = $state('');
  /** A person said which: what can be used is no longer put in its place. */
  #isChosen = { left: false, right: false };

  result = $state.raw<HandlersCompared | null>(null);
  /** What the result answers. */
  ran = $state.raw<CompareAsked | null>(null);
  /** Changes of files of handlers when it began. */
  #changes = $state.raw(0);
  rows = $state.raw<PagedRows<DifferingRow> | null>(null);
  /** Grows when rows arrived. */
  seen = $state(0);
  active = $state(-1);

  pair = $state.raw<PairOpened | null>(null);
  page = $state.raw<PairPage | null>(null);
  moment = $state(0);
  isWhole = $state(false);
  pairFailure = $state.raw<AppErrorWire | null>(null);

  readonly pairs: LatestJob<{ scope: LabScope; left: string; right: string }, PairOpened>;
  readonly #uses: LatestJob<{ scope: LabScope; references: string[] }, HandlerUse[]>;
  readonly #pages: Latest<{ pair: number; moment: number; isWhole: boolean }, PairPage>;

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.form = new ScopeForm(store);
    const { backend, opened } = store;
    this.pairs = new LatestJob(
      backend,
      ({ scope, left, right }, tell) => backend.openPair(opened.session, scope, left, right, tell),
      {
        show: (pair) => {
          this.#closePair();
          this.pair = pair;
          this.goTo(pair.intervals[0]?.from ?? pair.events);
        },
        fail: (reason) => {
          const failure = errorOf(reason);
          if (failure.code !== 'cancelled') this.pairFailure = failure;
        },
        drop: ({ pair }) => this.#close(pair),
      },
    );
    this.#uses = new LatestJob(
      backend,
      ({ scope, references }, tell) => backend.usableHandlers(opened.session, references, scope, tell),
      {
        show: (uses) => {
          const reasons = uses.flatMap(({ reference, whyNot }): [string, string][] =>
            whyNot === null ? [] : [[reference, whyNot]],
          );
          this.form.unusable = new Map(reasons);
          if (!this.isRunning && this.ran === null) this.#preselect();
        },
        fail: (reason) => {
          const failure = errorOf(reason);
          if (failure.code !== 'cancelled') this.failure = failure;
        },
      },
    );
    this.#pages = new Latest(
      ({ pair, moment, isWhole }) => store.backend.pairPage(pair, moment, isWhole),
      (page, { pair }) => {
        if (pair === this.pair?.pair) this.page = page;
      },
      (reason) => (this.pairFailure = errorOf(reason)),
    );
    this.prefill();
  }

  /** Takes what a person looks at: the stream, how far, and the handler with the version beside it. */
  prefill(): void {
    this.form.take(this.#desk);
    this.#isChosen = { left: false, right: false };
    this.#preselect();
  }

  /** Asks which handlers can be used for the scope. What nobody chose becomes one that can. */
  lookForUsable(): void {
    const { handlers, scope } = this.form;
    this.#uses.ask({ scope, references: handlers.map(({ reference }) => reference) });
  }

  /** Takes a handler that a person chose. */
  pick(side: 'left' | 'right', handler: string): void {
    this[side] = handler;
    this.#isChosen[side] = true;
  }

  // The handler of the history that is looked at first, with another version of it beside it.
  #preselect(): void {
    const { handlers, unusable, usable } = this.form;
    const own = this.#desk.history?.handler;
    if (!this.#isChosen.left) {
      this.left =
        own && !unusable.has(own)
          ? own
          : (usable.find(({ reference }) => reference !== this.#chosenRight)?.reference ?? '');
    }
    if (this.#isChosen.right) return;
    const left = handlers.find(({ reference }) => reference === this.left);
    const others = usable.filter(({ reference }) => reference !== this.left);
    this.right = (others.find(({ name }) => name === left?.name) ?? others[0])?.reference ?? '';
  }

  get #chosenRight(): string | null {
    return this.#isChosen.right ? this.right : null;
  }

  get asked(): CompareAsked {
    return { scope: this.form.scope, left: this.left, right: this.right, isAnew: false };
  }

  get isStale(): boolean {
    const plain = (asked: CompareAsked | null) => JSON.stringify({ ...asked, isAnew: false });
    return this.ran !== null && plain(this.ran) !== plain(this.asked);
  }

  /** Files of handlers changed since it ran. */
  get isOutdated(): boolean {
    return this.result !== null && this.#changes !== this.#store.reloading.changes;
  }

  get chosen(): DifferingRow | undefined {
    return this.rows?.at(this.active);
  }

  async run(isAnew: boolean): Promise<void> {
    if (this.isRunning) return;
    const { backend, opened } = this.#store;
    const asked = { ...this.asked, isAnew };
    const { changes } = this.#store.reloading;
    const result = await this.long(
      T.comparing,
      (tell) => backend.compareHandlers(opened.session, asked, tell),
      ({ run }) => backend.closeRun(run),
    );
    if (!result) return;
    this.forget();
    this.ran = asked;
    this.#changes = changes;
    const rows: PagedRows<DifferingRow> = new PagedRows(
      async (offset, limit) => {
        const { rows, total } = await backend.differingRows(result.run, offset, limit);
        return { rows, total, matching: total };
      },
      () => {
        this.seen += 1;
        if (rows === this.rows && this.active < 0 && result.rows > 0) this.choose(0);
      },
      (reason) => {
        if (rows === this.rows) this.failure = errorOf(reason);
      },
    );
    this.result = result;
    this.rows = rows;
    rows.want(0, 1);
    if (result.rows === 0 && asked.scope.kind === 'stream') this.#openPair(asked.scope.name);
  }

  /** Shows a stream of the list at its first divergence. */
  choose(index: number): void {
    this.active = index;
    const row = this.rows?.at(index);
    if (row) this.#openPair(row.stream);
  }

  goTo(moment: number): void {
    const { pair } = this;
    if (!pair) return;
    this.moment = Math.max(0, Math.min(pair.events, moment));
    this.#pages.ask({ pair: pair.pair, moment: this.moment, isWhole: this.isWhole });
  }

  show(isWhole: boolean): void {
    this.isWhole = isWhole;
    this.goTo(this.moment);
  }

  /** Goes to the next moment at which the states begin to differ, or to be equal. */
  turn(direction: 1 | -1): void {
    const turns = (this.pair?.intervals ?? []).flatMap(({ from, until }) => [from, ...(until === null ? [] : [until])]);
    const next = direction > 0 ? turns.find((at) => at > this.moment) : turns.findLast((at) => at < this.moment);
    if (next !== undefined) this.goTo(next);
  }

  swap(): void {
    [this.left, this.right] = [this.right, this.left];
    this.#isChosen = { left: true, right: true };
  }

  // --- as a board ---

  move(by: number): void {
    const last = (this.result?.rows ?? 0) - 1;
    if (last >= 0) this.choose(Math.max(0, Math.min(last, this.active + by)));
  }

  /** Opens the moment that is shown in History. */
  async open(): Promise<void> {
    const { page, pair, ran } = this;
    if (!pair || !ran || page?.moment !== this.moment) return;
    const cursor = page.moment > 0 ? cursorOfEvent(page.event) : 'start';
    this.#desk.documents.present.handler = ran.left;
    await this.#desk.openStream(pair.stream, cursor);
    await this.#desk.foldWith(ran.left);
  }

  act(action: string): void | Promise<void> {
    switch (action) {
      case 'run':
        return this.run(false);
      case 'again':
        return this.run(true);
      case 'stop':
        return this.stop();
      case 'prev':
        return this.goTo(this.moment - 1);
      case 'next':
        return this.goTo(this.moment + 1);
      case 'prevTurn':
        return this.turn(-1);
      case 'nextTurn':
        return this.turn(1);
      case 'whole':
        return this.show(!this.isWhole);
      case 'swap':
        return this.swap();
      case 'take':
        return this.prefill();
      default:
        return this.open();
    }
  }

  blocked(action: string): string | null {
    switch (action) {
      case 'run':
      case 'again': {
        const { kind, name } = this.form.scope;
        if (this.isRunning) return T.isRunning;
        if (kind !== 'store' && name === '') return T.noScope;
        return this.left === '' || this.right === '' || this.left === this.right ? T.twoHandlers : null;
      }
      case 'stop':
        return this.isRunning || this.pairs.job ? null : T.notRunning;
      case 'swap':
        return null;
      case 'take':
        return this.#desk.history ? null : T.noHistory;
      case 'open':
        if (!this.pair) return T.noStream;
        return this.page?.moment === this.moment ? null : T.stillRead;
      default:
        return this.pair ? null : T.noStream;
    }
  }

  override async stop(): Promise<void> {
    this.pairs.stop();
    await super.stop();
  }

  async close(): Promise<void> {
    this.#pages.close();
    this.#uses.forget();
    await super.stop();
    this.forget();
  }

  protected forget(): boolean {
    const { result } = this;
    this.pairs.forget();
    this.#closePair();
    this.pairFailure = null;
    this.result = null;
    this.ran = null;
    this.rows = null;
    this.active = -1;
    if (result) this.#close(result.run);
    return result !== null;
  }

  #openPair(stream: string): void {
    const { ran } = this;
    if (!ran) return;
    this.pairFailure = null;
    const scope = { kind: 'stream' as const, name: stream, until: ran.scope.kind === 'stream' ? ran.scope.until : '' };
    this.pairs.ask({ scope, left: ran.left, right: ran.right });
  }

  #closePair(): void {
    const { pair } = this;
    this.pair = null;
    this.page = null;
    if (pair) this.#close(pair.pair);
  }

  // It goes with the session, too, where it cannot be closed now.
  #close(run: number): void {
    this.#store.backend.closeRun(run).catch(() => undefined);
  }
}

/** The board of a store, made when it is first looked at. */
export function replayOf(desk: Desk, store: OpenStore): ReplayBoard {
  return boardOf(store, 'replay', ReplayBoard, () => new ReplayBoard(desk, store));
}
