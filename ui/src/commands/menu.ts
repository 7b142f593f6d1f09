// The menu of what can be done with the selected stream, event or field.

import type { Desk } from '../model/desk.svelte';
import { command, type Choice, type Command } from './command';

/** Of a field, in a tree of state: the focus is on its row. */
const FIELD_MENU: readonly string[] = [
  ...['inspect.copyValue', 'inspect.copyPath', 'inspect.copyJson', 'search.value', 'inspect.why', 'inspect.blame'],
  ...['inspect.fieldHistory', 'inspect.pinField', 'cursor.nextChange', 'cursor.prevChange'],
];

/** Of a value in an event: the focus stays on a field of the state, which is none of it. */
const PAYLOAD_MENU: readonly string[] = ['inspect.copyValue', 'inspect.copyPath', 'search.value'];

/** By view, in the order in which they are offered. */
export const ACTIONS: Record<string, readonly string[]> = {
  overview: ['row.open', 'list.filter', 'list.category', 'go.link.copy'],
  compare: [
    'compare.goTo',
    'compare.openOther',
    'compare.states',
    'compare.document',
    'compare.copy',
    'compare.export',
  ],
  history: [
    ...FIELD_MENU,
    ...['cursor.setB', 'cursor.swap', 'inspect.diff', 'inspect.event', 'inspect.raw', 'inspect.handler'],
    ...[
      'evidence.bookmark',
      'evidence.note',
      'inspect.incomplete',
      'list.onlyType',
      'list.type',
      'sandbox.branchWithout',
      'sandbox.branchHere',
      'go.link.copy',
    ],
  ],
};

/** Of an event, in a list or on a timeline: A is on it. */
const EVENT_MENU: readonly string[] = [
  ...['go.link.copy', 'cursor.setB', 'evidence.bookmark', 'evidence.note', 'list.onlyType', 'inspect.event'],
  ...[
    'inspect.raw',
    'inspect.diff',
    'inspect.why',
    'inspect.incomplete',
    'sandbox.branchWithout',
    'sandbox.branchHere',
  ],
];

/** What the right button offers, by what it is on; `undefined`: what the view does. */
export const MENUS: Record<string, readonly string[] | undefined> = {
  event: EVENT_MENU,
  field: FIELD_MENU,
  payload: PAYLOAD_MENU,
};

/** What the view offers. Beside values of an event, nothing that would act on a field of the state that is not in sight. */
function actionsOf({ history, view }: Desk): readonly string[] {
  const all = ACTIONS[view] ?? [];
  if (view !== 'history' || history?.isOfState) return all;
  return all.filter((id) => !FIELD_MENU.includes(id) || PAYLOAD_MENU.includes(id));
}

/** A command that offers those of `commands` that act on a selection. */
export function menu(commands: readonly Command[]): Command {
  const choices = (desk: Desk): Choice[] =>
    actionsOf(desk)
      .flatMap((id) => commands.find((one) => one.id === id) ?? [])
      .filter((one) => one.blocked(desk) === null)
      .map(({ id, title, group }) => ({ value: id, title, note: group, command: id }));
  return command(
    'Go',
    ['overview', 'history', 'compare'],
    'go.actions',
    'Actions on what is selected…',
    (_, reach, id) => reach.run(id),
    { keys: ['Mod+.', 'Shift+F10', 'ContextMenu'], words: 'menu context copy', choices },
  );
}
