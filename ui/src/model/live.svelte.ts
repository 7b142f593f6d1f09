// An open store that somebody may write to: what came since it was opened, whether it is followed, and whether it can be
// read at all. What is shown stays as it was until a person takes the new in, or follows.

import type { Backend } from '../backend/backend';
import type { LostStore, StoreBack, StoreNews } from '../backend/bindings';

/** What grows when new events are taken in. */
export interface Growing {
  /** What the window shows of it is brought up to date; the right edge goes along where it is followed. */
  grow(isFollowing: boolean): Promise<void>;
}

export class Live {
  readonly #backend: Backend;
  readonly #session: number;
  readonly #growing = new Set<Growing>();

  news = $state.raw<StoreNews | null>(null);
  /** What is said of the store itself, where its server was out of reach when it was opened. */
  back = $state.raw<StoreBack | null>(null);
  /** Since when its server is back, while that is news: until it is lost again. */
  backSince = $state<string | null>(null);
  isFollowing = $state(false);
  /** What was taken in so far, of `newEvents`. */
  taken = $state(0);
  /** Whole seconds since the store was lost, however often it was tried again meanwhile. */
  secondsLost = $state(0);
  /** Whole seconds until it is tried again. */
  secondsToRetry = $state(0);

  #isTaking = false;
  #isWanted = false;
  #isClosed = false;
  #clock: ReturnType<typeof setInterval> | undefined;
  /** When the present loss was first heard of, by the clock that only grows. */
  #lostAt: number | null = null;

  constructor(backend: Backend, session: number) {
    this.#backend = backend;
    this.#session = session;
  }

  /** Rejects when the store cannot be watched. */
  async watch(): Promise<void> {
    await this.#backend.watchStore(this.#session, (news) => this.#hear(news));
  }

  close(): void {
    this.#isClosed = true;
    this.#growing.clear();
    clearInterval(this.#clock);
  }

  join(growing: Growing): void {
    this.#growing.add(growing);
  }

  leave(growing: Growing): void {
    this.#growing.delete(growing);
  }

  /** Events that came and are not shown yet. */
  get newEvents(): number {
    return Math.max(0, (this.news?.newEvents ?? 0) - this.taken);
  }

  get lost(): LostStore | null {
    return this.news?.lost ?? null;
  }

  follow(isFollowing: boolean): void {
    this.isFollowing = isFollowing;
    if (isFollowing) void this.takeIn();
  }

  /** Shows what came. One at a time; what comes meanwhile is taken in next. */
  async takeIn(): Promise<void> {
    this.#isWanted = true;
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      while (this.#isWanted && !this.#isClosed) {
        this.#isWanted = false;
        const came = this.news?.newEvents ?? 0;
        for (const growing of [...this.#growing]) await growing.grow(this.isFollowing);
        this.taken = came;
      }
    } finally {
      this.#isTaking = false;
    }
  }

  /** Has the store looked at now, whenever the next look would be. */
  async lookNow(): Promise<void> {
    await this.#backend.lookNow(this.#session);
  }

  #hear(news: StoreNews): void {
    if (this.#isClosed) return;
    const hasMore = news.newEvents !== (this.news?.newEvents ?? 0);
    this.news = news;
    this.#count(news.lost);
    this.back = news.back ?? this.back;
    if (news.lost) this.backSince = null;
    else if (news.back) this.backSince = news.back.since;
    // The store itself takes the place of what was kept of it as a whole, with what came while it was away.
    if (news.back || (hasMore && this.isFollowing)) void this.takeIn();
  }

  #count(lost: LostStore | null): void {
    clearInterval(this.#clock);
    const heardAt = performance.now();
    this.#lostAt = lost && (this.#lostAt ?? heardAt);
    const lostAt = this.#lostAt;
    if (!lost || lostAt === null) return;
    const tell = (): void => {
      const now = performance.now();
      this.secondsLost = Math.floor((now - lostAt) / 1_000);
      this.secondsToRetry = Math.max(0, Math.ceil((lost.retryInMillis - (now - heardAt)) / 1_000));
    };
    tell();
    this.#clock = setInterval(tell, 1_000);
  }
}
