// Walking from an event to its cause and to its effects, and what can be taken from their tree.

import { cursorOfEvent, eventPlaceText } from '../base/format';
import type { CausationRow } from '../backend/bindings';
import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Command, type Reach } from './command';

const T = S.causation;
const hasEvent = ({ history }: Desk) => (history && history.a > 0 ? null : S.blocked.noEvent);
const hasTree = ({ history }: Desk) => (history?.tab === 'causation' && history.causes.tree ? null : S.blocked.noTree);

export const CAUSATION: readonly Command[] = [
  command('Cursor', ['history'], 'cursor.cause', 'Go to the cause of the event', (d) => walk(d, 'cause'), {
    ...{ keys: ['['], words: 'causation parent caused by', blocked: hasEvent },
  }),
  command('Cursor', ['history'], 'cursor.effect', 'Go to the first effect of the event', (d) => walk(d, 'effect'), {
    ...{ keys: [']'], words: 'causation child caused', blocked: hasEvent },
  }),
  command('Inspect', ['history'], 'causation.copy', 'Copy causes and effects as text', copyTree, {
    ...{ words: 'causation tree export', blocked: hasTree },
  }),
  command(
    'Inspect',
    ['history'],
    'causation.index',
    'Index the ids of all events',
    ({ history }) => history?.causes.index(),
    {
      ...{
        words: 'causation correlation whole store',
        blocked: ({ history }) => (history?.causes.isIndexing ? S.blocked.indexing : null),
      },
    },
  ),
  command('Inspect', ['history'], 'causation.stop', 'Stop indexing the ids', ({ history }) => history?.causes.stop(), {
    ...{ words: 'cancel', blocked: ({ history }) => (history?.causes.isIndexing ? null : S.blocked.noJob) },
  }),
];

/** Opens the row of the tree that keys act on in its stream, at its version. */
export async function openCause(desk: Desk): Promise<void> {
  const { history } = desk;
  const event = history?.causes.tree?.rows[history.causes.active]?.event;
  if (event) await desk.openStream(event.stream, cursorOfEvent(event), { base: null, tab: 'causation' });
}

async function walk(desk: Desk, role: 'cause' | 'effect'): Promise<void> {
  const { history } = desk;
  if (!history) return;
  const { row, missing } = await history.causes.beside(history.a, role);
  if (row?.event) {
    const { event } = row;
    await desk.openStream(event.stream, cursorOfEvent(event), { base: null, tab: history.tab });
  } else history.notice = missing === '' ? T.none[role] : T.none.notFound(missing);
}

async function copyTree(desk: Desk, reach: Reach): Promise<void> {
  const tree = desk.history?.causes.tree;
  if (!tree) return;
  await reach.copy(tree.rows.map(lineOf).join('\n'));
  desk.say(T.copied);
}

function lineOf({ role, steps, indent, event, id, notes }: CausationRow): string {
  const sign = role === 'asked' ? '=' : role === 'cause' ? `-${steps}` : `+${steps}`;
  const what = event ? `${event.stream} ${eventPlaceText(event)}  ${event.eventType}  ${event.recordedAt}` : id;
  const said = notes.length > 0 ? `  [${notes.map((note) => T.notes[note]).join('; ')}]` : '';
  return `${sign.padStart(5)}  ${'  '.repeat(indent)}${what}${said}`;
}
