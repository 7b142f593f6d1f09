// Searching the store, finding in the open stream, saved searches.

import type { Desk } from '../model/desk.svelte';
import { findOf } from '../model/find.svelte';
import { NOTHING_ASKED, searchOf, titleOf, type SearchBoard } from '../model/search.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

const hasStore = (desk: Desk) => (desk.store ? null : S.blocked.store);

export const SEARCH: readonly Command[] = [
  command('Search', ['global'], 'search.text', 'Search the store for a text…', searchText, {
    ...{ words: 'find payload metadata', blocked: hasStore, isQuiet: true },
  }),
  command('Search', ['history', 'tree'], 'search.value', 'Search for the value of the focused field', searchValue, {
    ...{ words: 'store same find', blocked: ({ history }) => (valueAt(history) === '' ? S.blocked.noRow : null) },
  }),
  command('Search', ['search'], 'search.focus', 'Type what to search for', () => focusSoon('search-text'), {
    ...{ keys: ['Mod+f'], words: 'text field find', isQuiet: true },
  }),
  command('Search', ['search'], 'search.run', 'Run the search', (d) => board(d)?.run(), { words: 'again start' }),
  command('Search', ['search'], 'search.cancel', 'Stop the search', (d) => board(d)?.tab.cancel(), {
    ...{ words: 'cancel', blocked: (d) => (board(d)?.tab.phase === 'running' ? null : S.search.blocked.notRunning) },
  }),
  command('Search', ['search'], 'search.clear', 'Ask for nothing', (d) => board(d)?.tab.set(NOTHING_ASKED), {
    words: 'reset empty filter',
  }),
  command('Search', ['search'], 'search.tab.new', 'New search', (d) => void board(d)?.open(NOTHING_ASKED), {
    words: 'tab open another',
  }),
  command('Search', ['search'], 'search.tab.close', 'Close this search', closeTab, { words: 'tab' }),
  command('Search', ['search'], 'search.tab.next', 'Next search', (d) => turnTab(d), { words: 'tab switch' }),
  command('Search', ['global'], 'search.saved', 'Run a saved search…', runSaved, {
    ...{ words: 'query', blocked: hasStore, choices: saved },
  }),
  command('Search', ['global'], 'search.recent', 'Search for something again…', runRecent, {
    ...{ words: 'query lately last', blocked: hasStore, choices: recent },
  }),
  command('Search', ['search'], 'search.sidebar', 'Show or hide the saved searches', switchSaved, {
    words: 'panel list folders',
  }),
  command('Search', ['search'], 'search.copy', 'Make the search index', (d) => board(d)?.copy(), {
    ...{ words: 'fast copy arena', blocked: copyBlocked },
  }),
  command('Search', ['search'], 'search.export.ndjson', 'Export what is found as JSON Lines', exportAs('ndjson'), {
    ...{ words: 'save file ndjson', blocked: exportBlocked },
  }),
  command('Search', ['search'], 'search.export.csv', 'Export what is found as CSV', exportAs('csv'), {
    ...{ words: 'save file table spreadsheet', blocked: exportBlocked },
  }),
  command('Search', ['history'], 'find.here', 'Find in this stream', (d) => openFind(d), {
    ...{ keys: ['Mod+f'], words: 'search text payload hits' },
  }),
  command('Cursor', ['history'], 'cursor.nextHit', 'Next hit', (d) => hop(d, 1), {
    ...{ keys: ['n'], words: 'search find result', blocked: hitBlocked },
  }),
  command('Cursor', ['history'], 'cursor.prevHit', 'Previous hit', (d) => hop(d, -1), {
    ...{ keys: ['Shift+n'], words: 'search find result', blocked: hitBlocked },
  }),
  command('Search', ['history'], 'find.close', 'Stop finding in this stream', closeFind, {
    ...{ words: 'hits marks clear', blocked: findBlocked },
  }),
];

/** Stops what Esc would stop in a search; `false` when there is nothing. */
export function stopSearching(desk: Desk): boolean {
  const { history, view } = desk;
  const found = board(desk);
  if (view === 'search' && found?.tab.phase === 'running') {
    void found.tab.cancel();
    return true;
  }
  if (view !== 'history' || !history) return false;
  const find = findOf(history);
  if (!find.isOpen) return false;
  void find.close();
  return true;
}

/** Opens the event that the list of results is at, with the hits of the search as marks in its stream. */
export async function openFound(desk: Desk): Promise<void> {
  const tab = board(desk)?.tab;
  const row = tab?.rows?.at(tab.active);
  if (!tab?.ran || !row) return;
  await desk.openStream(row.stream, `#${row.position}`);
  const { history } = desk;
  // What is asked of the stream is said by its id already.
  if (history?.opened.stream === row.stream) await findOf(history).run({ ...tab.ran, stream: '', categories: [] });
}

function board({ store }: Desk): SearchBoard | null {
  return store ? searchOf(store) : null;
}

async function searchText(desk: Desk, _: Reach, text: string): Promise<void> {
  if (text === '') return desk.show('search');
  const found = board(desk);
  if (!found) return;
  desk.show('search');
  found.open({ ...NOTHING_ASKED, text });
  await found.run();
}

// As it is written in payloads: of a text without its quotes, since part of a text is found too.
function valueAt(history: Desk['history']): string {
  const row = history?.rowAt(history.activeRow);
  if (!row || row.kind !== 'leaf' || row.isRedacted) return '';
  return row.value.startsWith('"') ? row.value.slice(1, -1) : row.value;
}

async function searchValue(desk: Desk, reach: Reach): Promise<void> {
  const text = valueAt(desk.history);
  if (text !== '') await searchText(desk, reach, text);
}

async function closeTab(desk: Desk): Promise<void> {
  const found = board(desk);
  await found?.close(found.tab);
}

function turnTab(desk: Desk): void {
  const found = board(desk);
  if (found) found.current = (found.current + 1) % found.tabs.length;
}

// A saved search is told by its folder and its name, which hold no line break.
function saved(desk: Desk): Choice[] {
  return (board(desk)?.saved ?? []).map(({ folder, name, asked }) => ({
    value: `${folder}\n${name}`,
    title: name,
    note: [folder, titleOf(asked)].filter(Boolean).join(' · '),
  }));
}

async function runSaved(desk: Desk, _: Reach, place: string): Promise<void> {
  const found = board(desk);
  const query = found?.saved.find(({ folder, name }) => `${folder}\n${name}` === place);
  if (!found || !query) return;
  desk.show('search');
  found.open({ ...NOTHING_ASKED, ...query.asked }, query);
  await found.run();
}

function recent(desk: Desk): Choice[] {
  return (board(desk)?.recent ?? []).map((asked, index) => ({ value: `${index}`, title: titleOf(asked), note: '' }));
}

async function runRecent(desk: Desk, _: Reach, index: string): Promise<void> {
  const found = board(desk);
  const asked = found?.recent.find((_, at) => `${at}` === index);
  if (!found || !asked) return;
  desk.show('search');
  found.open(asked);
  await found.run();
}

function switchSaved(desk: Desk): void {
  const found = board(desk);
  if (found) found.showsSaved = !found.showsSaved;
}

function copyBlocked(desk: Desk): string | null {
  return board(desk)?.offer?.isReady ? S.search.blocked.noCopy : null;
}

function exportBlocked(desk: Desk): string | null {
  const tab = board(desk)?.tab;
  return tab?.ran ? null : S.search.blocked.nothingAsked;
}

function exportAs(format: 'ndjson' | 'csv'): Command['run'] {
  return (desk) => board(desk)?.export(format);
}

function openFind(desk: Desk): void {
  if (desk.history) findOf(desk.history).isOpen = true;
  focusSoon('find-text');
}

async function closeFind({ history }: Desk): Promise<void> {
  if (history) await findOf(history).close();
}

function findBlocked({ history }: Desk): string | null {
  return history && findOf(history).isOpen ? null : S.search.blocked.notLooked;
}

// While it looks there is something to wait for.
function hitBlocked({ history }: Desk): string | null {
  const find = history && findOf(history);
  if (find?.isRunning) return null;
  if (!find?.moments) return S.search.blocked.notLooked;
  return find.moments.length > 0 ? null : S.search.blocked.noHits;
}

async function hop(desk: Desk, step: 1 | -1): Promise<void> {
  const { history } = desk;
  if (!history) return;
  const find = findOf(history);
  const moment = await find.beside(step);
  if (history !== desk.history) return;
  if (moment !== null) desk.jump(moment);
  else if (find.moments?.length === 0) desk.say(S.search.blocked.noHits);
}

// The field is there after the view has changed.
function focusSoon(test: string): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLInputElement>(`[data-test=${test}]`);
    field?.focus();
    field?.select();
  });
}
