// Bookmarks and notes.

import type { Note } from '../backend/bindings';
import type { Desk } from '../model/desk.svelte';
import { linkOf, nameOf, notebookOf, noteHere, notesAsText } from '../model/notebook.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

export const NOTEBOOK: readonly Command[] = [
  command('Notebook', ['history'], 'evidence.bookmark', 'Bookmark the moment of A', bookmark, {
    ...{ keys: ['m'], words: 'mark flag remember', blocked: isCase },
  }),
  command('Notebook', ['history'], 'evidence.note', 'Note something on this moment or range', note, {
    ...{ keys: ['Shift+m'], words: 'text annotate comment', blocked: isCase },
  }),
  command('Notebook', ['history'], 'evidence.note.field', 'Note something on the focused field', noteField, {
    ...{ words: 'text annotate comment', blocked: (d) => isCase(d) ?? (d.history?.focus ? null : S.blocked.noRow) },
  }),
  command('Notebook', ['global'], 'notebook.go', 'Go to a note…', goTo, {
    ...{ words: 'bookmark jump', blocked: hasNotes, choices: notes },
  }),
  command('Notebook', ['notebook'], 'notebook.edit', 'Edit the note', edit, {
    ...{ keys: ['F2'], words: 'text', blocked: (d) => isCase(d) ?? hasActive(d) },
  }),
  command('Notebook', ['notebook'], 'notebook.keep', 'Keep where you were as a bookmark', keep, {
    ...{ words: 'trail stay', blocked: (d) => isCase(d) ?? hasActive(d) },
  }),
  command('Notebook', ['notebook'], 'notebook.remove', 'Throw the note away', remove, {
    ...{ keys: ['Delete'], words: 'remove', blocked: (d) => isCase(d) ?? hasActive(d) },
  }),
  command('Notebook', ['global'], 'notebook.undo', 'Put the deleted note back', (d) => book(d)?.undo(), {
    ...{ words: 'restore', blocked: (d) => (book(d)?.removed ? null : S.search.blocked.noRemoved) },
  }),
  command('Notebook', ['notebook'], 'notebook.order', 'Order the notes by time or by place', order, { words: 'sort' }),
  command('Notebook', ['notebook'], 'notebook.copy', 'Copy the notes as text', copyAll, {
    ...{ words: 'export clipboard', blocked: hasNotes },
  }),
  command('Notebook', ['notebook'], 'notebook.copyLink', 'Copy a link to the note', copyLink, {
    ...{ words: 'refold url', blocked: hasActive },
  }),
];

/** Goes to what a note is on: its range as B and A, its field in the focus. */
export async function goToNote(desk: Desk, { at, path, stream, until }: Note): Promise<void> {
  await desk.openStream(stream, until ?? at, { base: until === null ? null : at, tab: path === null ? null : 'state' });
  const { history } = desk;
  if (history?.opened.stream === stream && path !== null) history.focus = path;
}

function book({ store }: Desk) {
  return store ? notebookOf(store) : null;
}

function active(desk: Desk): Note | null {
  const found = book(desk);
  return found?.shown[found.active] ?? null;
}

function isCase({ store }: Desk): string | null {
  return store?.opened.case ? S.case.blocked.noted : null;
}

function hasNotes(desk: Desk): string | null {
  if (!desk.store) return S.blocked.store;
  return (book(desk)?.notes.length ?? 0) > 0 ? null : S.notebook.blocked.none;
}

function hasActive(desk: Desk): string | null {
  return active(desk) ? null : S.notebook.blocked.none;
}

async function bookmark(desk: Desk): Promise<void> {
  const { history } = desk;
  if (!history) return;
  const made = await noteHere(history, 'bookmark');
  const found = notebookOf(history.store);
  const known = found.of(made.stream).find((one) => one.at === made.at && one.until === null && one.path === null);
  if (known && known.kind !== 'trail') {
    // A second time takes it away again; what a person wrote stays.
    if (known.kind === 'bookmark' && known.text === '') return await found.remove(known);
    return desk.say(S.notebook.bookmarked(nameOf(known)));
  }
  await found.put(known ? { ...known, kind: 'bookmark' } : made);
  desk.say(S.notebook.bookmarked(nameOf(made)));
}

function note(desk: Desk): Promise<void> {
  return write(desk, null);
}

function noteField(desk: Desk): Promise<void> {
  return write(desk, desk.history?.focus ?? null);
}

// A note is written where it is read: in the notebook, with the way back to here.
async function write(desk: Desk, path: string | null): Promise<void> {
  const { history } = desk;
  if (!history) return;
  const found = notebookOf(history.store);
  found.editing = await noteHere(history, 'note', path);
  desk.show('notebook');
}

function notes(desk: Desk): Choice[] {
  return (book(desk)?.notes ?? []).toReversed().map((one) => ({
    value: one.id,
    title: one.text.split('\n')[0] || nameOf(one),
    note: [S.notebook.kinds[one.kind], nameOf(one), one.eventType].filter(Boolean).join(' · '),
  }));
}

async function goTo(desk: Desk, _: Reach, id: string): Promise<void> {
  const found = book(desk)?.notes.find((one) => one.id === id);
  if (found) await goToNote(desk, found);
}

function edit(desk: Desk): void {
  const found = book(desk);
  if (found) found.editing = active(desk);
}

async function keep(desk: Desk): Promise<void> {
  const one = active(desk);
  if (one) await book(desk)?.put({ ...one, kind: 'bookmark', changedAt: '' });
}

async function remove(desk: Desk): Promise<void> {
  const one = active(desk);
  if (one) await book(desk)?.remove(one);
}

function order(desk: Desk): void {
  const found = book(desk);
  if (found) found.order = found.order === 'made' ? 'place' : 'made';
}

async function copyAll(desk: Desk, reach: Reach): Promise<void> {
  const { store } = desk;
  if (!store) return;
  const { shown } = notebookOf(store);
  await reach.copy(notesAsText(store, shown));
  desk.say(S.notebook.copied(shown.length));
}

async function copyLink(desk: Desk, reach: Reach): Promise<void> {
  const { store } = desk;
  const one = active(desk);
  if (!store || !one) return;
  const link = linkOf(store, one);
  await reach.copy(link);
  desk.say(S.place.copied(link));
}
