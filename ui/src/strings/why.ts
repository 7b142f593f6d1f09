// The texts of why a field has its value, and of why events left it as it was. The drawer is read late, and these with it.

import type { WhyUntold } from '../backend/bindings';
import { countOf, countText } from '../base/format';

/** What cannot be seen of a handler, and what is told in its place, or why nothing is. */
export function untoldText({ instead, of, unseen }: WhyUntold): string {
  const inItsPlace = instead ?? 'events were left out instead, one at a time, and the others folded';
  const code = `a handler of the engine ${of}`;
  switch (unseen) {
    case 'way':
      return `How the handler came to the state after ${of} cannot be seen; ${inItsPlace}`;
    case 'reads':
      return `What ${code} reads while it folds cannot be seen; ${inItsPlace}`;
    case 'deployed':
      return 'Which conditions did not hold cannot be seen of versions as they were deployed, only what the handler did with each event: ask one of the versions';
    case 'asks':
      return `What ${code} asks while it folds cannot be seen, only what it did with each event`;
  }
}

export const WHY = {
  title: 'Why',
  questions: { why: 'Why', whyNot: 'Why not' },
  question: 'What is asked',
  extents: { toHere: 'Every event up to here', event: 'This event' },
  extent: 'Which events are asked',
  path: 'Path in the state',
  pathHint: '/items/SKU-0042/qty, also one that is not there',
  noPath: 'Type the path of a field, also of one that is not there, and press Enter',
  asking: { why: 'Looking for what made it', whyNot: 'Asking each event what kept it' },
  close: 'Close',
  is: (value: string) => `is ${value}`,
  at: (place: string) => `at ${place}`,
  absent: 'absent',
  whole: 'the state',
  before: (value: string) => `${value} →`,
  when: 'because this held',
  foundBy: 'found by',
  read: 'from',
  madeBy: 'made by',
  initial: 'the initial state',
  event: (name: string) => `event.${name}`,
  payload: (path: string) => `event.data${path}`,
  metadata: (path: string) => `event.meta${path}`,
  noneMade: 'No event made it: it is so since the initial state',
  neverThere: 'No event made it: nothing was ever there',
  ofStart: 'A part of it is so since the initial state',
  confirmed: (steps: number, events: number) =>
    `${countOf(steps, 'operation', 'operations')} of ${countOf(events, 'event', 'events')}: folded alone, they give the same value`,
  unconfirmed: (steps: number, events: number) =>
    `${countOf(steps, 'operation', 'operations')} of ${countOf(events, 'event', 'events')}: folded alone, they do not give the same value`,
  cut: (events: number) => `The last ${countText(events)} events of it; there are more before`,
  leftOut: (tried: number, matter: number) =>
    `${countOf(tried, 'event', 'events')} left out in turn, ${countText(matter)} of them matter`,
  untaken: (events: number) =>
    events === 1
      ? '; 1 other event was not left out: the handler does not fold it'
      : `; ${countText(events)} other events were not left out: the handler folds none of them`,
  since: 'Events before this one were not left out, for they are too many:',
  without: 'without it, it would be',
  wouldFailAt: 'for the handler would fail on',
  enough: (isEnough: boolean) =>
    isEnough
      ? 'Folded alone, those that matter give the same value'
      : 'Folded alone, those that matter do not give the same value: others matter too, but none of these by itself',
  noneAsked: 'No event is folded here yet: go to a later moment, and ask there',
  asked: (events: number) => countOf(events, 'event asked', 'events asked'),
  noneChanged: 'none changed it',
  changed: (events: number) => `${countText(events)} changed it, last`,
  noRule: 'No rule of this handler for these events writes there',
  noMiss: 'Each event that a rule takes there changed it',
  types: 'By event type',
  columns: { type: 'Type', events: 'Events', changed: 'Changed it', rules: 'Rules for it' },
  writes: (writes: boolean | null, isUntaken: boolean) =>
    writes === null ? (isUntaken ? 'none' : 'cannot be seen') : writes ? 'can write there' : 'never write there',
  ran: (changed: readonly string[], further: number) =>
    changed.length === 0
      ? 'The handler took it and changed nothing'
      : `The handler took it and changed ${[...changed, ...(further > 0 ? [`${countText(further)} more`] : [])].join(', ')} instead`,
  failed: (reason: string) => `The handler failed, so nothing of it counts: ${reason}`,
  unread: 'Its payload could not be read, so no rule was given it',
  stopped: (events: number) =>
    `${countOf(events, 'event', 'events')} came after the handler failed, and no rule was given them:`,
  guard: (holds: boolean) => (holds ? 'this held' : 'this did not hold'),
  otherwise: 'else it would be',
  wouldFail: (reason: string) => `else it would have failed: ${reason}`,
  further: (events: number) => `and ${countOf(events, 'event', 'events')} before that`,
} as const;

/** What kept an operation from changing the place. */
export function keptText(by: string, elsewhere: string): string {
  switch (by) {
    case 'guard':
      return 'a condition did not hold';
    case 'elsewhere':
      return `wrote ${elsewhere} instead`;
    case 'equal':
      return 'wrote what was there already';
    case 'fault':
      return 'what it wrote was taken back, as the handler failed on the event';
    default:
      return 'what it wrote was undone by the same event';
  }
}
