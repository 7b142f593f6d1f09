// Two states side by side: what stands on each side, running it, and where one goes from there.

import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Choice, type Command } from './command';

/** What the commands of the view do; `compare_acts.ts` does it. */
export type Act =
  | 'preset'
  | 'run'
  | 'swap'
  | 'stop'
  | 'onlyChanges'
  | 'ignoreOrder'
  | 'nextChange'
  | 'prevChange'
  | 'openBase'
  | 'openCurrent'
  | 'goTo'
  | OfStores;

/** Those of two whole stores alone. */
type OfStores = 'choose' | 'openOther' | 'document' | 'states' | 'copy' | 'export';

const hasStore = ({ store }: Desk) => (store ? null : S.blocked.store);
const hasHistory = ({ history }: Desk) => (history ? null : S.blocked.history);
/** Comparing is seldom wanted: the window starts without it. */
export const comparisons = () => import('./compare_acts');

export const COMPARE: readonly Command[] = [
  command(
    'Go',
    ['history', 'compare'],
    'compare.points',
    'Compare B with A',
    async (d) => (await comparisons()).start(d, 'points'),
    {
      ...{ keys: ['Mod+d'], words: 'two moments versions difference', blocked: hasHistory },
    },
  ),
  command('Go', ['history'], 'compare.aggregates', 'Compare with another stream…', aggregates, {
    ...{ words: 'two aggregates difference', blocked: hasHistory },
  }),
  command('Go', ['history'], 'compare.handlers', 'Compare with another handler…', handlers, {
    ...{ words: 'two versions difference', blocked: hasHistory, choices: others },
  }),
  command('Go', ['global'], 'compare.readModel', 'Is a read model right?', readModel, {
    ...{ words: 'compare projection rows table drift', blocked: hasStore },
  }),
  command('Go', ['compare'], 'compare.toReadModel', 'Compare the read model', readModel, {
    keys: ['m'],
    isQuiet: true,
  }),
  command('Go', ['compare'], 'compare.stores', 'Do two stores hold the same?', stores, {
    ...{ keys: ['s'], words: 'compare backup migrated copy difference', blocked: hasStore },
  }),
  command('Go', ['compare', 'overview'], 'compare.with', 'Compare with another store…', stores, {
    ...{ words: 'two stores backup migrated copy difference same', blocked: hasStore, choices: atHand },
  }),
  act('preset', 'Switch what differs between the sides', []),
  act('run', 'Compare both sides, the read model or both stores', ['Mod+Enter', 'r'], blockedRun),
  act('swap', 'Swap the sides', ['x']),
  act('stop', 'Stop comparing', ['Escape']),
  act('onlyChanges', 'Show only what differs, or all', ['o']),
  act('ignoreOrder', 'Regard or ignore the order of elements', ['i']),
  act('nextChange', 'Next difference', ['F7']),
  act('prevChange', 'Difference before', ['Shift+F7']),
  act('openBase', 'Open the side of B in History', ['b']),
  act('openCurrent', 'Open the side of A in History', ['a']),
  act('goTo', 'Open the event that made the row so', []),
  ofStores('choose', 'Choose the other store…', ['f']),
  ofStores('openOther', 'Open the stream in the other store, in a new tab', ['Shift+Enter']),
  ofStores('document', 'Payload or metadata of both events', ['d']),
  ofStores('states', 'Compare the states of the stream in both stores', ['h']),
  ofStores('copy', 'Copy the verdict', ['c']),
  ofStores('export', 'Save the comparison…', ['e']),
];

function blockedRun({ store }: Desk): string | null {
  if (store?.compared) return store.boards.get(store.compared)?.blocked('run') ?? null;
  return store?.comparing?.blocked ?? null;
}

function ofStores(what: OfStores, title: string, keys: string[]): Command {
  return act(what, title, keys, ({ store }) =>
    store?.compared === 'stores' ? (store.boards.get('stores')?.blocked(what) ?? null) : S.blocked.stores,
  );
}

async function stores(desk: Desk, _: unknown, other: string): Promise<void> {
  await (await comparisons()).stores(desk, other);
}

/** Recent stores and saved connections, without the open one. */
function atHand({ connections, recents, store }: Desk): Choice[] {
  const saved = connections.saved.map(({ connection }) => `@${connection.name}`);
  const recent = recents.map(({ location }) => location);
  return [...new Set([...saved, ...recent])]
    .filter((location) => location !== store?.opened.location)
    .map((location) => ({ value: location, title: location, note: '' }));
}

function act(what: Act, title: string, keys: string[], blocked: Command['blocked'] = () => null): Command {
  const run: Command['run'] = async (desk, _, value) => (await comparisons()).act(desk, what, value);
  return command('Compare', ['compare'], `compare.${what}`, title, run, { keys, blocked });
}

async function readModel(desk: Desk): Promise<void> {
  await (await comparisons()).readModel(desk);
}

async function aggregates(desk: Desk, _: unknown, stream: string): Promise<void> {
  await (await comparisons()).aggregates(desk, stream);
}

async function handlers(desk: Desk, _: unknown, handler: string): Promise<void> {
  if (handler !== '') await (await comparisons()).start(desk, 'handlers', { handler });
}

function others({ history, store }: Desk): Choice[] {
  const choices = store?.handlers ?? [];
  return choices
    .filter(({ reference }) => reference !== history?.handler)
    .map(({ reference, name, version }) => ({
      ...{ value: reference, title: version === '' ? name : `${name}@${version}`, note: reference },
    }));
}
