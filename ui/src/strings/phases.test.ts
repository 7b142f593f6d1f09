import { expect, it } from 'vitest';
import { figureText, phaseText } from './phases';

const update = { job: 1, phase: 'foldingRanges', done: 1_000, total: 4_000 } as const;

it('says what is done in words of the window, how far it is, and what is left', () => {
  expect(phaseText(update)).toBe('making states');
  expect(figureText(update)).toBe('1,000 of 4,000 events · 25 % · 3,000 left');
  expect(figureText({ ...update, phase: 'readingTheReadModel', total: null })).toBe('1,000 rows');
  expect(figureText({ ...update, phase: 'copyingTheDatabase', done: 2_500_000, total: 10_000_000 })).toBe(
    '2.5 MB of 10.0 MB · 25 % · 7.5 MB left',
  );
});

it('says nothing where nothing is counted, and where all is and it still runs', () => {
  expect(phaseText({ ...update, phase: null })).toBe('');
  expect(figureText({ ...update, done: 0, total: null })).toBe('');
  expect(figureText({ ...update, done: 4_000 })).toBe('');
});
