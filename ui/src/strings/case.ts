// What is said of case files wherever one stands.

import type { Written } from '../backend/bindings';
import { countOf } from '../base/format';

export const CASE = {
  written: ({ events, file, size }: Written) =>
    `Case of ${countOf(events, 'event', 'events')} saved as ${file} (${size})`,
  band: 'CASE FILE',
  asOf: (time: string) => `as of ${time}`,
  writtenOn: (time: string) => `written ${time}`,
  blocked: {
    isCase: 'This is a case file already: copy the file instead',
    writing: 'The case file is being written',
    notWriting: 'No case file is being written',
    noted: 'The notes of a case file are read and not written',
  },
} as const;
