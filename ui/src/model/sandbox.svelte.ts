// The view Sandbox: a list of edits of one stream, and the branch that they make beside the record. Each edit is kept as
// the text that a file of edits would have, so that no number of it passes through this window's own.

import { errorOf } from '../backend/backend';
import type { SandboxOpened, SandboxPage, SandboxRow } from '../backend/bindings';
import { Latest } from '../base/latest';
import { PagedRows } from '../base/paged';
import { S } from '../strings';
import { SANDBOX as T } from '../strings/sandbox';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { typedOf } from './draft';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

export class SandboxBoard extends LongWork implements Board {
  readonly #store: OpenStore;
  stream = $state('');
  handler = $state('');
  edits = $state.raw<string[]>([]);
  /** Taken back, the latest last. */
  undone = $state.raw<string[]>([]);
  /** The text that a person writes an edit in; `null`: nobody does. */
  draft = $state<string | null>(null);

  opened = $state.raw<SandboxOpened | null>(null);
  rows = $state.raw<PagedRows<SandboxRow> | null>(null);
  /** Grows when rows arrived. */
  seen = $state(0);
  active = $state(-1);
  page = $state.raw<SandboxPage | null>(null);
  isWhole = $state(false);

  readonly #pages: Latest<{ sandbox: number; row: number; isWhole: boolean }, SandboxPage>;

  /** What of the draft the engine wrote, and nobody typed. */
  #given = '';

  constructor(store: OpenStore) {
    super(store.backend);
    this.#store = store;
    this.#pages = new Latest(
      ({ sandbox, row, isWhole }) => store.backend.sandboxPage(sandbox, row, isWhole),
      (page, { sandbox }) => {
        if (sandbox === this.opened?.sandbox) this.page = page;
      },
      (reason) => (this.failure = errorOf(reason)),
    );
  }

  get chosen(): SandboxRow | undefined {
    return this.rows?.at(this.active);
  }

  /** Begins a branch of a stream with these edits. */
  async begin(stream: string, handler: string, edits: string[]): Promise<void> {
    this.undone = [];
    this.active = -1;
    await this.#make(edits, stream, handler);
  }

  /** Adds an edit. `false`: it could not be done, and nothing is otherwise. */
  async add(edit: string): Promise<boolean> {
    const isDone = await this.#make([...this.edits, edit]);
    if (isDone) this.undone = [];
    return isDone;
  }

  /** Takes one edit of the list back. */
  async drop(index: number): Promise<void> {
    await this.#make(this.edits.filter((_, at) => at !== index));
  }

  choose(index: number): void {
    const { opened } = this;
    if (!opened || opened.rows === 0) return;
    this.active = Math.max(0, Math.min(opened.rows - 1, index));
    this.rows?.want(this.active, this.active + 1);
    this.#pages.ask({ sandbox: opened.sandbox, row: this.active, isWhole: this.isWhole });
  }

  // --- as a board ---

  move(by: number): void {
    this.choose(this.active + by);
  }

  async open(): Promise<void> {
    await this.#write((row) => this.#draftOf(row), true);
  }

  async act(action: string): Promise<void> {
    switch (action) {
      case 'skip':
        return this.#do((row) => JSON.stringify({ skip: row.name }));
      case 'edit':
        return this.open();
      case 'time':
        return this.#write((row) => JSON.stringify({ edit: row.name, recorded_at: '2026-01-01T00:00:00Z' }, null, 2));
      case 'imagine':
        return this.#write((row) =>
          JSON.stringify({ insert: row.event.eventType, after: row.name, payload: {} }, null, 2),
        );
      case 'earlier':
      case 'later':
        return this.#shift(action === 'earlier' ? -1 : 1);
      case 'undo':
        return this.#undo();
      case 'redo': {
        const edit = this.undone.at(-1);
        const undone = this.undone.slice(0, -1);
        if (edit !== undefined && (await this.#make([...this.edits, edit]))) this.undone = undone;
        return;
      }
      case 'prev':
        return this.move(-1);
      case 'next':
        return this.move(1);
      case 'prevTurn':
        return this.#turn(-1);
      case 'nextTurn':
        return this.#turn(1);
      case 'whole':
        this.isWhole = !this.isWhole;
        return this.choose(this.active);
      case 'apply':
        return this.#apply();
      case 'stop':
        if (this.draft !== null) this.draft = null;
        else await this.stop();
        return;
      default:
        return this.close();
    }
  }

  blocked(action: string): string | null {
    const { chosen, opened } = this;
    if (action === 'stop') return this.isRunning || this.draft !== null ? null : T.noSandbox;
    if (this.isRunning) return T.isRunning;
    if (!opened) return T.noSandbox;
    switch (action) {
      case 'undo':
        return this.edits.length > 0 ? null : T.nothingToUndo;
      case 'redo':
        return this.undone.length > 0 ? null : T.nothingToRedo;
      case 'apply':
        return this.draft === null ? T.noRow : null;
      case 'skip':
      case 'edit':
      case 'time':
      case 'imagine':
      case 'earlier':
      case 'later':
        if (!chosen) return T.noRow;
        return chosen.mark === 'skipped' || chosen.mark === 'movedFrom' ? T.gone : null;
      default:
        return null;
    }
  }

  async close(): Promise<void> {
    await this.stop();
    this.forget();
    this.draft = null;
    this.edits = [];
    this.undone = [];
    this.active = -1;
  }

  /** The same branch once more, under the mask that holds now; of a draft what a person typed. */
  override maskChanged(): void {
    const [isOpen, ran] = [this.opened !== null, this.isRunning];
    super.maskChanged();
    if (this.draft !== null && this.#given !== '') {
      const typed = typedOf(this.draft, this.#given);
      this.draft = typed === typedOf(this.#given, this.#given) ? null : typed;
      this.#given = '';
    }
    if (!isOpen) return;
    void this.#make(this.edits).then(() => {
      if (ran) this.lost = S.redacted.ended;
    });
  }

  protected forget(): boolean {
    const { opened } = this;
    this.opened = null;
    this.rows = null;
    this.page = null;
    // It goes with the session, too, where it cannot be closed now.
    if (opened) this.#store.backend.closeRun(opened.sandbox).catch(() => undefined);
    return opened !== null;
  }

  async #make(edits: string[], stream = this.stream, handler = this.handler): Promise<boolean> {
    if (this.isRunning) return false;
    const { backend, opened } = this.#store;
    const asked = { stream, handler, edits };
    const made = await this.long(
      T.making,
      (tell) => backend.openSandbox(opened.session, asked, tell),
      ({ sandbox }) => backend.closeRun(sandbox),
    );
    if (!made) return false;
    this.forget();
    // A list that was typed as one is so many edits.
    Object.assign(this, asked, { edits: made.texts });
    this.rows = new PagedRows(
      async (offset, limit) => {
        const { rows, total } = await backend.sandboxRows(made.sandbox, offset, limit);
        return { rows, total, matching: total };
      },
      () => (this.seen += 1),
      (reason) => (this.failure = errorOf(reason)),
    );
    this.opened = made;
    this.choose(this.active < 0 ? (made.firstEdited ?? 0) : this.active);
    return true;
  }

  async #do(edit: (row: SandboxRow) => string): Promise<void> {
    const { chosen } = this;
    if (chosen) await this.add(edit(chosen));
  }

  async #write(draft: (row: SandboxRow) => string | Promise<string>, isGiven = false): Promise<void> {
    const { chosen, opened } = this;
    if (!chosen || this.blocked('edit') !== null) return;
    try {
      const text = await draft(chosen);
      // It is of the mask that held for this branch.
      if (opened !== this.opened) return;
      this.draft = text;
      this.#given = isGiven ? text : '';
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  #draftOf({ row }: SandboxRow): Promise<string> {
    const { backend, opened } = this.#store;
    return backend.sandboxDraft(opened.session, this.opened?.sandbox ?? 0, row);
  }

  async #apply(): Promise<void> {
    const { draft } = this;
    if (draft !== null && (await this.add(typedOf(draft, this.#given).trim()))) this.draft = null;
  }

  /** Changes places with the event before or behind it in the sandbox. */
  async #shift(by: 1 | -1): Promise<void> {
    const { chosen, rows } = this;
    if (!chosen || !rows) return;
    let at = this.active + by;
    const isGone = (mark: string | undefined) => mark === 'skipped' || mark === 'movedFrom';
    while (isGone(rows.at(at)?.mark)) at += by;
    const other = rows.at(at);
    if (!other) return;
    await this.add(JSON.stringify({ move: chosen.name, [by < 0 ? 'before' : 'after']: other.name }));
    const moved = [at, at - 1, at + 1].find((row) => {
      const found = this.rows?.at(row);
      return found?.name === chosen.name && !isGone(found.mark);
    });
    if (moved !== undefined) this.choose(moved);
  }

  async #undo(): Promise<void> {
    const edit = this.edits.at(-1);
    const undone = [...this.undone];
    if (edit !== undefined && (await this.#make(this.edits.slice(0, -1)))) this.undone = [...undone, edit];
  }

  #turn(direction: 1 | -1): void {
    const turns = this.opened?.turns ?? [];
    const next = direction > 0 ? turns.find((at) => at > this.active) : turns.findLast((at) => at < this.active);
    if (next !== undefined) this.choose(next);
  }
}

/** The board of a store, made when it is first needed. */
export function sandboxOf(store: OpenStore): SandboxBoard {
  return boardOf(store, 'sandbox', SandboxBoard, () => new SandboxBoard(store));
}

/** Branches the stream that is looked at, without its event at A; nothing is left out where `isWhole`. */
export async function branchHere(desk: Desk, isWhole: boolean): Promise<void> {
  const { history, store } = desk;
  if (!history || !store) return;
  const board = sandboxOf(store);
  const { cursorText } = history;
  const edits = isWhole || cursorText === null ? [] : [JSON.stringify({ skip: cursorText })];
  desk.show('sandbox');
  await board.begin(history.opened.stream, history.handler, edits);
  if (isWhole) board.choose(history.a - 1);
}
