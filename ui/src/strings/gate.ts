// The texts of the view Upcasters, which is read late.

import type { GateOutcome } from '../backend/bindings';
import { countOf, countText } from '../base/format';

export const GATE = {
  title: 'Upcasters',
  run: 'Run',
  sending: 'Sending events through the upcasters',
  isRunning: 'They are being sent already',
  notRunning: 'Nothing runs here',
  noHistory: 'Open a stream in History first',
  noExample: 'Choose a row that names an event first',
  noRun: 'Run it first',
  stale: 'What is asked has changed since this ran',
  begin: 'Every event through the upcasters, before they are deployed',
  beginWhy:
    'A handler of today gets events of years ago through its upcasters. What is listed is which of them fail, which are dropped, which fields are lost and what else changes, by type, with the first event of each. Nothing is written anywhere.',
  beginExample: 'Choose a scope and a handler above, then Run.',
  sum: (events: number, upcast: number) =>
    `${countText(upcast)} of ${countOf(events, 'event', 'events')} through upcasters`,
  failed: (events: number) => (events === 0 ? 'none fails' : `${countText(events)} ${events === 1 ? 'fails' : 'fail'}`),
  dropped: (events: number) =>
    events === 0 ? 'none is dropped' : `${countText(events)} ${events === 1 ? 'is dropped' : 'are dropped'}`,
  losing: (events: number) =>
    events === 0 ? 'none loses a field' : `${countText(events)} ${events === 1 ? 'loses a field' : 'lose a field'}`,
  nothing: 'No event of this scope was there to be sent through',
  rows: 'What becomes of the events',
  columns: { type: 'Type', what: 'What', path: 'Field', events: 'Events' },
  from: (version: number | null) => (version === null ? '' : `v${version}`),
  firstOf: (rows: number, all: number) => `the first ${countText(rows)} of ${countText(all)} rows`,
  steps: 'Steps of the chains',
  step: (from: number, to: number) => `v${from} → v${to}`,
  never: 'never',
  neverWhy: 'No event of this scope takes this step',
  example: 'The first of them',
  noneChosen: 'Choose a row: the first of its events is shown as it is stored, beside what the rules get.',
  noFirst: 'No event of this row is named',
  asStored: 'Stored as the rules expect it: no step takes these events',
  reading: 'Reading the event',
  stored: 'stored',
  upcast: (type: string, before: string) => {
    if (type === '') return 'the rules get nothing';
    return type === before ? 'after upcasting' : `after upcasting: ${type}`;
  },
  parts: (told: number, all: number) =>
    told === all ? `Becomes ${countText(all)} events` : `Becomes ${countText(all)} events, of which the first are`,
  cut: (told: number, all: number) =>
    `Too many fields to list: ${countText(told)} of ${countText(all)} are shown, only such as change`,
  dropsIt: 'The event is dropped: the rules never get it',
  open: 'Open in History',
  shows: 'Which fields',
  changes: 'Changes',
  whole: 'Whole',
  same: 'Nothing of its payload changes',
  redacted: 'Masking rules hide some of it: what is computed of that is computed of what is shown',
} as const;

/** What became of events, as a word or two. */
export const OUTCOMES: Record<GateOutcome, string> = {
  fails: 'fails',
  failsElse: 'fails in other ways',
  dropped: 'dropped',
  lost: 'lost',
  retyped: 'another kind',
  revalued: 'another value',
  moved: 'moved',
  added: 'added',
  changesElse: 'changes of other fields',
  becomes: 'becomes',
  asStored: 'as it is stored',
};
