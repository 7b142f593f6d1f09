// The view Invariants: what must always hold, where it breaks, which version of the handler breaks it, and the smallest
// history that shows it.

import { errorOf } from '../backend/backend';
import type {
  HandlerChecked,
  HistoryMinimized,
  InvariantCourse,
  InvariantListed,
  InvariantOutcome,
  LabScope,
  VersionsChecked,
  ViolationRow,
} from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { PagedRows } from '../base/paged';
import { LAB as T } from '../strings/lab';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LatestJob } from './latest_job.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

/** What a run came to, and what it was asked of. */
interface Ran {
  checked: HandlerChecked;
  scope: LabScope;
  handler: string;
  /** Changes of files of handlers when it began. */
  changes: number;
}

export class InvariantsBoard extends LongWork implements Board {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  readonly form: ScopeForm;
  handler = $state('');
  listed = $state.raw<InvariantListed[]>([]);
  /** Conditions that a person wrote. */
  own = $state.raw<InvariantListed[]>([]);
  /** The invariant that is looked at. */
  active = $state(0);
  /** What is written for a new one; `null`: none is. */
  draft = $state<string | null>(null);

  /** By the id of an invariant: the last run in which it was asked. */
  ran = $state.raw<ReadonlyMap<string, Ran>>(new Map());

  rows = $state.raw<PagedRows<ViolationRow> | null>(null);
  seen = $state(0);
  activeRow = $state(-1);
  course = $state.raw<InvariantCourse | null>(null);
  versions = $state.raw<VersionsChecked | null>(null);
  minimal = $state.raw<HistoryMinimized | null>(null);
  /** The form of the test: 0 is the case of Refold, n the nth test for a library. */
  testForm = $state(0);
  /** Where the test case was written. */
  saved = $state('');

  readonly #courses: LatestJob<{ scope: LabScope; handler: string; invariant: string }, InvariantCourse>;

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.form = new ScopeForm(store);
    const { backend, opened } = store;
    this.#courses = new LatestJob(
      backend,
      ({ scope, handler, invariant }, tell) => backend.invariantCourse(opened.session, scope, handler, invariant, tell),
      {
        show: (course) => (this.course = course),
        fail: (reason) => (this.failure = errorOf(reason)),
      },
    );
    const { history } = desk;
    void this.choose(history?.handler ?? this.form.handlers[0]?.reference ?? '');
  }

  get all(): InvariantListed[] {
    return [...this.listed, ...this.own];
  }

  get current(): InvariantListed | undefined {
    return this.all[this.active];
  }

  outcomeOf(id: string): InvariantOutcome | undefined {
    return this.ran.get(id)?.checked.invariants.find((outcome) => outcome.id === id);
  }

  /** Whether the run in which an invariant was asked could ask every state. */
  isExact(id: string): boolean {
    return this.ran.get(id)?.checked.isExact ?? false;
  }

  get currentRun(): Ran | undefined {
    return this.current && this.ran.get(this.current.id);
  }

  /** Files of handlers changed since the invariant that is looked at was asked. */
  get isOutdated(): boolean {
    const { currentRun: run } = this;
    return run !== undefined && run.changes !== this.#store.reloading.changes;
  }

  get row(): ViolationRow | undefined {
    return this.rows?.at(this.activeRow);
  }

  /** Chooses a handler and lists its invariants. */
  async choose(handler: string): Promise<void> {
    this.handler = handler;
    this.failure = null;
    this.ran = new Map();
    this.#forget();
    try {
      const listed = await this.#store.backend.invariantsOf(handler);
      if (handler !== this.handler) return;
      this.listed = listed;
      this.active = 0;
    } catch (reason) {
      this.listed = [];
      this.failure = errorOf(reason);
    }
  }

  /** Looks at an invariant. */
  look(index: number): void {
    this.active = Math.max(0, Math.min(this.all.length - 1, index));
    this.#forget();
    this.#list();
  }

  /** Writes at a new invariant: what was said of an earlier wording holds no more. */
  write(draft: string | null): void {
    this.draft = draft;
    this.failure = null;
  }

  /** Adds the condition that was written and asks it. One that is refused stays written, to be mended. */
  async add(): Promise<void> {
    const condition = (this.draft ?? '').trim();
    if (condition === '') return;
    const known = this.all.findIndex(({ id }) => id === condition);
    const added = { id: condition, title: '', condition, severity: 'error' as const };
    if (known < 0) this.own = [...this.own, added];
    this.write(null);
    const isOwn = this.own.some(({ id }) => id === condition);
    // What is looked at stays in sight until there is an answer about the new one.
    await this.#check(isOwn ? condition : '', false);
    if (this.failure === null) return this.look(this.all.findIndex(({ id }) => id === condition));
    if (known >= 0) return;
    this.own = this.own.filter((one) => one !== added);
    this.draft = condition;
  }

  /** Asks all invariants of the package, in one pass, and then each condition of one's own. */
  async runAll(isAnew: boolean): Promise<void> {
    if (this.listed.length > 0 && (await this.#check('', isAnew))) this.look(this.active);
    for (const { id } of this.own) {
      if (this.failure === null && (await this.#check(id, isAnew))) this.look(this.active);
    }
  }

  /** Asks the invariant that is looked at; those of a package are asked in one pass. */
  async runOne(isAnew: boolean): Promise<void> {
    const { current } = this;
    if (current && (await this.#check(this.own.includes(current) ? current.id : '', isAnew))) this.look(this.active);
  }

  /** Looks at a stream in which it broke. */
  chooseRow(index: number): void {
    this.activeRow = index;
    this.minimal = null;
    this.saved = '';
    const { current, currentRun: run, row } = this;
    if (!row || !current || !run) return this.#courses.forget();
    const until = run.scope.kind === 'stream' ? run.scope.until : '';
    const scope = { kind: 'stream' as const, name: row.stream, until };
    this.#courses.ask({ scope, handler: run.handler, invariant: current.id });
  }

  async askVersions(): Promise<void> {
    const { current, currentRun: run } = this;
    if (!current || !run) return;
    const { backend, opened } = this.#store;
    const found = await this.long(T.askingVersions, (tell) =>
      backend.checkVersions(opened.session, run.scope, run.handler, current.id, tell),
    );
    if (found && this.current === current) this.versions = found;
  }

  /** Shrinks the history of the chosen stream, so that it breaks with this handler and holds with the other. */
  async minimize(): Promise<void> {
    const { current, currentRun: run, row } = this;
    if (!current || !run || !row) return;
    const { backend, opened } = this.#store;
    const asked = { stream: row.stream, handler: run.handler, invariant: current.id, against: this.holding };
    const found = await this.long(T.minimizing, (tell) => backend.minimizeHistory(opened.session, asked, tell));
    if (found && this.row === row) this.minimal = found;
  }

  /** The version of the handler in which the invariant is known to hold; empty: none. */
  get holding(): string {
    return this.versions?.versions.findLast((of) => of.failure === '' && of.brokenStreams === 0)?.reference ?? '';
  }

  /** The test in the form that is chosen: its text, and the name of its file. */
  get test(): { file: string; text: string } | null {
    const { minimal } = this;
    if (!minimal || minimal.case === '') return null;
    const own = { file: `${minimal.stream.replace(/[^\w-]+/g, '-')}.case.yaml`, text: minimal.case };
    return minimal.libraryTests[this.testForm - 1] ?? own;
  }

  async save(): Promise<void> {
    const { test } = this;
    const { backend, opened } = this.#store;
    if (!test) return;
    const file = await backend.pickSave(test.file);
    if (file === null) return;
    await backend.saveTestCase(opened.session, file, test.text);
    this.saved = file;
  }

  // --- as a board ---

  move(by: number): void {
    const last = (this.rows?.matching ?? 0) - 1;
    if (last >= 0) this.chooseRow(Math.max(0, Math.min(last, this.activeRow + by)));
  }

  /** Opens the stream at the event that broke it, compared with the last good moment. */
  async open(): Promise<void> {
    await this.#openAt('diff');
  }

  act(action: string): void | Promise<void> {
    switch (action) {
      case 'new':
        this.draft ??= '';
        return;
      case 'run':
        return this.draft === null ? this.runAll(false) : this.add();
      case 'again':
        return this.runAll(true);
      case 'one':
        return this.runOne(false);
      case 'stop':
        return this.stop();
      case 'prev':
        return this.look(this.active - 1);
      case 'next':
        return this.look(this.active + 1);
      case 'versions':
        return this.askVersions();
      case 'minimize':
        return this.minimize();
      case 'save':
        return this.save();
      case 'open':
        return this.#openAt('state');
      default:
        return this.open();
    }
  }

  blocked(action: string): string | null {
    const isBusy = this.isRunning;
    switch (action) {
      case 'new':
        return null;
      case 'run':
      case 'again':
      case 'one': {
        const { kind, name } = this.form.scope;
        if (isBusy) return T.isRunning;
        if (kind !== 'store' && name === '') return T.noScope;
        if (this.handler === '') return T.noHandler;
        return this.draft === null && this.all.length === 0 ? T.noInvariant : null;
      }
      case 'stop':
        return isBusy || this.draft !== null ? null : T.notRunning;
      case 'prev':
      case 'next':
        return this.all.length > 0 ? null : T.noInvariant;
      case 'versions':
        return isBusy ? T.isRunning : this.currentRun ? null : T.notRun;
      case 'minimize':
        return isBusy ? T.isRunning : this.row ? null : T.noBreak;
      case 'save':
        return this.test ? null : T.noCase;
      default:
        return this.row ? null : T.noBreak;
    }
  }

  override async stop(): Promise<void> {
    if (this.draft !== null) this.write(null);
    else await super.stop();
  }

  close(): Promise<void> {
    this.#courses.forget();
    return super.stop();
  }

  protected forget(): boolean {
    const { ran } = this;
    this.ran = new Map();
    this.#forget();
    return ran.size > 0;
  }

  async #openAt(tab: string): Promise<void> {
    const { course, currentRun: run, row } = this;
    if (!row || !run) return;
    const good = course?.stream === row.stream ? course.lastGoodEvent : null;
    const base = good && good.position !== '' ? cursorOfEvent(good) : good ? 'start' : null;
    this.#desk.documents.present.handler = run.handler;
    await this.#desk.openStream(row.stream, cursorOfEvent(row.event), { base, tab });
    await this.#desk.foldWith(run.handler);
  }

  /** Whether there is an answer. */
  async #check(condition: string, isAnew: boolean): Promise<boolean> {
    const { backend, opened } = this.#store;
    const { handler } = this;
    const { scope } = this.form;
    const asked = { scope, handler, condition, isAnew };
    const { changes } = this.#store.reloading;
    const checked = await this.long(T.checking, (tell) => backend.checkHandler(opened.session, asked, tell));
    if (!checked || handler !== this.handler) return false;
    const ran = new Map(this.ran);
    for (const { id } of checked.invariants) ran.set(id, { checked, scope, handler, changes });
    this.ran = ran;
    return true;
  }

  #list(): void {
    const { current, currentRun: run } = this;
    if (!current || !run) return;
    const { backend } = this.#store;
    const rows: PagedRows<ViolationRow> = new PagedRows(
      async (offset, limit) => {
        const page = await backend.violationRows(run.checked.run, current.id, offset, limit);
        return { rows: page.rows, total: page.total, matching: page.total };
      },
      () => {
        this.seen += 1;
        if (rows === this.rows && this.activeRow < 0 && rows.matching > 0) this.chooseRow(0);
      },
      (reason) => (this.failure = errorOf(reason)),
    );
    this.rows = rows;
    rows.want(0, 1);
  }

  #forget(): void {
    this.#courses.forget();
    this.rows = null;
    this.activeRow = -1;
    this.course = null;
    this.versions = null;
    this.minimal = null;
    this.saved = '';
  }
}

/** The board of a store, made when it is first looked at. */
export function invariantsOf(desk: Desk, store: OpenStore): InvariantsBoard {
  return boardOf(store, 'invariants', InvariantsBoard, () => new InvariantsBoard(desk, store));
}
