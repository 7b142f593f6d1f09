import { expect, test } from 'vitest';
import { errorDetail, redacted } from './error_detail';

test.each([
  ['the file is gone: /home/ada lovelace/shops/orders.db', 'the file is gone: …/orders.db'],
  ['the file is gone: /orders.db', 'the file is gone: …/orders.db'],
  ['cannot read "C:\\Users\\ada\\orders.db"', 'cannot read "…/orders.db"'],
  ['cannot read ~/shops/orders.db', 'cannot read …/orders.db'],
  ['no answer: postgres://ada:secret@pg-prod-3:5432/orders', 'no answer: postgres://…'],
  ['the value at /lines/0/price is no number', 'the value at …/price is no number'],
  ['page 4,711 of 9,000 cannot be read and/or written', 'page 4,711 of 9,000 cannot be read and/or written'],
])('%s', (text, kept) => expect(redacted(text)).toBe(kept));

test('a detail says what failed, why, what to do and when, and no folder', () => {
  const error = {
    ...{ code: 'unreachable' as const, message: 'the file is gone: /home/ada/orders.db', choices: [] },
    hint: 'put it back to /home/ada/orders.db',
  };
  expect(errorDetail(error, '2026-11-21T14:00:00Z').split('\n')).toEqual([
    'What failed: The store could not be reached (unreachable)',
    'Why: the file is gone: …/orders.db',
    'What to do: put it back to …/orders.db',
    'When: 2026-11-21T14:00:00Z',
  ]);
});
