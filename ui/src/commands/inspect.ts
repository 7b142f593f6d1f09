// What the inspector shows of a moment, and what can be taken from it.

import type { Desk } from '../model/desk.svelte';
import { differences } from '../model/differences.svelte';
import type { EventLens } from '../model/open_history.svelte';
import type { Tab } from '../model/view';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

const hasRow = ({ history }: Desk) => (history?.rowAt(history.activeRow) ? null : S.blocked.noRow);

export const INSPECT: readonly Command[] = [
  tab('story', 'Show the story', '1'),
  tab('state', 'Show the state', '2'),
  tab('diff', 'Show the differences', '3'),
  tab('blame', 'Show the blame', '4'),
  tab('event', 'Show the event', '5'),
  tab('raw', 'Show the raw columns', '6'),
  tab('causation', 'Show causes and effects', '7'),
  lens('payload', 'Show the payload of the event'),
  lens('metadata', 'Show the metadata of the event'),
  lens('upcast', 'Show what upcasters make of the event'),
  command('Inspect', ['history'], 'inspect.handler', 'Fold with another handler…', (d, _, value) => d.foldWith(value), {
    ...{ words: 'version reducer package replay', choices: handlers },
  }),
  command('Inspect', ['history'], 'inspect.resume', 'Read the state again', ({ history }) => history?.ask(), {
    words: 'retry resume refresh',
  }),
  command('Inspect', ['history'], 'inspect.stop', 'Stop reading the state', ({ history }) => history?.stop(), {
    ...{ words: 'cancel fold', blocked: ({ history }) => (history?.waiting.now === 'slow' ? null : S.blocked.noJob) },
  }),
  command('Inspect', ['history'], 'inspect.incomplete', 'Go to where states became incomplete', toIncomplete, {
    words: 'missing event since why lack finding',
    blocked: ({ history }) => (history?.frame?.incompleteSince ? null : S.blocked.isComplete),
  }),
  change('inspect.nextChange', 'Bring the next change into view', 'F7', 1),
  change('inspect.prevChange', 'Bring the change before into view', 'Shift+F7', -1),
  command('Inspect', ['history', 'tree'], 'inspect.copyPath', 'Copy the path of the focused field', copyPath, {
    ...{ keys: ['Alt+Shift+c'], words: 'json pointer', blocked: hasRow },
  }),
  command('Inspect', ['tree'], 'inspect.copyValue', 'Copy the value of the focused field', copyValue, {
    ...{ keys: ['Mod+c'], words: 'literal', blocked: hasRow },
  }),
  command(
    'Inspect',
    ['history', 'tree'],
    'inspect.copyJson',
    'Copy the focused field, or the state, as JSON',
    copyJson,
    {
      ...{ keys: ['Mod+Shift+j'], words: 'node subtree exact clipboard', blocked: hasState },
    },
  ),
  command('Inspect', ['history'], 'inspect.expandAll', 'Open everything in the state', (d) => fold(d, true), {
    ...{ keys: ['Alt+Shift+ArrowRight'], words: 'expand unfold tree', blocked: hasFrame },
  }),
  command('Inspect', ['history'], 'inspect.collapseAll', 'Fold everything in the state', (d) => fold(d, false), {
    ...{ keys: ['Alt+Shift+ArrowLeft'], words: 'collapse tree', blocked: hasFrame },
  }),
  command('Inspect', ['history'], 'inspect.onlyChanges', 'Show only what changed, or the whole', onlyChanges, {
    ...{ keys: ['Alt+Shift+o'], words: 'filter differences tree', blocked: hasFrame },
  }),
  command('Inspect', ['global'], 'inspect.sideBySide', 'Show differences side by side, or in one line', sideBySide, {
    ...{ keys: ['Alt+Shift+s'], words: 'unified split columns diff' },
  }),
];

async function toIncomplete(desk: Desk): Promise<void> {
  desk.leave();
  await desk.history?.problems.goToIncomplete();
  desk.revealA();
  desk.visit();
}

function hasFrame({ history }: Desk): string | null {
  return history?.frame ? null : S.blocked.history;
}

// What is copied is of the state: under the rows of an event it would be a wrong quotation.
function hasState(desk: Desk): string | null {
  return hasFrame(desk) ?? (desk.history?.isOfState ? null : S.blocked.noState);
}

async function copyJson(desk: Desk, reach: Reach): Promise<void> {
  const { history } = desk;
  if (!history) return;
  const row = history.rowAt(history.activeRow);
  // What is gone stands in the state before.
  const isGone = row !== undefined && row.pointer === history.focus && row.mark === 'removed';
  const moment = isGone ? (history.frame?.base ?? 0) : history.a;
  const path = history.focus ?? '';
  await reach.copy(await desk.backend.stateJson(history.opened.history, moment, path));
  history.notice = S.inspector.copied(path);
}

function fold({ history }: Desk, isOpen: boolean): void {
  history?.look.fold(isOpen);
  history?.ask();
}

// In Diff it is a setting; in State it belongs to the stream.
async function onlyChanges(desk: Desk, _: Reach, extent: string): Promise<void> {
  const { history } = desk;
  if (!history) return;
  if (history.tab === 'diff') {
    const isWhole = extent === '' ? !differences.isWhole : extent === 'whole';
    await desk.set({ diffExtent: isWhole ? 'whole' : 'changes' });
    differences.isWhole = isWhole;
  } else {
    history.look.onlyChanges = extent === '' ? !history.look.onlyChanges : extent === 'changes';
  }
  history.ask();
}

async function sideBySide(desk: Desk, _: Reach, layout: string): Promise<void> {
  const isSideBySide = layout === '' ? !differences.isSideBySide : layout === 'sideBySide';
  await desk.set({ diffLayout: isSideBySide ? 'sideBySide' : 'unified' });
}

function tab(name: Tab, title: string, key: string): Command {
  const run = (desk: Desk) => {
    desk.leave();
    desk.history?.setTab(name);
    desk.visit();
  };
  return command('Inspect', ['history'], `inspect.${name}`, title, run, { keys: [key], words: 'tab' });
}

function lens(name: EventLens, title: string): Command {
  const run = ({ history }: Desk) => {
    if (!history) return;
    history.setTab('event');
    history.setEventLens(name);
  };
  return command('Inspect', ['history'], `inspect.event.${name}`, title, run);
}

function handlers({ history, store }: Desk): Choice[] {
  return (store?.handlers ?? [])
    .filter(({ reference }) => reference !== history?.handler)
    .map(({ reference, name, version, category }) => ({
      value: reference,
      title: version === '' ? name : `${name}@${version}`,
      note: category === null ? reference : `${category} · ${reference}`,
    }));
}

function hasChange({ history }: Desk): string | null {
  const { frame, lens } = history ?? {};
  const count = lens === 'diff' ? frame?.totalRows : lens === 'state' ? frame?.changedRows.length : 0;
  return count ? null : S.blocked.noChange;
}

function change(id: string, title: string, key: string, step: 1 | -1): Command {
  return command('Inspect', ['history'], id, title, ({ history }) => history?.revealChange(step), {
    ...{ keys: [key], words: 'differences rows scroll', blocked: hasChange },
  });
}

async function copyPath({ history }: Desk, reach: Reach): Promise<void> {
  const row = history?.rowAt(history.activeRow);
  if (row) await reach.copy(row.pointer);
}

async function copyValue({ history }: Desk, reach: Reach): Promise<void> {
  const row = history?.rowAt(history.activeRow);
  if (row) await reach.copy(row.value);
}
