// What the editor of a connection holds: the lines of it, the test with its steps, and a password on its way out.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, Connection, ConnectStep, Environment, SavedConnection } from '../backend/bindings';
import { EDITOR as T } from '../strings/connections';
import type { Desk } from './desk.svelte';

export type PlaceKind = 'file' | 'server';
/** Where the password comes from; empty: where the server's own tools look. */
export type SourceKind = keyof typeof T.sources;

/** The lines that are texts and nothing else. */
type Line = 'ssh' | OfAddress | 'layout' | 'mask' | 'cache';

/** Those of them that an address may say too. */
const OF_ADDRESS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'targetSessionAttrs', 'megabytesPerSecond'] as const;
type OfAddress = (typeof OF_ADDRESS)[number];

const WORDS: readonly [Environment, readonly string[]][] = [
  ['production', ['prod', 'live']],
  ['staging', ['stag', 'preprod', 'uat']],
  ['test', ['test', 'qa']],
  ['development', ['dev']],
  ['local', ['localhost', '127.0.0.1']],
];

export class Connecting {
  kind = $state<PlaceKind>('server');
  name = $state('');
  path = $state('');
  address = $state('');
  environment = $state<Environment | null>(null);
  /** The variable or the program. */
  sourceText = $state('');
  lines = $state<Record<Line, string>>({
    ...{ ssh: '', sslmode: '', sslrootcert: '', sslcert: '', sslkey: '' },
    ...{ targetSessionAttrs: '', megabytesPerSecond: '', layout: '', mask: '', cache: '' },
  });
  /** Typed for a test; empty as soon as it was sent. */
  password = $state('');

  steps = $state.raw<readonly ConnectStep[]>([]);
  isTesting = $state(false);
  failure = $state.raw<AppErrorWire | null>(null);

  readonly #desk: Desk;
  readonly #before: Connection | null;
  #source = $state<SourceKind>('');
  /** What the address said when it was read last, with its text. */
  #read = $state.raw<{ text: string; connection: Connection } | null>(null);

  constructor(desk: Desk, editing: SavedConnection | 'new') {
    this.#desk = desk;
    this.#before = editing === 'new' ? null : editing.connection;
    if (editing !== 'new') this.#take(editing);
  }

  get isNew(): boolean {
    return this.#before === null;
  }

  /** What its name and place let one suppose, and the word that does; nothing is chosen by that. */
  get suggestion(): { environment: Environment; word: string } | null {
    const text = `${this.name} ${this.kind === 'file' ? this.path : this.address}`.toLowerCase();
    for (const [environment, words] of WORDS) {
      const word = words.find((one) => text.includes(one));
      if (word !== undefined) return { environment, word };
    }
    return null;
  }

  /** Where the password can come from: each kind of server has a file of its own for it. */
  get sources(): SourceKind[] {
    const isPostgres = /^postgres(ql)?:/.test(this.address.trim());
    const foreign = this.#isMysql ? 'pgpass' : isPostgres ? 'mycnf' : null;
    return (Object.keys(T.sources) as SourceKind[]).filter((source) => source !== foreign);
  }

  /** What was chosen, as long as the kind of server knows it. */
  get source(): SourceKind {
    return this.sources.includes(this.#source) ? this.#source : '';
  }

  set source(source: SourceKind) {
    this.#source = source;
  }

  /** Whether the source is said by a text: which variable, which program. */
  get namesSource(): boolean {
    return this.source === 'env' || this.source === 'command';
  }

  get #isMysql(): boolean {
    return /^(mysql|mariadb):/.test(this.address.trim());
  }

  /** Why it cannot be tried yet. */
  get untestable(): string | null {
    return (this.kind === 'file' ? this.path : this.address).trim() === '' ? T.needsPlace : null;
  }

  /** Whether what was typed is no name: it would stand in addresses and on command lines. */
  get isWronglyNamed(): boolean {
    const name = this.name.trim();
    return name !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/.test(name);
  }

  /** Why it cannot be saved yet. */
  get unsavable(): string | null {
    if (this.name.trim() === '') return T.needsName;
    if (this.isWronglyNamed) return T.wrongName;
    return this.untestable ?? (this.environment === null ? T.needsEnvironment : null);
  }

  async chooseFile(): Promise<void> {
    const path = await this.#desk.backend.pickFile();
    if (path !== null) this.path = path;
  }

  /** Reads the address; a password in it is taken out of the field at once. */
  async readAddress(): Promise<void> {
    const text = this.address.trim();
    if (this.kind === 'file' || text === '' || this.#read?.text === text) return;
    try {
      const { connection, hasPassword } = await this.#desk.backend.readAddress(text);
      this.failure = null;
      if (hasPassword) this.address = withoutPassword(text);
      this.#fill(connection);
      this.#read = { text: this.address.trim(), connection };
    } catch (reason) {
      this.address = withoutPassword(text);
      this.failure = errorOf(reason);
    }
  }

  async test(): Promise<void> {
    if (this.untestable !== null || this.isTesting) return;
    this.isTesting = true;
    this.steps = [];
    const password = this.password === '' ? null : this.password;
    this.password = '';
    try {
      const connection = await this.#connection();
      if (!connection) return;
      await this.#desk.backend.tryConnection(connection, password, (step) => (this.steps = [...this.steps, step]));
      this.failure = null;
    } catch (reason) {
      this.failure = errorOf(reason);
    } finally {
      this.isTesting = false;
    }
  }

  /** Whether it was saved. */
  async save(): Promise<boolean> {
    if (this.unsavable !== null) return false;
    try {
      const connection = await this.#connection();
      if (!connection) return false;
      await this.#desk.connections.save(connection, this.#before?.name ?? null);
      if (this.password !== '') await this.#desk.backend.typePassword(`@${connection.name}`, this.password);
      this.password = '';
      return true;
    } catch (reason) {
      this.failure = errorOf(reason);
      return false;
    }
  }

  #take({ address, connection }: SavedConnection): void {
    this.kind = connection.store ? 'file' : 'server';
    this.name = connection.name ?? '';
    this.path = connection.store ?? '';
    this.address = address;
    this.environment = connection.environment ?? null;
    for (const line of Object.keys(this.lines) as Line[]) this.lines[line] = connection[line] ?? '';
    const [word = '', ...rest] = (connection.password ?? '').split(' ');
    this.source = word in T.sources ? (word as SourceKind) : '';
    this.sourceText = rest.join(' ');
  }

  // What an address newly says, or no longer does, is what its fields show; they may be changed behind that.
  #fill(connection: Connection): void {
    const before = this.#read?.connection ?? this.#before ?? {};
    for (const line of OF_ADDRESS) {
      const said = connection[line] ?? '';
      if (said !== (before[line] ?? '')) this.lines[line] = said;
    }
  }

  // What this editor does not show stays as it was.
  async #connection(): Promise<Connection | null> {
    const { kind, lines } = this;
    const common = {
      ...{ name: this.name.trim(), environment: this.environment, zone: this.#before?.zone ?? null },
      ...{ layout: given(lines.layout), mask: given(lines.mask), cache: given(lines.cache) },
    };
    if (kind === 'file') return { ...common, store: this.path.trim() };
    await this.readAddress();
    if (this.#read?.text !== this.address.trim()) return null;
    const password = this.namesSource ? `${this.source} ${this.sourceText.trim()}` : this.source;
    const { allowElevated = null, allowScans = null, service = null } = this.#before ?? {};
    return {
      ...{ allowElevated, allowScans, service },
      ...definite(this.#read.connection),
      ...common,
      ...{ password: given(password), ssh: given(lines.ssh), targetSessionAttrs: given(lines.targetSessionAttrs) },
      ...{ sslmode: given(lines.sslmode), sslrootcert: given(lines.sslrootcert) },
      ...{ sslcert: given(lines.sslcert), sslkey: given(lines.sslkey) },
      megabytesPerSecond: given(lines.megabytesPerSecond),
    };
  }
}

/** An address without whatever may be a password in it; where that cannot be told, only how it begins is left. */
export function withoutPassword(address: string): string {
  const [, scheme = '', rest = ''] = /^([a-z]+:\/\/)?([\s\S]*)$/.exec(address) ?? [];
  const at = rest.lastIndexOf('@');
  const signed = at < 0 ? '' : rest.slice(0, at);
  const place = rest.slice(at + 1);
  // The @ may end a password with the mark in it, or stand within one behind the ?.
  const isUnclear = /[?#]/.test(signed);
  // What stands before an address without an @ as a port may be the password of a user.
  const hosts = /^[^/?]*/.exec(place)?.[0].split(',') ?? [];
  const isUser = at < 0 && hosts.some((host) => !/^(\[[^\]]*\]|[^:[\]]*)(:\d{0,5})?$/.test(host));
  if (isUnclear || isUser) return scheme;
  const [base = '', ...query] = place.split('?');
  const lines = query.join('?').split('&');
  // Where a password ends that is not well written is not known.
  const end = lines.findIndex((line) => /^(%|p)/i.test(line) && !/^port=/.test(line));
  const kept = (end < 0 ? lines : lines.slice(0, end)).filter(Boolean).join('&');
  return `${scheme}${at < 0 ? '' : `${signed.split(':')[0]}@`}${base}${kept && '?'}${kept}`;
}

function given(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

function definite(lines: Partial<Connection>): Partial<Connection> {
  return Object.fromEntries(Object.entries(lines).filter(([, value]) => value !== null && value !== undefined));
}
