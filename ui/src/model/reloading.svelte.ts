// Handlers that somebody works on while their streams are looked at. The engine folds with what was saved as soon as it
// can be used; whatever shows states is told to ask for them again.

import type { Backend } from '../backend/backend';
import type { HandlerProblem, HandlersNews } from '../backend/bindings';

/** What shows something that a handler made. */
export interface Reloaded {
  /** Files of a handler changed, or a history is folded with another one than before. */
  handlersChanged(news: HandlersNews): void;
}

export class Reloading {
  readonly #backend: Backend;
  readonly #session: number;
  readonly #shown = new Set<Reloaded>();
  news = $state.raw<HandlersNews | null>(null);
  #isClosed = false;

  constructor(backend: Backend, session: number) {
    this.#backend = backend;
    this.#session = session;
  }

  /** Rejects when the handlers cannot be watched. */
  async watch(): Promise<void> {
    await this.#backend.watchHandlers(this.#session, (news) => this.#hear(news));
  }

  close(): void {
    this.#isClosed = true;
    this.#shown.clear();
  }

  join(shown: Reloaded): void {
    this.#shown.add(shown);
  }

  leave(shown: Reloaded): void {
    this.#shown.delete(shown);
  }

  /** So often files of handlers changed. What was made before another number may be of other files. */
  get changes(): number {
    return this.news?.changes ?? 0;
  }

  /** Why a handler stays as it was loaded, by how it was opened; `null`: its files are what is folded with. */
  problemOf(handler: string): HandlerProblem | null {
    return this.news?.broken.find(({ reference }) => reference === handler)?.problem ?? null;
  }

  #hear(news: HandlersNews): void {
    if (this.#isClosed) return;
    this.news = news;
    for (const shown of [...this.#shown]) shown.handlersChanged(news);
  }
}
