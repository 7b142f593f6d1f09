// Which question about a history is open beside its inspector: why, or what is known, one at a time. The answers live with
// the drawers that show them.

import type { OpenHistory } from './open_history.svelte';
import type { WhyAsked } from './why.svelte';

export class Drawers {
  /** What the drawer Why is asked; `null`: it is closed. */
  whyAsked = $state.raw<WhyAsked | null>(null);
  /** The time that the drawer of what is known begins with; `null`: it is closed. */
  knownAbout = $state.raw<string | null>(null);

  readonly #history: OpenHistory;

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  /** Asks why of the moment of A, beside which no values of a field are listed. */
  askWhy(asked: Omit<WhyAsked, 'moment'> | null): void {
    if (asked) {
      this.#history.fields.unlist();
      this.closeKnown();
    }
    this.whyAsked = asked && { ...asked, moment: this.#history.a };
  }

  /** Asks what is known of the time of A, and what was believed then. */
  askKnown(): void {
    this.#history.fields.unlist();
    this.askWhy(null);
    this.knownAbout = this.#history.frame?.recordedAt ?? '';
  }

  closeKnown(): void {
    this.knownAbout = null;
  }

  close(): void {
    this.askWhy(null);
    this.closeKnown();
  }
}
