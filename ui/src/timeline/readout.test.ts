import { expect, it } from 'vitest';
import { columnText } from './readout';

it('says how many events of a column something was found at, and nothing of none', () => {
  const column = { axis: 'position' as const, from: 11n, length: 10n, events: 1_066 };
  expect(columnText({ ...column, problems: 0 })).toBe('1,066 events in 11 – 20');
  expect(columnText({ ...column, problems: 1_002 })).toBe('1,066 events, 1,002 with problems, in 11 – 20');
});
