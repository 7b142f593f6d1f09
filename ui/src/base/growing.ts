// Rows of a list that grows at its end while it is looked at: pages around what is visible, fetched one at a time. A
// row that is there never changes and never moves.

import { rfc3339Now } from './instant';

export class GrowingRows<Row> {
  readonly #load: (offset: number, limit: number) => Promise<readonly Row[]>;
  readonly #changed: () => void;
  readonly #failed: (reason: unknown) => void;
  readonly #pages = new Map<number, readonly Row[]>();
  #wanted = { first: 0, end: 1 };
  #length = 0;
  #isLoading = false;
  #hasFailed = false;
  /** When rows came last, RFC 3339; empty while there are none. */
  readAt = '';

  constructor(
    load: (offset: number, limit: number) => Promise<readonly Row[]>,
    changed: () => void,
    failed: (reason: unknown) => void,
  ) {
    this.#load = load;
    this.#changed = changed;
    this.#failed = failed;
  }

  at(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Says how many rows there are now: never fewer than before. */
  grow(length: number): void {
    this.#length = Math.max(this.#length, length);
    void this.#pump();
  }

  /** Says which rows are visible; what is missing of them, and a screen around them, is fetched. */
  want(first: number, end: number): void {
    this.#wanted = { first, end };
    void this.#pump();
  }

  /** Asks again for what failed. */
  retry(): void {
    this.#hasFailed = false;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#isLoading || this.#hasFailed) return;
    this.#isLoading = true;
    for (let page = this.#missing(); page !== null; page = this.#missing()) {
      try {
        this.#keep(page, await this.#load(page * PAGE, PAGE));
      } catch (reason) {
        this.#hasFailed = true;
        this.#failed(reason);
      }
      if (this.#hasFailed) break;
    }
    this.#isLoading = false;
  }

  #missing(): number | null {
    const { first, end } = this.#wanted;
    const screen = end - first;
    const ahead = [first, end - 1, end - 1 + screen, first - screen].map((row) => Math.floor(row / PAGE));
    const isMissing = (page: number) => {
      const count = Math.min(PAGE, this.#length - page * PAGE);
      return page >= 0 && count > 0 && (this.#pages.get(page)?.length ?? 0) < count;
    };
    return ahead.find(isMissing) ?? null;
  }

  #keep(page: number, rows: readonly Row[]): void {
    if (rows.length < Math.min(PAGE, this.#length - page * PAGE)) throw new Error('rows are gone that were there');
    this.readAt = rfc3339Now();
    this.#pages.delete(page);
    this.#pages.set(page, rows);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= PAGES_KEPT) break;
      this.#pages.delete(oldest);
    }
    this.#changed();
  }
}

const PAGE = 200;
const PAGES_KEPT = 40;
