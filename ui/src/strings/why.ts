// The texts of why a field has its value.

import { countOf, countText } from '../base/format';

export const WHY = {
  title: 'Why',
  asking: 'Looking for what made it',
  close: 'Close',
  is: (value: string) => `is ${value}`,
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
} as const;
