// The payload or the metadata of the event under A: what it is, its bytes a page at a time, finding in it, saving it.
// Trees come with the frames of the history; this knows what stands around them.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, HexRow, Lens, PayloadHit, PayloadQuery, PayloadView } from '../backend/bindings';
import { Latest } from '../base/latest';
import { PagedRows } from '../base/paged';
import { S } from '../strings';

/** Which document is looked at. */
export interface Look {
  moment: number;
  isMetadata: boolean;
}

/** What of the history it needs. */
export interface Around {
  /** The event that the label names. */
  readonly shown: { moment: number } | null;
  readonly lens: Lens;
  readonly toggled: string[];
  /** Asks for the rows of the tree anew. */
  ask(): void;
  focusRow(index: number): void;
}

export class OpenPayload {
  #viewed = $state.raw<{ view: PayloadView; of: PayloadQuery } | null>(null);
  /** The text to find. */
  wanted = $state('');
  hit = $state.raw<PayloadHit | null>(null);
  notice = $state('');
  failure = $state.raw<AppErrorWire | null>(null);
  /** Grows when rows of bytes arrived. */
  bytesSeen = $state(0);
  byteRows = $state(0);
  /** The row of bytes that was found; -1: none. */
  activeByteRow = $state(-1);
  readonly bytes: PagedRows<HexRow>;

  readonly #backend: Backend;
  readonly #history: number;
  readonly #around: Around;
  readonly #views: Latest<PayloadQuery, PayloadView>;
  #look: Look = { moment: 0, isMetadata: false };
  #whole: Look | null = $state.raw(null);

  constructor(backend: Backend, history: number, around: Around) {
    this.#backend = backend;
    this.#history = history;
    this.#around = around;
    this.#views = new Latest(
      (query) => backend.payloadView(history, query),
      (view, of) => {
        this.#viewed = { view, of };
        this.failure = null;
      },
      (reason) => (this.failure = errorOf(reason)),
    );
    this.bytes = new PagedRows(
      async (offset, limit) => {
        const { total, rows } = await backend.payloadHex(history, this.#query(), offset, limit);
        return { total, matching: total, rows };
      },
      () => {
        this.byteRows = this.bytes.matching;
        this.bytesSeen += 1;
      },
      (reason) => (this.failure = errorOf(reason)),
    );
  }

  close(): void {
    this.#views.close();
  }

  /** Turns to a document. */
  look(moment: number, isMetadata: boolean): void {
    if (moment === this.#look.moment && isMetadata === this.#look.isMetadata) return;
    this.#look = { moment, isMetadata };
    this.#whole = null;
    this.refresh();
  }

  /** Another mask holds: what was read is not shown any more, not even what is in flight. */
  forget(): void {
    this.#viewed = null;
    this.refresh();
    if (this.#look.moment > 0) this.#views.interrupt(this.#query());
  }

  /** Reads it anew. */
  refresh(): void {
    this.hit = null;
    this.notice = '';
    this.activeByteRow = -1;
    this.bytes.reset();
    if (this.#look.moment > 0) this.#views.ask(this.#query());
    else this.#viewed = null;
  }

  /** What is said of the document that stands below the label; `null`: the answer is of another one still. */
  get view(): PayloadView | null {
    const { lens, shown } = this.#around;
    const { of, view } = this.#viewed ?? {};
    return view && of?.moment === shown?.moment && of?.isMetadata === (lens === 'metadata') ? view : null;
  }

  /** Whether its bytes are shown in place of a tree. */
  get isBytes(): boolean {
    return this.view?.kind === 'bytes' || this.view?.kind === 'undecodable';
  }

  /** Whether all of a huge document is shown. */
  get isWhole(): boolean {
    return this.#whole !== null;
  }

  isWholeAt(moment: number, isMetadata: boolean): boolean {
    return this.#whole?.moment === moment && this.#whole.isMetadata === isMetadata;
  }

  showAll(): void {
    this.#whole = this.#look;
    this.hit = null;
    this.#around.ask();
  }

  /** Goes to the next place that holds the wanted text; behind the last comes the first. */
  async find(): Promise<void> {
    const after = this.hit?.place ?? 0;
    const look = this.#look;
    try {
      const hit = await this.#backend.findInPayload(this.#history, this.#query(), this.wanted, after);
      if (look !== this.#look) return;
      this.hit = hit;
      this.notice = hit ? '' : S.payload.notFound(this.wanted);
      if (!hit) return;
      if (this.isBytes) this.activeByteRow = hit.row;
      else this.#around.focusRow(hit.row);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  async save(): Promise<void> {
    const { moment, isMetadata } = this.#look;
    const name = `${isMetadata ? 'metadata' : 'payload'}-${moment}.${this.isBytes ? 'bin' : 'json'}`;
    try {
      const file = await this.#backend.savePayload(this.#history, this.#query(), name);
      if (file !== null) this.notice = S.payload.saved(file);
      this.failure = null;
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  #query(): PayloadQuery {
    return { ...this.#look, isWhole: this.isWhole, toggled: this.#around.toggled };
  }
}
