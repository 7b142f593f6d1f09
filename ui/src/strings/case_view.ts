// What is said of a case file that is open, and of one that is being written.

import type { Written } from '../backend/bindings';
import { countOf } from '../base/format';

export const CASE_VIEW = {
  save: 'Save as a case',
  writing: 'Writing the case file',
  written: ({ events, file, size }: Written) =>
    `Case of ${countOf(events, 'event', 'events')} saved as ${file} (${size})`,
  seal: (sha256: string) => `SHA-256 ${sha256}`,
  title: 'Case file',
  from: 'From',
  recorded: 'As of',
  lastPosition: (position: string, time: string) =>
    `${time}, when the last event of the store was recorded: #${position}`,
  lastPositionAlone: (position: string) =>
    `the last event of the store was #${position}, recorded at a time that is not in the case`,
  noPosition: 'the store held no event',
  until: 'Last event in the case',
  noTime: 'no recorded time',
  saved: 'Written',
  by: (time: string, version: string) => `${time} by Refold ${version}`,
  streams: 'Streams',
  handlers: 'Handlers',
  noFiles: 'only its hash',
  leftOut: 'Left out',
  findings: 'Found then',
  within: (what: string[]) => `Open, and in it: ${what.join(', ')}`,
  elsewhere: (what: string) => `Open, and not in it: ${what}`,
  branch: (stream: string, edits: number) => `the sandbox of ${stream} with ${countOf(edits, 'edit', 'edits')}`,
  unseenBranch: (stream: string) => `the sandbox of ${stream}, which no tab shows`,
  unapplied: 'an edit in the sandbox that is not applied',
} as const;
