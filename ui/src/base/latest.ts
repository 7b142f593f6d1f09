// One request in flight, one waiting, the newest wins. The window can so never flood the engine while a person drags.
// A request that outlasts the patience is overtaken by a newer one: the engine then gives the older one up. Patience
// doubles with each that was given up, until one is answered: else a slow engine would never be shown to answer.

export class Latest<Query, Answer> {
  readonly #send: (query: Query) => Promise<Answer>;
  readonly #show: (answer: Answer, query: Query) => void;
  readonly #fail: (reason: unknown, query: Query) => void;
  readonly #patienceMillis: number;
  #pending: { query: Query } | null = null;
  /** Which send is the newest; an answer of an older one is not shown. */
  #newest = 0;
  #givenUp = 0;
  #sentAt = 0;
  #inFlight = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(
    send: (query: Query) => Promise<Answer>,
    show: (answer: Answer, query: Query) => void,
    fail: (reason: unknown, query: Query) => void,
    patienceMillis = Infinity,
  ) {
    this.#send = send;
    this.#show = show;
    this.#fail = fail;
    this.#patienceMillis = patienceMillis;
  }

  ask(query: Query): void {
    if (this.#isClosed) return;
    if (!this.#inFlight) {
      void this.#run(query);
      return;
    }
    this.#pending = { query };
    if (this.#patienceMillis === Infinity || this.#timer !== undefined) return;
    const left = this.#patienceMillis * 2 ** this.#givenUp - (performance.now() - this.#sentAt);
    this.#timer = setTimeout(() => this.#overtake(), Math.max(0, left));
  }

  /** Sends at once, over whatever is in flight, whose answer is not shown any more. */
  interrupt(query: Query): void {
    if (this.#isClosed) return;
    this.#pending = null;
    void this.#run(query);
  }

  /** Nothing is asked or shown any more. */
  close(): void {
    this.#isClosed = true;
    this.#pending = null;
    clearTimeout(this.#timer);
  }

  #overtake(): void {
    this.#timer = undefined;
    const next = this.#pending;
    if (!next || this.#isClosed) return;
    this.#pending = null;
    this.#givenUp += 1;
    void this.#run(next.query);
  }

  async #run(query: Query): Promise<void> {
    this.#newest += 1;
    const own = this.#newest;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#inFlight = true;
    this.#sentAt = performance.now();
    try {
      const answer = await this.#send(query);
      if (this.#isShown(own)) this.#show(answer, query);
    } catch (reason) {
      if (this.#isShown(own)) this.#fail(reason, query);
    }
    if (own !== this.#newest) return;
    this.#givenUp = 0;
    this.#inFlight = false;
    const next = this.#pending;
    this.#pending = null;
    if (next && !this.#isClosed) void this.#run(next.query);
  }

  #isShown(own: number): boolean {
    return own === this.#newest && !this.#isClosed;
  }
}
