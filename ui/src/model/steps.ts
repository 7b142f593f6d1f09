// Moving A by a step that only the engine can find: along the listed types, a type, a field, a share of the window.

import type { SearchDirection } from '../backend/bindings';
import { S } from '../strings';
import type { OpenHistory } from './open_history.svelte';

export class Steps {
  readonly #history: OpenHistory;
  #last: Promise<void> = Promise.resolve();

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  /** To the event before or after A that the list shows. */
  beside(direction: SearchDirection): Promise<void> {
    const history = this.#history;
    if (history.types.length > 0) return this.toType(history.types, direction);
    history.setA(history.a + (direction === 'forward' ? 1 : -1));
    return Promise.resolve();
  }

  /** To the next event of the same type as that of A. */
  async inType(direction: SearchDirection): Promise<void> {
    const { a, opened, store } = this.#history;
    if (a === 0) return;
    await this.#tried(async () => {
      const { row } = await store.backend.eventDetail(opened.history, a);
      await this.toType([row.eventType], direction);
    });
  }

  /** To the next event of some types. Steps follow one another, however fast they are asked for. */
  toType(types: string[], direction: SearchDirection): Promise<void> {
    const history = this.#history;
    const step = async () => {
      const found = await history.store.backend.nextEvent(history.opened.history, types, history.a, direction);
      if (found === null) history.notice = direction === 'forward' ? S.history.noneAfter : S.history.noneBefore;
      else history.setA(found);
    };
    this.#last = this.#last.then(() => this.#tried(step));
    return this.#last;
  }

  /** To the next moment at which the focused field changed, or says why there is none. */
  async alongField(direction: SearchDirection): Promise<void> {
    const history = this.#history;
    const { focus } = history;
    if (focus === null) {
      history.notice = S.history.chooseField;
      return;
    }
    await this.#tried(async () => {
      const found = await history.store.backend.nextChange(history.opened.history, focus, history.a, direction);
      if (found === null) history.notice = direction === 'forward' ? S.history.noChangeAfter : S.history.noChangeBefore;
      else history.setA(found);
    });
  }

  /** By a share of the visible window, and at least by an event. */
  byShare(share: number): void {
    this.#history.setA(this.momentBeside(this.#history.a, share));
  }

  /** The moment a share of the visible window away from another, and at least an event. */
  momentBeside(moment: number, share: number): number {
    const history = this.#history;
    const { timeline } = history;
    const x = history.xOfMoment(moment);
    const step = Math.sign(share);
    if (x === null) return moment + step;
    const target = history.momentAt(Math.min(timeline.width - 1, Math.max(0, x + share * timeline.width)));
    return step > 0 ? Math.max(moment + 1, target) : Math.min(moment - 1, target);
  }

  async #tried(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (reason) {
      this.#history.failed(reason);
    }
  }
}
