// Texts of the comparison of two states.

import { countOf, countText } from '../base/format';

export const COMPARE = {
  title: 'Compare',
  preset: 'What differs between the sides',
  presets: { points: 'Two moments', aggregates: 'Two streams', handlers: 'Two handlers' },
  swap: 'Swap',
  run: 'Run',
  stop: 'Stop',
  sides: { base: 'B', current: 'A' },
  roles: { base: 'base', current: 'current' },
  stream: 'Stream',
  at: 'At',
  atShape: 'v12, #4711, a time, head',
  handler: 'Handler',
  fitting: 'fits the category',
  streamShape: 'Id of a stream',
  lacksStream: (sides: string[]) => `Say first which stream stands on the side of ${sides.join(' and of ')}`,
  place: (version: string, position: string) =>
    version !== '' ? `v ${countText(version)}` : position !== '' ? `#${countText(position)}` : 'before the first event',
  incomplete: (since: string) => `incomplete since ${since.startsWith('#') ? since : `v ${since}`}`,
  differences: (n: number) => countOf(n, 'difference', 'differences'),
  onlyChanges: 'Only changes',
  ignoreOrder: 'Ignore the order of elements',
  none: 'Both states are equal',
  noneUnordered: 'Both states are equal, whatever the order of elements in arrays',
  folding: 'Folding both sides',
  stale: 'Something else is asked than what is shown: run it again',
  empty: 'Nothing is compared yet',
  emptyAdvice:
    'Say which stream and which moment stand on each side, then run it. With a stream open in History, that one stands on both sides at first.',
  compareNow: 'Compare what is open in History',
  events: (n: number) => `Events between B and A (${countText(n)})`,
  noEvents: 'Both sides are at the same event',
  notOneStream: 'The sides are of two streams: no events lie between them',
  intervals: (n: number) => `The handlers differ in ${countOf(n, 'part', 'parts')} of this stream`,
  noIntervals: 'Both handlers make the same of every event of this stream',
  from: (place: string, type: string) => `from ${place} ${type}`,
  until: (place: string, type: string) => `equal again after ${place} ${type}`,
  toHead: 'to the head',
  goTo: 'Compare after this event',
  moreIntervals: (n: string) => `and ${n} more: refold replay --against lists all`,
  whole: 'Over a category or the whole store',
  method:
    'Method: both sides are folded from their first event on, and every place of both states is compared. Nothing is sampled',
};
