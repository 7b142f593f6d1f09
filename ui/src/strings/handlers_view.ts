// The texts of the view Handlers, which is read late.

import type { HandlerWalls, Taken } from '../backend/bindings';
import { countOf, countText } from '../base/format';
import { instantText } from '../base/instant';
import type { Part } from '../model/handlers.svelte';

export const HANDLERS = {
  title: 'Handlers',
  list: 'Packages and their versions',
  facts: (packages: number, versions: number) =>
    `${countOf(packages, 'package', 'packages')} · ${countOf(versions, 'version', 'versions')}`,
  none: 'No handler package is at hand',
  noneWhy:
    'Streams are folded with builtin:merge: every payload is a merge patch on the state. A package says it better: put one into a folder “handlers” beside the store, or fold a stream with one, and it is listed here.',
  noneStarter: 'A starter is made from the events of a category, on the command line:',
  copyCommand: 'Copy the command',
  reading: 'Reading the handlers',
  counting: 'Counting the types of events',
  testing: 'Running the test cases',
  test: 'Run test cases',
  fold: 'Fold with it',
  edit: 'Edit a draft',
  isRunning: 'Something runs already',
  notRunning: 'Nothing runs here',
  noCases: 'The package has no test cases',
  noHistory: 'Open a stream of this store in History first',
  noRow: 'Choose a type of events first',
  noHandler: 'No handler is at hand',
  isBroken: 'It cannot be used as it is',
  draft: 'draft',
  draftWhy: 'Still worked on: its files may differ from the hash in the manifest',
  pinned: 'pinned',
  pinnedWhy: 'The manifest says which hash its files must have',
  used: (histories: number) => `folds ${countText(histories)}`,
  usedWhy: (histories: number) => `${countOf(histories, 'open stream is', 'open streams are')} folded with it`,
  file: 'a file',
  broken: 'cannot be used',
  category: (name: string) => `for ${name}`,
  hash: 'Hash',
  engine: 'Engine',
  walls: 'Walls',
  path: 'Package',
  live: 'Live',
  livesAlways: 'no dates in the manifest',
  parts: { source: 'Source', coverage: 'Coverage', declares: 'Declares', cases: 'Test cases' } satisfies Record<
    Part,
    string
  >,
  partsLabel: 'What of it',
  fileLabel: 'File',
  noText: (bytes: number) => `This is no text, or longer than 524,288 bytes: it has ${countOf(bytes, 'byte', 'bytes')}`,
  furtherFiles: (files: number) => `${countOf(files, 'more file is', 'more files are')} not listed`,
  cut: (first: number, last: number, all: number) =>
    `Lines ${countText(first)} to ${countText(last)} of ${countText(all)} are shown`,
  sourceLabel: (file: string) => `The lines of ${file}`,
  problemAt: (column: number) => `The problem is here, at column ${countText(column)}`,
  handled: (taken: number, types: number) => `${countText(taken)} of ${countOf(types, 'type', 'types')} taken`,
  allTaken: 'none is missing',
  missing: (types: number, events: number) => `${countText(types)} missing, of ${countOf(events, 'event', 'events')}`,
  unclear: (types: number) => `${countOf(types, 'type', 'types')} only folding could tell`,
  ofCategories: (names: readonly string[]) => `streams of ${names.join(', ')}`,
  ofAll: 'all streams',
  elsewhere: (types: number) => `${countOf(types, 'type', 'types')} only in streams of other categories`,
  behind: 'of the store as it was before it grew',
  types: 'Types of events',
  columns: { type: 'Type', taken: 'What the handler says', events: 'Events', first: 'First' },
  absent: (types: number) => `Named, and no event has ${types === 1 ? 'it' : 'them'}`,
  needsIndex: 'The types are counted once the local index is there',
  noEvents: 'The store has no events',
  invariants: 'Invariants',
  noInvariants: 'It declares no invariants',
  upcasters: 'Upcasters',
  noUpcasters: 'It has no upcasters',
  step: (from: number, to: number) => `v${from} → v${to}`,
  notTested: (cases: number) =>
    cases === 0
      ? 'The package has no test cases: put some into its folder tests, named *.case.yaml.'
      : `${countOf(cases, 'file', 'files')} of test cases, not run since the files changed.`,
  passed: (passed: number, failed: number) =>
    failed === 0 ? `${countText(passed)} passed` : `${countText(passed)} passed, ${countText(failed)} failed`,
  ofNone: 'No case is meant for this version',
  caseEvents: (events: number) => countOf(events, 'event', 'events'),
  further: (failures: number) => `${countText(failures)} more`,
  ok: 'passed',
  fails: 'failed',
} as const;

/** What a handler says of a type. */
export const TAKEN: Record<Taken, string> = {
  missing: 'nothing: missing',
  unclear: 'only folding could tell',
  asAnyOther: 'folded as any type',
  forNothing: 'named, changes nothing',
  folded: 'folded',
};

/** What keeps the code of a handler in, in the words of the command line. */
export function wallsText({ standing, lacking }: HandlerWalls): string {
  if (standing === null) return `in a process without walls: ${lacking ?? 'nothing keeps it in'}`;
  return lacking === null ? `in a process behind ${standing}` : `in a process behind ${standing} alone: ${lacking}`;
}

/** A span of the manifest, with its times as a person reads them. */
export function spanText(span: string): string {
  const words = span.split(' ').map((word) => (/^\d{4}-\d\d-\d\dT.*Z$/.test(word) ? instantText(word) : word));
  return words.join(' ').replace('..', '→').trim();
}
