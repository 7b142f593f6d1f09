// Rows of a list that is too long to hold: pages around what is visible, fetched one at a time, the oldest forgotten.
// Rows that rush past are fetched now and then: nobody reads them, and each page would take its time from the frame.

import { rfc3339Now } from './instant';

export interface Page<Row> {
  total: number;
  matching: number;
  rows: readonly Row[];
}

export class PagedRows<Row> {
  readonly #load: (offset: number, limit: number) => Promise<Page<Row>>;
  readonly #changed: () => void;
  readonly #failed: (reason: unknown) => void;
  readonly #pages = new Map<number, readonly Row[]>();
  /** Pages that are shown and fetched anew. */
  readonly #stale = new Set<number>();
  #wanted = { first: 0, end: 1 };
  /** The first row that was wanted when a page was asked for last. */
  #askedFor = 0;
  /** When a page was asked for last that is far from the one before. */
  #jumpedAt = -Infinity;
  #generation = 0;
  #isLoading = false;
  #hasFailed = false;
  /** When rows came last, RFC 3339; empty while there are none. */
  readAt = '';
  /** Rows without a filter; `null` until the first page came. */
  total: number | null = null;
  matching = 0;

  constructor(
    load: (offset: number, limit: number) => Promise<Page<Row>>,
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

  /** Where a row is, among those that are here; the latest answer is right where pages of two moments both have it. */
  indexOf(is: (row: Row) => boolean): number | null {
    for (const [page, rows] of [...this.#pages].reverse()) {
      const at = rows.findIndex(is);
      if (at >= 0) return page * PAGE + at;
    }
    return null;
  }

  /** Says which rows are visible; what is missing of them, and a screen around them, is fetched. */
  want(first: number, end: number): void {
    this.#wanted = { first, end };
    void this.#pump();
  }

  /** Forgets everything, for another filter or order. What was wanted is fetched anew. */
  reset(): void {
    this.#generation += 1;
    this.#pages.clear();
    this.readAt = '';
    this.#stale.clear();
    this.total = null;
    this.#hasFailed = false;
    this.#isLoading = false;
    this.#jumpedAt = -Infinity;
    this.#wanted = { first: 0, end: 1 };
    void this.#pump();
  }

  /** Forgets the rows but not how many there are, after something about them changed. */
  refetch(): void {
    this.#generation += 1;
    this.#pages.clear();
    this.readAt = '';
    this.#isLoading = false;
    this.#stale.clear();
    this.#hasFailed = false;
    void this.#pump();
  }

  /** Fetches anew what is visible, because the rows behind it changed; what is there stays until the new came. */
  renew(): void {
    const { first, end } = this.#wanted;
    const isWanted = (page: number) => page >= Math.floor(first / PAGE) && page <= Math.floor((end - 1) / PAGE);
    for (const page of this.#pages.keys()) {
      if (isWanted(page)) this.#stale.add(page);
      else this.#pages.delete(page);
    }
    this.#hasFailed = false;
    void this.#pump();
  }

  /** Says that rows came behind the last: there are so many now, and none of those before moved. */
  extend(matching: number): void {
    if (this.total !== null && matching <= this.matching) return;
    this.total = matching;
    this.matching = matching;
    void this.#pump();
  }

  /** Asks again for what failed. */
  retry(): void {
    this.#hasFailed = false;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#isLoading || this.#hasFailed) return;
    const generation = this.#generation;
    this.#isLoading = true;
    for (let page = this.#missing(); page !== null; page = this.#missing()) {
      const isFar = Math.abs(this.#wanted.first - this.#askedFor) > PAGE;
      const early = this.#jumpedAt + PACE_MILLIS - performance.now();
      if (isFar && early > 0) {
        // Where the rows are by then is what is fetched.
        await new Promise((resolve) => setTimeout(resolve, early));
        if (generation !== this.#generation) return;
        continue;
      }
      this.#askedFor = this.#wanted.first;
      if (isFar) this.#jumpedAt = performance.now();
      const isStale = this.#stale.delete(page);
      try {
        const expected = this.#rowsOf(page);
        const answer = await this.#load(page * PAGE, PAGE);
        if (generation !== this.#generation) return;
        this.#keep(page, answer, expected);
      } catch (reason) {
        if (generation !== this.#generation) return;
        if (isStale) this.#stale.add(page);
        this.#hasFailed = true;
        this.#failed(reason);
        break;
      }
    }
    this.#isLoading = false;
  }

  #missing(): number | null {
    const { first, end } = this.#wanted;
    if (this.total === null) return Math.floor(first / PAGE);
    const screen = end - first;
    const around = [first, end - 1, end - 1 + screen, first - screen].map((row) => Math.floor(row / PAGE));
    // A page that was the last one lacks what came behind it since.
    const isMissing = (page: number) =>
      page >= 0 && (this.#stale.has(page) || (this.#pages.get(page)?.length ?? 0) < this.#rowsOf(page));
    return around.find(isMissing) ?? null;
  }

  /** How many rows a page holds, as far as it is known. */
  #rowsOf(page: number, matching = this.total === null ? 0 : this.matching): number {
    return Math.min(PAGE, Math.max(0, matching - page * PAGE));
  }

  #keep(page: number, { total, matching, rows }: Page<Row>, expected: number): void {
    // Asking for them again and again would bring no more of them.
    if (rows.length < Math.min(expected, this.#rowsOf(page, matching)))
      throw new Error('rows are gone that were there');
    this.total = total;
    this.matching = matching;
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
/** While the rows rush past, a page at a time, one is asked for so often. */
const PACE_MILLIS = 100;
const PAGES_KEPT = 40;
