// Faults of the twin that can be switched on and off while a window looks at it, so that every view's failing, slow and
// forbidden states can be looked at and tested.

import { BackendError, type Backend } from '../backend';
import type { AppErrorWire, ErrorCode } from '../bindings';

/** `slow`: answers after two seconds; `stuck`: never answers. The others fail as the application does. */
export type Fault = 'disconnected' | 'denied' | 'corrupt' | 'internal' | 'slow' | 'stuck';

const SLOW_MILLIS = 2_000;
const FILE = '/home/ada/shops/orders.db';
const FAILURES: Record<Exclude<Fault, 'slow' | 'stuck'>, AppErrorWire> = {
  disconnected: failure('unreachable', `cannot reach the store: the file is gone: ${FILE}`, {
    hint: 'Look whether the path or address is right and reachable from here',
  }),
  denied: failure('denied', `the file may not be read: permission denied: ${FILE}`, {
    hint: `Ask its owner for leave to read it: chmod o+r ${FILE}`,
  }),
  corrupt: failure('corrupt', `the store is damaged: page 4,711 cannot be read: ${FILE}`, {
    hint: "Copy it again from where it came, or open a backup; of an SQLite database its tool's .recover saves what is left",
  }),
  internal: failure('internal', 'the reading thread ended before it answered', { hint: '' }),
};

/** All that asks about an open store, whatever it is called. */
const EVERYTHING = '*';

export class Faults {
  readonly #switched = new Map<string, Fault>();

  /** `method`: one of the back end, or `*` for all that asks an open store. `null`: it works again. */
  set(method: keyof Backend | typeof EVERYTHING, fault: Fault | null): void {
    if (fault === null) this.#switched.delete(method);
    else this.#switched.set(method, fault);
  }

  /** As a page is asked for them: `streams:denied,find:slow`. What it does not know it leaves out. */
  read(text: string): void {
    for (const part of text.split(',')) {
      const [method = '', name = ''] = part.split(':');
      if (isFault(name)) this.#switched.set(method, name);
    }
  }

  of(method: string, asked: readonly unknown[]): Fault | null {
    // Sessions, histories and lanes go by numbers. What closes and cancels works always, as in the application.
    const asksStore = typeof asked[0] === 'number' && !/^(close|cancel)/.test(method);
    return this.#switched.get(method) ?? (asksStore ? (this.#switched.get(EVERYTHING) ?? null) : null);
  }
}

export function withFaults(backend: Backend, faults: Faults): Backend {
  return new Proxy(backend, {
    get(twin, name) {
      const method: unknown = Reflect.get(twin, name, twin);
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      return (...asked: unknown[]): unknown => {
        const answer = () => Reflect.apply(method, twin, asked) as unknown;
        const fault = faults.of(name, asked);
        if (fault === null) return answer();
        if (fault === 'stuck') return new Promise(() => {});
        if (fault !== 'slow') return Promise.reject(new BackendError(FAILURES[fault]));
        return new Promise((resolve) => setTimeout(resolve, SLOW_MILLIS)).then(answer);
      };
    },
  });
}

function isFault(name: string): name is Fault {
  return name === 'slow' || name === 'stuck' || name in FAILURES;
}

function failure(code: ErrorCode, message: string, { hint }: { hint: string }): AppErrorWire {
  return { code, message, hint, choices: [] };
}
