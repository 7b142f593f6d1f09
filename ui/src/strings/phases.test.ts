import { expect, it } from 'vitest';
import { figureText, paceText, phaseText } from './phases';

const update = { job: 1, phase: 'foldingRanges', done: 1_000, total: 4_000, doublings: 0 } as const;

it('says what is done in words of the window, how far it is, and what is left', () => {
  expect(phaseText(update)).toBe('making states');
  expect(figureText(update)).toBe('1,000 of 4,000 events · 25 % · 3,000 left');
  expect(figureText({ ...update, phase: 'readingTheReadModel', total: null })).toBe('1,000 rows');
  expect(figureText({ ...update, phase: 'copyingTheDatabase', done: 2_500_000, total: 10_000_000 })).toBe(
    '2.5 MB of 10.0 MB · 25 % · 7.5 MB left',
  );
});

it('says sizes beyond what one number of the engine holds', () => {
  const large = {
    ...update,
    phase: 'copyingTheDatabase',
    done: 500_000_000,
    total: 3_125_000_000,
    doublings: 4,
  } as const;
  expect(figureText(large)).toBe('8.0 GB of 50.0 GB · 16 % · 42.0 GB left');
});

it('says nothing where nothing is counted, and where all is and it still runs', () => {
  expect(phaseText({ ...update, phase: null })).toBe('');
  expect(figureText({ ...update, done: 0, total: null })).toBe('');
  expect(figureText({ ...update, done: 4_000 })).toBe('');
});

it('says how fast it is in what is counted, and how long it still takes', () => {
  expect(paceText(update, 1_500, 90)).toBe('1,500/s · 2 min left');
  expect(paceText({ ...update, phase: 'readingTheFile' }, 104_857_600, null)).toBe('104.8 MB/s');
  expect(paceText({ ...update, phase: null }, 12, 5)).toBe('12/s · 5 s left');
});
