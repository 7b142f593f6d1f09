// Saved connections: opening one, adding, changing, removing.

import { environmentWords } from '../model/connections.svelte';
import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

const T = S.connections;
const noneSaved = ({ connections }: Desk) => (connections.saved.length > 0 ? null : T.none);

const waits = ({ waiting }: Desk) => (waiting.length > 0 ? null : S.restore.nothingWaits);

export const CONNECTIONS: readonly Command[] = [
  command('Store', ['global'], 'connection.saved', 'Open a saved connection…', open, {
    ...{ words: 'server postgres production', choices: saved, blocked: noneSaved },
  }),
  command('Store', ['global'], 'connection.add', 'Add a connection…', (d) => edit(d, null), {
    words: 'new server postgres save name',
  }),
  command('Store', ['global'], 'connection.edit', 'Change a connection…', (d, _, name) => edit(d, name), {
    ...{ words: 'edit server', choices: names, blocked: noneSaved },
  }),
  command('Store', ['global'], 'connection.remove', 'Remove a connection…', remove, {
    ...{ words: 'forget server', choices: names, blocked: noneSaved },
  }),
  command('Store', ['global'], 'connection.restore', 'Bring back the connection that was removed', restore, {
    ...{ words: 'undo', blocked: ({ connections }) => (connections.removed ? null : T.nothingRemoved) },
  }),
  command('Store', ['global'], 'connection.connect', 'Connect to the servers that were open last', connect, {
    ...{ words: 'production restore reopen', blocked: waits },
  }),
  command('Store', ['global'], 'connection.leave', 'Leave the servers closed that were open last', leaveClosed, {
    ...{ words: 'production restore forget', blocked: waits, isQuiet: true },
  }),
  command('Store', ['global'], 'connection.read', 'Read the file of connections again', (d) => d.connections.read(), {
    words: 'reload toml',
  }),
];

function connect(desk: Desk): Promise<void> {
  return desk.connectWaiting();
}

function leaveClosed(desk: Desk): void {
  desk.forgetWaiting();
}

function names({ connections }: Desk): Choice[] {
  return connections.saved.map(({ connection: { environment, name = '' }, target }) => ({
    ...{ value: name, title: `@${name}` },
    note: [environmentWords(`@${name}`, environment ?? null).text, target].join(' · '),
  }));
}

function saved(desk: Desk): Choice[] {
  return names(desk).map((choice) => ({ ...choice, value: `@${choice.value}` }));
}

async function open(desk: Desk, _: Reach, location: string): Promise<void> {
  await desk.openStore(location);
}

function edit(desk: Desk, name: string | null): void {
  const known = name === null ? 'new' : desk.connections.named(name);
  if (!known) return;
  desk.connections.editing = known;
  desk.openOverlay('connection');
}

async function remove(desk: Desk, _: Reach, name: string): Promise<void> {
  await desk.connections.remove(name);
  desk.say(T.removed(name));
}

async function restore(desk: Desk): Promise<void> {
  const name = desk.connections.removed?.name ?? '';
  await desk.connections.restore();
  desk.say(T.restored(name));
}
