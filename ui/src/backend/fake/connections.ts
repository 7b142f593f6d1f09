// Saved connections of the twin: kept in memory, tried step by step. A host called `gone` does not answer, one called
// `secret` asks for a password.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { ConnectionsBackend } from '../connections';

const FILE = '/home/ada/.config/refold/connections.toml';
const TITLES = ['reach the store', 'sign in', 'read-only is enforced', 'what this account could do', 'find events'];

export class FakeConnections {
  #saved: readonly wire.Connection[];
  readonly #passwords = new Map<string, string>();

  constructor(saved: readonly wire.Connection[]) {
    this.#saved = saved;
  }

  get book(): wire.ConnectionBook {
    const sorted = [...this.#saved].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
    return { saved: sorted.map(told), file: FILE };
  }

  /** Fails as the application does where a password is wanted that nobody typed. */
  check(location: string): void {
    const connection = this.#saved.find(({ name }) => `@${name}` === location);
    if (!connection?.host?.startsWith('secret') || this.#passwords.has(location)) return;
    throw new BackendError({
      code: 'passwordNeeded',
      message: `the server asks for a password: ${location}`,
      hint: 'Type it, or say in the connection where it comes from.',
      choices: [],
    });
  }

  classify(name: string, environment: wire.Environment | null): void {
    this.#saved = this.#saved.map((one) => (one.name === name ? { ...one, environment } : one));
  }

  async connections(): Promise<wire.ConnectionBook> {
    return this.book;
  }

  async saveConnection(connection: wire.Connection, before: string | null): Promise<wire.ConnectionBook> {
    const { name = '' } = connection;
    if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name)) {
      throw invalid('the connection cannot be used: its name must be 1 to 64 letters', 'correct it');
    }
    if (name !== before && this.#saved.some((one) => one.name === name)) {
      throw invalid(`there is a connection called ${name} already`, 'choose another name, or edit that one');
    }
    this.#saved = [...this.#saved.filter((one) => one.name !== (before ?? name)), connection];
    return this.book;
  }

  async removeConnection(name: string): Promise<wire.ConnectionBook> {
    this.#saved = this.#saved.filter((one) => one.name !== name);
    return this.book;
  }

  async readAddress(address: string): Promise<wire.AddressRead> {
    const parts = /^(postgres|mysql|mariadb)(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?/.exec(
      address,
    );
    if (!parts) throw invalid('the address of the server cannot be read', 'write it as postgres://user@host/database');
    const [, scheme, user, password, host, database] = parts;
    const kind = scheme === 'postgres' ? scheme : 'mysql';
    const connection = { kind, user: user || null, host: host || null, database: database || null };
    return { connection, hasPassword: !!password };
  }

  async typePassword(location: string, password: string): Promise<void> {
    this.#passwords.set(location, password);
  }

  async tryConnection(connection: wire.Connection, hear: (step: wire.ConnectStep) => void): Promise<wire.Connected> {
    const isFile = !!connection.store;
    const steps: wire.ConnectStep[] = [];
    for (const [index, title] of TITLES.entries()) {
      const isGone = !isFile && index === 0 && !!connection.host?.startsWith('gone');
      const step: wire.ConnectStep = {
        ...{ step: index + 1, title, millis: 4 + index * 3, advice: '' },
        ...(isGone ? GONE : (isFile ? OF_FILE : OF_SERVER)[index]),
      } as wire.ConnectStep;
      steps.push(step);
      hear(step);
      if (isGone)
        return { steps, failure: { code: 'unreachable', message: GONE.said, hint: GONE.advice, choices: [] } };
    }
    return { steps, failure: null };
  }
}

const GONE = {
  outcome: 'failed',
  said: 'no server answers: gone:5432: connection refused',
  advice: 'look whether name and port are right, the server runs, and no firewall is between',
} as const;

const OF_FILE: readonly Partial<wire.ConnectStep>[] = [
  { outcome: 'ok', said: 'a file of 53.9 MB' },
  { outcome: 'none', said: 'a file asks for no password' },
  { outcome: 'ok', said: 'the file is opened immutable' },
  { outcome: 'ok', said: 'it may write to the file; Refold never does' },
  { outcome: 'ok', said: 'Emmett; 60,000 events' },
];

const OF_SERVER: readonly Partial<wire.ConnectStep>[] = [
  { outcome: 'ok', said: 'pg-prod-3:5432 answers' },
  { outcome: 'ok', said: 'the server let us in' },
  { outcome: 'ok', said: 'every transaction is READ ONLY, and the server said so' },
  {
    outcome: 'warning',
    said: 'this role may write: INSERT, UPDATE; Refold never does',
    advice: 'CREATE ROLE refold_reader LOGIN;\nGRANT USAGE ON SCHEMA public TO refold_reader;',
  },
  { outcome: 'ok', said: 'Marten; 48,210,993 events' },
];

/** The twin with its connections. */
export function withConnections<Rest extends object>(twin: Rest, of: FakeConnections): Rest & ConnectionsBackend {
  // The methods of the twin stand on its prototype: what is added goes onto the object itself.
  return Object.assign(twin, {
    connections: () => of.connections(),
    saveConnection: (connection: wire.Connection, before: string | null) => of.saveConnection(connection, before),
    removeConnection: (name: string) => of.removeConnection(name),
    readAddress: (address: string) => of.readAddress(address),
    typePassword: (location: string, password: string) => of.typePassword(location, password),
    tryConnection: (connection: wire.Connection, _: string | null, hear: (step: wire.ConnectStep) => void) =>
      of.tryConnection(connection, hear),
  });
}

function told(connection: wire.Connection): wire.SavedConnection {
  const { database, host, kind, store, user } = connection;
  const target = store ?? [host, database].filter(Boolean).join(' / ');
  const address = store ? '' : `${kind ?? 'postgres'}://${user ? `${user}@` : ''}${host ?? ''}/${database ?? ''}`;
  return { connection, target, address, problems: [] };
}

function invalid(message: string, hint: string): BackendError {
  return new BackendError({ code: 'invalidInput', message, hint, choices: [] });
}
