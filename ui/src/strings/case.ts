// What is said of case files.

import type { Written } from '../backend/bindings';
import { countOf } from '../base/format';

export const CASE = {
  save: 'Save as a case',
  writing: 'Writing the case file',
  written: ({ events, file, size }: Written) => `${countOf(events, 'event', 'events')} written into ${file} (${size})`,
  seal: (sha256: string) => `SHA-256 ${sha256}`,
  title: 'Case file',
  band: 'CASE FILE',
  asOf: (time: string) => `as of ${time}`,
  noTime: 'no recorded time',
  from: 'From',
  recorded: 'As of',
  lastPosition: (position: string) => `last event of the store #${position}`,
  saved: 'Written',
  by: (time: string, version: string) => `${time} by Refold ${version}`,
  streams: 'Streams',
  handlers: 'Handlers',
  noFiles: 'only its hash',
  leftOut: 'Left out',
  findings: 'Found then',
  blocked: {
    isCase: 'This is a case file already: copy the file instead',
    writing: 'The case file is being written',
    notWriting: 'No case file is being written',
    noted: 'The notes of a case file are read and not written',
  },
} as const;
