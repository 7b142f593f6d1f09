import { expect, test } from 'vitest';
import type { ErrorCode } from '../backend/bindings';
import { errorWords } from './error_words';

test.each<[ErrorCode, string, string, string]>([
  [
    'notAnEventStore',
    'not an event store: the file is empty: /a.db',
    'This is no event store',
    'The file is empty: /a.db',
  ],
  [
    ...(['noLayout', 'not an event store: no layout fits its tables (t): /a.db'] as const),
    ...(['This is no event store', 'No layout fits its tables (t): /a.db'] as const),
  ],
  [
    ...(['invalidInput', 'the case is not written: it is the folder of the store: /a'] as const),
    ...(['The case is not written', 'It is the folder of the store: /a'] as const),
  ],
  [
    ...(['corrupt', 'the read model: row 1 cannot be read (it is no object): /a.json'] as const),
    ...(['The read model cannot be read', 'Row 1 cannot be read (it is no object): /a.json'] as const),
  ],
  [
    ...(['unreachable', 'the store is not the one that was opened any more: events are gone: /a.db'] as const),
    ...(['The store changed under the window', 'Events are gone: /a.db'] as const),
  ],
  ['unreachable', 'the folder is gone', 'The store could not be reached', 'The folder is gone'],
])('the heading of %s and why it is say nothing twice', (code, message, title, why) =>
  expect(errorWords({ code, message, hint: '', choices: [] })).toEqual({ title, why }),
);
