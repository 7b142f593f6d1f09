import { afterEach, expect, it } from 'vitest';
import { shownTime } from '../base/zone.svelte';
import { partsAround, ranked, rankOf } from './rank';
import { chosenBy, cursorsOf, looksLikeMoment, rangeOf, wishOf } from './wish';

afterEach(() => {
  shownTime.zone = 'UTC';
});

it('reads the prefixes', () => {
  expect(wishOf('4711')).toEqual({ mode: 'all', text: '4711' });
  expect(wishOf('#order-47')).toEqual({ mode: 'streams', text: 'order-47' });
  expect(wishOf(': 2026-08-03 14:00 ')).toEqual({ mode: 'moments', text: '2026-08-03 14:00' });
  expect(wishOf('>dark')).toEqual({ mode: 'commands', text: 'dark' });
  expect(wishOf('@Pay')).toEqual({ mode: 'types', text: 'Pay' });
  expect(wishOf('=type:Pay*')).toEqual({ mode: 'filter', text: 'type:Pay*' });
  expect(wishOf('?')).toEqual({ mode: 'help', text: '' });
});

it('knows links and paths without a prefix', () => {
  expect(wishOf('refold://orders.db/x@3').mode).toBe('link');
  expect(['/srv/orders.db', './orders.db', 'C:\\orders.db'].map((text) => wishOf(text).mode)).toEqual(
    Array(3).fill('path'),
  );
  expect(['/', 'order/4711'].map((text) => wishOf(text).mode)).toEqual(['all', 'all']);
});

it('knows a cursor when it sees one', () => {
  for (const text of ['v12', '#4711', '2026-08-03', '2026-08-03 14:00', '-2h', 'start', 'head', '14:00', 'v 734,166']) {
    expect(looksLikeMoment(text), text).toBe(true);
  }
  for (const text of ['4711', 'order-4711', 'vendor', '']) expect(looksLikeMoment(text), text).toBe(false);
});

it('offers the moments that a text may mean', () => {
  expect(cursorsOf(wishOf('4711'))).toEqual(['v4711', '#4711']);
  expect(cursorsOf(wishOf('#4711'))).toEqual(['#4711']);
  expect(cursorsOf(wishOf(':4711'))).toEqual(['v4711', '#4711']);
  expect(cursorsOf(wishOf('#40,866'))).toEqual(['#40866']);
  expect(cursorsOf(wishOf(':v 10'))).toEqual(['v10']);
  expect(cursorsOf(wishOf('order-4711'))).toEqual([]);
  expect(cursorsOf(wishOf(':v3..v9'))).toEqual([]);
});

it('reads times as those of the shown zone, and a time alone as of the day that is looked at', () => {
  shownTime.zone = 'Europe/Berlin';
  const on = '2026-08-03T13:58:41Z';
  expect(cursorsOf(wishOf(':2026-08-03 15:58'))).toEqual(['2026-08-03 15:58:00+02:00']);
  expect(cursorsOf(wishOf('03.08.2026 15:58:41+02:00'))).toEqual(['2026-08-03 15:58:41+02:00']);
  expect(cursorsOf(wishOf(':14:00'), on)).toEqual(['2026-08-03 14:00:00+02:00']);
  expect(rangeOf('14:00..15:00', on)).toEqual({ from: '2026-08-03 14:00:00+02:00', to: '2026-08-03 15:00:00+02:00' });
});

it('reads ranges', () => {
  expect(rangeOf('3..9')).toEqual({ from: 'v3', to: 'v9' });
  expect(rangeOf('2026-08-03 .. -2h')).toEqual({ from: '2026-08-03 00:00:00Z', to: '-2h' });
  for (const text of ['3', '3..', '..9', '1..2..3']) expect(rangeOf(text), text).toBeNull();
});

it('chooses types by an expression', () => {
  const names = ['OrderPlaced', 'PaymentFailed', 'PaymentTaken', 'Re.funded'];
  expect(chosenBy('type:Pay*', names)).toEqual(['PaymentFailed', 'PaymentTaken']);
  expect(chosenBy('*failed, orderplaced', names)).toEqual(['OrderPlaced', 'PaymentFailed']);
  expect(chosenBy('e.f', names)).toEqual(['Re.funded']);
  expect(chosenBy('Pay', names)).toEqual(['PaymentFailed', 'PaymentTaken']);
  expect(chosenBy(' , ', names)).toEqual([]);
});

it('ranks beginnings before middles, titles before other words', () => {
  expect(rankOf('Dark theme', '', 'dark')).toBe(0);
  expect(rankOf('Dark theme', '', 'the')).toBe(1);
  expect(rankOf('Dark theme', '', 'theme dark')).toBe(2);
  expect(rankOf('Dark theme', '', 'ark')).toBe(3);
  expect(rankOf('Dark theme', 'colours', 'col')).toBe(4);
  expect(rankOf('Go to a stream…', '', 'gts')).toBe(5);
  expect(rankOf('Dark theme', 'colours', 'light')).toBeNull();
  expect(ranked(['Swap A and B', 'Set B at A', 'Remove B'], (title) => rankOf(title, '', 'set'))).toEqual([
    'Set B at A',
  ]);
});

it('marks where a text stands', () => {
  expect(partsAround('order-4711', '47')).toEqual(['order-', '47', '11']);
  expect(partsAround('OrderPlaced', 'place')).toEqual(['Order', 'Place', 'd']);
  expect(partsAround('Search or run a command', 'a')).toEqual(['Search or run ', 'a', ' command']);
  expect(partsAround('order', 'x')).toBeNull();
  expect(partsAround('İx', 'x')).toBeNull();
});
