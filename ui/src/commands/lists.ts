// The list of a view that keeps one of its own: what keys for rows act on.

import { notebookOf } from '../model/notebook.svelte';
import { searchOf } from '../model/search.svelte';
import type { Desk } from '../model/desk.svelte';
import { comparisons } from './compare';
import { goToNote } from './notebook';
import { openFound } from './search';

export interface List {
  move(by: number): void | Promise<void>;
  open(): void | Promise<void>;
}

/** `null` where the view has none, or has its rows elsewhere. */
export function listOf(desk: Desk): List | null {
  const { store, view } = desk;
  if (store && view === 'search') {
    const { tab } = searchOf(store);
    return { move: (by) => tab.move(by), open: () => openFound(desk) };
  }
  if (store && view === 'notebook') {
    const book = notebookOf(store);
    const last = () => book.shown.length - 1;
    return {
      move: (by) => void (book.active = Math.max(0, Math.min(last(), book.active + by))),
      open: async () => {
        const note = book.shown[book.active];
        if (note) await goToNote(desk, note);
      },
    };
  }
  if (store && view === 'compare') {
    return {
      move: async (by) => (await comparisons()).move(desk, by),
      open: async () => (await comparisons()).openCompared(desk),
    };
  }
  return (store && store.boards.get(view)) ?? null;
}
