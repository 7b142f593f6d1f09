// Texts of searching that the window starts with, and of the notebook.

import { countOf } from '../base/format';

export const SEARCH = {
  everything: 'Everything',
  blocked: {
    noHits: 'Nothing was found in this stream',
    notLooked: 'Look for something in this stream first',
    running: 'A search is running',
    notRunning: 'No search is running',
    nothingAsked: 'Search for something first',
    noCopy: 'The search index is there',
    noSaved: 'No search is saved',
    noRemoved: 'Nothing was deleted lately',
  },
} as const;

export const NOTEBOOK = {
  title: 'Notebook',
  list: 'Notes',
  filter: 'Filter the notes',
  order: 'Order',
  made: 'Time',
  place: 'Place',
  kinds: { bookmark: 'Bookmark', note: 'Note', trail: 'Trail' },
  trail: 'Where you were last. The next place takes its place; keep it to make it stay',
  empty: 'Nothing is noted on this store',
  emptyWhy: 'A bookmark or a note keeps a moment, a field or a range, with what you write to it.',
  emptyHow: 'Open a stream and press M to bookmark the moment of A',
  emptyFiltered: (total: number) => `0 of ${countOf(total, 'note', 'notes')} hold that`,
  clearFilter: 'Show all notes',
  bookmarked: (name: string) => `Bookmarked ${name}`,
  noted: (name: string) => `Noted ${name}`,
  removed: (name: string) => `Deleted the note on ${name}`,
  undo: 'Undo',
  edit: 'Edit',
  keep: 'Keep',
  remove: 'Delete',
  jump: 'Go there',
  copyLink: 'Copy link',
  save: 'Save',
  discard: 'Discard',
  saves: 'Ctrl Enter saves; until then it is kept here as a draft',
  drafts: 'Not saved yet:',
  text: 'What you want to remember',
  placeholder: 'Plain text',
  copied: (n: number) => `Copied ${countOf(n, 'note', 'notes')}`,
  copy: 'Copy as text',
  keptIn: (file: string) => `Kept in ${file}`,
  readOnly: 'The notes of a case are read and not written',
  ofRange: 'range',
  blocked: {
    none: 'Nothing is noted here',
  },
} as const;
