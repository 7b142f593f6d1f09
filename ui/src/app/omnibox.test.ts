import { expect, it } from 'vitest';
import { looksLikeMoment, titleRank, wishOf } from './omnibox';

it('reads the prefixes', () => {
  expect(wishOf('4711')).toEqual({ mode: 'all', text: '4711' });
  expect(wishOf('#order-47')).toEqual({ mode: 'streams', text: 'order-47' });
  expect(wishOf(': 2026-08-03 14:00 ')).toEqual({ mode: 'moments', text: '2026-08-03 14:00' });
  expect(wishOf('>dark')).toEqual({ mode: 'commands', text: 'dark' });
  expect(wishOf('?')).toEqual({ mode: 'help', text: '' });
});

it('knows a cursor when it sees one', () => {
  for (const text of ['v12', '#4711', '2026-08-03', '2026-08-03 14:00', '-2h', 'start', 'head']) {
    expect(looksLikeMoment(text), text).toBe(true);
  }
  for (const text of ['4711', 'order-4711', 'vendor', '']) expect(looksLikeMoment(text), text).toBe(false);
});

it('ranks beginnings before middles', () => {
  expect(titleRank('Dark theme', 'dark')).toBe(0);
  expect(titleRank('Dark theme', 'the')).toBe(1);
  expect(titleRank('Dark theme', 'ark')).toBe(2);
  expect(titleRank('Dark theme', 'light')).toBeNull();
});
