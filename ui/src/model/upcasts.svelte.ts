// The way of the event at A through the upcasters of the handler.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, UpcastWire } from '../backend/bindings';
import { Latest } from '../base/latest';

export class Upcasts {
  /** `null`: the handler has no upcasters for the event; of which moment, `moment` says. */
  chain = $state.raw<UpcastWire | null>(null);
  moment = $state(0);
  failure = $state.raw<AppErrorWire | null>(null);
  readonly #ways: Latest<number, UpcastWire | null>;

  constructor(backend: Backend, history: number) {
    this.#ways = new Latest(
      (moment) => backend.upcast(history, moment),
      (chain, moment) => {
        this.chain = chain;
        this.moment = moment;
      },
      (reason) => (this.failure = errorOf(reason)),
    );
  }

  close(): void {
    this.#ways.close();
  }

  ask(moment: number): void {
    this.failure = null;
    if (moment > 0) this.#ways.ask(moment);
  }
}
