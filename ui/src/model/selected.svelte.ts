// What lies between B and A of a history: how long it took, and of how many types it is.

import { nanosFromRfc3339 } from '../base/instant';
import { Latest } from '../base/latest';
import type { OpenHistory } from './open_history.svelte';

export interface SelectedFacts {
  /** From the one cursor to the other, in nanoseconds; before the first event nothing had begun. */
  span: bigint;
  types: number;
  /** Whether there are no more types than these: rare ones are counted together. */
  typesAreAll: boolean;
}

interface Ends {
  first: number;
  last: number;
}

const keyOf = ({ first, last }: Ends) => `${first} ${last}`;

export class SelectedEvents {
  readonly #history: OpenHistory;
  readonly #facts: Latest<Ends, SelectedFacts>;
  facts = $state.raw<SelectedFacts | null>(null);
  #asked = '';

  constructor(history: OpenHistory) {
    this.#history = history;
    this.#facts = new Latest(
      (ends) => this.#load(ends),
      (facts, ends) => {
        // Of what a person still looks at.
        if (keyOf(ends) === this.#asked) this.facts = facts;
      },
      // The count of events stands without them.
      () => (this.facts = null),
    );
  }

  /** Asks what lies between two moments, once the cursors rest. */
  want(a: number, b: number | null, isMoving: boolean): void {
    const ends = b === null || a === b ? null : { first: Math.min(a, b) + 1, last: Math.max(a, b) };
    const asked = ends ? keyOf(ends) : '';
    if (asked === this.#asked) return;
    this.facts = null;
    if (isMoving) return;
    this.#asked = asked;
    if (ends) this.#facts.ask(ends);
  }

  async #load({ first, last }: Ends): Promise<SelectedFacts> {
    const { opened, store } = this.#history;
    const time = async (moment: number) =>
      nanosFromRfc3339((await store.backend.eventDetail(opened.history, moment)).row.recordedAt);
    const query = { axis: 'version' as const, from: `${first}`, to: `${last + 1}`, columns: 1 };
    const [from, to, density] = await Promise.all([
      time(Math.max(1, first - 1)),
      time(last),
      store.backend.historyDensity(opened.history, query),
    ]);
    const counted = density.series.filter((_, at) => (density.counts[at] ?? 0) > 0);
    const names = new Set(opened.types.map(({ name }) => name));
    return {
      span: from === null || to === null ? 0n : to - from,
      types: counted.length,
      typesAreAll: counted.every((name) => names.has(name)),
    };
  }
}
