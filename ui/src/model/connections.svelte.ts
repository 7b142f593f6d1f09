// The saved connections as the window knows them, and what a store counts as. The editor has a model of its own.

import { errorOf, type Backend } from '../backend/backend';
import type {
  AppErrorWire,
  AppStart,
  Connection,
  ConnectionBook,
  Environment,
  SavedConnection,
} from '../backend/bindings';
import { S } from '../strings';

/** What a store counts as: what nobody classified is production where it is more than a file opened by its path. */
export function countsAs(location: string, environment: Environment | null): Environment {
  return environment ?? (isConnection(location) ? 'production' : 'local');
}

/** What a store is in a word, and why where nobody said it: a plain file is just that, a server counts as production. */
export function environmentWords(location: string, environment: Environment | null): { text: string; why: string } {
  const { assumed, choices, file, fileWhy, noneWhy } = S.environment;
  if (environment !== null) return { text: choices[environment], why: '' };
  return isConnection(location) ? { text: assumed, why: noneWhy } : { text: file, why: fileWhy };
}

/** Whether a store is a saved connection or on a server. */
export function isConnection(location: string): boolean {
  return location.startsWith('@') || location.includes('://');
}

export class Connections {
  saved = $state.raw<readonly SavedConnection[]>([]);
  /** Where they are kept. */
  file = $state('');
  failure = $state.raw<AppErrorWire | null>(null);
  /** What the editor edits: a saved one, or `new`. */
  editing = $state.raw<SavedConnection | 'new' | null>(null);
  /** What was removed last, to have it back. */
  removed = $state.raw<Connection | null>(null);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  take({ connections, connectionsFailure }: AppStart): void {
    this.#keep(connections);
    this.failure = connectionsFailure;
  }

  named(name: string): SavedConnection | null {
    return this.saved.find(({ connection }) => connection.name === name) ?? null;
  }

  /** The connection that a store was opened by. */
  of(location: string): SavedConnection | null {
    return location.startsWith('@') ? this.named(location.slice(1)) : null;
  }

  /** Takes over what a person wrote into the file meanwhile. */
  async read(): Promise<void> {
    try {
      this.#keep(await this.#backend.connections());
      this.failure = null;
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  async save(connection: Connection, before: string | null): Promise<void> {
    this.#keep(await this.#backend.saveConnection(connection, before));
  }

  async remove(name: string): Promise<void> {
    const known = this.named(name);
    this.#keep(await this.#backend.removeConnection(name));
    this.removed = known?.connection ?? null;
  }

  async restore(): Promise<void> {
    const { removed } = this;
    if (!removed) return;
    await this.save(removed, null);
    this.removed = null;
  }

  #keep({ file, saved }: ConnectionBook): void {
    this.saved = saved;
    this.file = file;
  }
}
