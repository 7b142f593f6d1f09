// Texts of the read model beside what a handler makes of the history.

import { countOf, countText } from '../base/format';

export const DRIFT = {
  file: 'Read model',
  choose: 'Choose a file…',
  fileShape: 'a file, postgres://…, mysql://…, or @connection',
  table: 'Table',
  handler: 'Handler',
  position: 'As far as',
  positionShape: '#4711, or a time',
  run: 'Compare',
  running: 'Comparing rows',
  isRunning: 'It runs already',
  reading: 'Looking at the read model',
  mapping: 'What the columns hold',
  guess: 'Guess',
  save: 'Save as…',
  savedAt: (file: string) => `Saved as ${file}`,
  found: (file: string) => `found: ${file}`,
  guessed: (matched: number, sampled: number) =>
    `guessed from ${countText(matched)} of ${countText(sampled)} rows: look at each line before you compare`,
  edited: 'changed here, and not saved',
  noMapping: 'Nothing says yet what the columns hold: let it be guessed, or write it',
  noFile: 'Say first where the read model is',
  begin: 'Is the read model right?',
  beginWhy:
    'Every row of a read model is held against what a handler makes of its stream, where the row says that it is. A row that is only late, and does not say otherwise, is called behind, never wrong.',
  beginHow:
    'Choose a database of SQLite, or an export as CSV, JSON Lines or JSON. Or name a server: its address, or a saved connection. It is read as a store is: nothing is written to it or beside it.',
  rows: (n: number) => countOf(n, 'row', 'rows'),
  counts: {
    equal: 'equal',
    different: 'different',
    missing: 'missing',
    extra: 'extra',
    unplaced: 'unplaced',
    behind: 'behind',
    unclear: 'unclear',
  },
  lostUpdate: 'lost update',
  lostUpdates: (n: number) => `of these ${countOf(n, 'lost update', 'lost updates')}`,
  allRight: 'Every row is what the handler makes of it',
  byRows: (position: string) =>
    position === ''
      ? 'compared where each row is; none is right there'
      : `compared where each row is, the last at #${countText(position)}`,
  byNobody: 'nobody says how far it is: each row is compared with all of its stream',
  byCheckpoint: (position: string, lag: number) =>
    `compared at its checkpoint ${position}, ${countOf(lag, 'event', 'events')} behind the store`,
  byPerson: (position: string, lag: number) =>
    `compared at ${position}; ${countOf(lag, 'event', 'events')} of the store are later`,
  stale: 'Something else is asked than what is shown: compare again',
  faults: 'Faults',
  all: 'All',
  key: 'Key',
  kind: 'What',
  column: 'Column',
  expected: 'Expected',
  inRow: 'In the row',
  since: 'Wrong since',
  lastChange: 'Last change',
  /** No state had what the row holds. */
  nobodyCanTell: 'nobody can tell',
  neverHeld:
    'no state of the stream had what the row holds, so nobody can tell since when it is wrong; the event named is the last one that changed what is expected',
  nothing: 'nothing',
  late: (n: number) => `${countOf(n, 'event', 'events')} late`,
  firstOf: (shown: number, all: number) =>
    `${countText(shown)} of ${countText(all)} are listed, of each kind the first`,
  distinguishing: 'What distinguishes the wrong rows',
  share: (n: number, of: number) => `${countText(n)} of ${countText(of)}`,
  wrong: 'wrong rows',
  right: 'right rows',
  comparedAt: (at: string) => `compared at ${at.startsWith('#') ? at : `v ${countText(at)}`}`,
  openThere: 'Open in History',
};
