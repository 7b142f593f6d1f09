// Texts of the sandbox. Its view is read late, and these with it.

import { countOf, countText } from '../base/format';

export const SANDBOX = {
  name: 'Sandbox',
  /** Never hidden, never shortened. */
  watermark: 'SANDBOX · not the record',
  nowhere: 'nothing of it is written to the store',
  branched: (stream: string, at: string) =>
    at === '' ? `branched from ${stream}` : `branched from ${stream} at ${at}`,
  begin: 'What if an event had not been, or had been otherwise?',
  beginWhy:
    'Open a stream in History, select an event, and choose “Branch here without this event” from its menu. Both lines are folded side by side; the record stays as it is.',
  making: 'Folding both lines',
  lines: (record: number, sandbox: number) =>
    `${countOf(record, 'event', 'events')} in the record, ${countText(sandbox)} in the sandbox`,
  differsAtHead: (n: number) =>
    n === 0 ? 'equal at the head' : `${countOf(n, 'place differs', 'places differ')} at the head`,
  otherwise: (n: number) => countOf(n, 'later event comes to something else', 'later events come to something else'),
  edits: 'Edits',
  noEdits: 'None yet: both lines are the record.',
  removeEdit: (words: string) => `Take back: ${words}`,
  invariants: 'Invariants on both lines',
  holds: 'holds',
  breaks: (event: string) => `breaks at ${event}`,
  unclear: (event: string) => `unclear since ${event}`,
  list: 'Both lines, side by side',
  heads: { event: 'Event', record: 'Record', sandbox: 'Sandbox' },
  same: 'same state',
  differs: 'state differs',
  marks: {
    kept: '',
    edited: 'edited',
    skipped: 'left out',
    inserted: 'inserted',
    movedFrom: 'moved from here',
    movedTo: 'moved to here',
  },
  glyphs: { kept: '', edited: '~', skipped: '−', inserted: '+', movedFrom: '↷', movedTo: '↳' },
  skip: 'Leave out',
  edit: 'Edit…',
  imagine: 'Imagine an event…',
  time: 'Time…',
  undo: 'Undo',
  redo: 'Redo',
  editor: 'One edit, as a file of edits has it',
  apply: 'Apply',
  cancel: 'Cancel',
  isRunning: 'both lines are being folded',
  noSandbox: 'Branch a stream first',
  noRow: 'Choose an event of the list first',
  gone: 'this event is not in the sandbox any more',
  lastEvent: 'it is the last event of the sandbox',
  nothingToUndo: 'there is no edit to take back',
  nothingToRedo: 'nothing was taken back',
  noHistory: 'Open a stream in History first',
  noEvent: 'Select an event first: before the first there is none',
};
