import { expect, it } from 'vitest';
import type { DriftFault } from '../../backend/bindings';
import { isNumber, lastChangeOf, sinceOf, whyOf } from './fault_words';

const FAULT: DriftFault = {
  ...{ key: 'order-2212', kind: 'different', stream: 'order-2212', column: 'total', path: '/total', expected: '75.17' },
  ...{ found: '"81.92"', version: '27', position: '', recordedAt: '', eventType: 'ItemAdded', at: '30', holds: '' },
  ...{ isLostUpdate: false, isLastChange: false, behindBy: 0, why: '' },
};

it('calls an event the first that a row is wrong at only where it is that', () => {
  expect([sinceOf(FAULT), lastChangeOf(FAULT), whyOf(FAULT)]).toEqual(['v 27 ItemAdded', '', '']);
  const nobody = { ...FAULT, isLastChange: true };
  expect([sinceOf(nobody), lastChangeOf(nobody)]).toEqual(['nobody can tell', 'v 27 ItemAdded']);
  expect(whyOf(nobody)).toContain('no state of the stream had what the row holds');
});

it('knows numbers in the forms of state and row', () => {
  expect(['75.17', '"81.92"', '-3', '1e9'].filter(isNumber)).toHaveLength(4);
  expect(['', '"Paid"', 'nothing', '"12 of 15"', '1,204'].filter(isNumber)).toEqual([]);
});
