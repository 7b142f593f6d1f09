// Keys inside lists and trees. They act on the row that the list itself has marked.

import type { Desk } from '../model/desk.svelte';
import { openCause } from './causation';
import { listOf } from './lists';
import { command, type Command, type Context } from './command';

const LISTS: Context[] = ['grid', 'tree'];

export const ROWS: readonly Command[] = [
  row(LISTS, 'row.prev', 'Previous row', 'ArrowUp', (d) => moveRow(d, -1)),
  row(LISTS, 'row.next', 'Next row', 'ArrowDown', (d) => moveRow(d, 1)),
  row(LISTS, 'row.prevPage', 'One page of rows back', 'PageUp', (d, reach) => moveRow(d, -reach.pageSize())),
  row(LISTS, 'row.nextPage', 'One page of rows forward', 'PageDown', (d, reach) => moveRow(d, reach.pageSize())),
  row(LISTS, 'row.first', 'First row', 'Home', (d) => moveRow(d, -Infinity)),
  row(LISTS, 'row.last', 'Last row', 'End', (d) => moveRow(d, Infinity)),
  row(LISTS, 'row.open', 'Open the row', 'Enter', openRow),
  row(['tree'], 'row.fold', 'Fold the row', 'ArrowLeft', (d) => foldRow(d, false)),
  row(['tree'], 'row.unfold', 'Unfold the row', 'ArrowRight', (d) => foldRow(d, true)),
];

function row(contexts: readonly Context[], id: string, title: string, key: string, run: Command['run']): Command {
  return command('Rows', contexts, id, title, run, { keys: [key], isQuiet: true });
}

async function moveRow(desk: Desk, by: number): Promise<void> {
  const { history, store, view } = desk;
  const list = listOf(desk);
  if (list) await list.move(by);
  else if (view === 'history' && history?.tab === 'causation') history.causes.move(by);
  else if (view === 'history' && history) {
    const last = (history.tree?.totalRows ?? 0) - 1;
    history.focusRow(Math.max(0, Math.min(last, history.activeRow + by)));
  } else if (store) {
    store.activeStream = Math.max(0, Math.min(store.streams.matching - 1, store.activeStream + by));
  }
}

async function openRow(desk: Desk): Promise<void> {
  const { history, store, view } = desk;
  const list = listOf(desk);
  if (list) await list.open();
  else if (view === 'history' && history?.tab === 'causation') await openCause(desk);
  else if (view === 'history' && history) {
    const found = history.rowAt(history.activeRow);
    if (found?.canOpen) history.toggle(found.pointer);
    else if (found && found.changedMoment > 0) desk.jump(found.changedMoment);
  } else if (store) {
    if (store.activeStreamId !== '') await desk.openStream(store.activeStreamId);
  }
}

function foldRow({ history }: Desk, isOpen: boolean): void {
  const found = history?.rowAt(history.activeRow);
  if (history && found?.canOpen && found.isOpen !== isOpen) history.toggle(found.pointer);
}
