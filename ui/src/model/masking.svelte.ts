// What masking rules hide of a store, and revealing it with a reason. What is hidden never comes here: revealing asks the
// engine, which logs it first, for the same rows again.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, MaskState, RevealWire } from '../backend/bindings';
import { S } from '../strings';

/** What shows values of a store. */
export interface Masked {
  /** Another mask holds: nothing that is shown may stay, and all that a person typed does. */
  maskChanged(): void;
}

export class Masking {
  state = $state.raw<MaskState | null>(null);
  /** What a person is asked a reason for; `null`: nothing. */
  asking = $state.raw<RevealWire | null>(null);
  reason = $state('');
  failure = $state.raw<AppErrorWire | null>(null);

  readonly #backend: Backend;
  readonly #session: number;
  readonly #changed: () => void;

  /** `changed` is called when something else is hidden than before. */
  constructor(backend: Backend, session: number, changed: () => void) {
    this.#backend = backend;
    this.#session = session;
    this.#changed = changed;
    this.#backend.maskState(session).then(
      (state) => (this.state = state),
      (reason: unknown) => (this.failure = errorOf(reason)),
    );
  }

  get hasRules(): boolean {
    return this.state?.hasRules ?? false;
  }

  get revealedCount(): number {
    return this.state?.revealed.length ?? 0;
  }

  /** What is said of it: a reveal without stream, part and path is of everything, whatever else is revealed. */
  get revealedText(): string {
    const isAll = this.state?.revealed.some(({ stream, part, path }) => !stream && !part && !path) ?? false;
    return S.redacted.revealed(this.revealedCount, isAll);
  }

  ask(reveal: RevealWire): void {
    this.asking = reveal;
    this.reason = '';
    this.failure = null;
  }

  cancel(): void {
    this.asking = null;
    this.failure = null;
  }

  async reveal(): Promise<void> {
    const { asking } = this;
    if (!asking) return;
    await this.#run(() => this.#backend.reveal(this.#session, asking, this.reason));
    if (this.failure === null) this.asking = null;
  }

  /** Fails where it could not be written down; it is hidden all the same. */
  async conceal(isAll: boolean): Promise<void> {
    try {
      this.state = await this.#backend.conceal(this.#session, isAll);
    } catch (reason) {
      this.state = await this.#backend.maskState(this.#session);
      throw reason;
    } finally {
      this.#changed();
    }
  }

  async #run(act: () => Promise<MaskState>): Promise<void> {
    try {
      this.state = await act();
      this.failure = null;
      this.#changed();
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }
}
