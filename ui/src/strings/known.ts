// The texts of what is known about a time, and of what was believed then. The drawer is read late, and these with it.

import { countOf, countText } from '../base/format';

export const KNOWN = {
  title: 'Known and believed',
  questions: { corrections: 'Corrections', known: 'What is known' },
  question: 'What is asked',
  about: 'About',
  aboutHint: 'A time: 2026-08-03T14:00:00Z, or -2h',
  knownAt: 'Known at',
  knownAtHint: 'head, v12, #4711 or a time: what was recorded later does not count',
  occurred: 'Happened at',
  occurredShort: 'as the layout says',
  occurredHint: 'What the layout says; or a place of the payload: /occurredAt',
  order: 'Order of events',
  orders: { either: 'In either order', recorded: 'As recorded', occurred: 'As happened' },
  ask: 'Ask',
  close: 'Close',
  asking: 'Folding what was believed and what is known',
  noAbout: 'Type a time and press Enter: what was believed then, and what of it came to be known later',
  of: (about: string, knownAt: string) =>
    `about ${about}, of what was recorded ${knownAt === '' ? 'before any event' : `up to ${knownAt}`}`,
  believedBy: (handler: string) => `believed with ${handler}`,
  knownBy: (handler: string) => `known with ${handler}`,
  inOrder: (order: string) =>
    order === 'recorded'
      ? 'folded as they were recorded, which is not the state of the other order'
      : order === 'occurred'
        ? 'folded as they happened, which is not the state of the other order'
        : 'the same in either order of events',
  happened: (events: number) => `${countOf(events, 'event', 'events')} had happened by then`,
  orderMatters: (places: number) =>
    `The order matters: ${countOf(places, 'place differs', 'places differ')} between the one in which events were recorded and the one in which they happened. Choose one.`,
  same: 'What was believed then is what is known',
  changed: (places: number) => countOf(places, 'place differs', 'places differ'),
  columns: {
    path: 'Path',
    believed: 'Believed then',
    known: 'Known',
    recorded: 'As recorded',
    occurred: 'As happened',
  },
  late: (events: number) => `${countOf(events, 'event', 'events')} recorded since, and happened before`,
  early: (events: number) => `${countOf(events, 'event', 'events')} recorded by then, and happened later`,
  events: { event: 'Event', happened: 'Happened', recorded: 'Recorded', corrects: 'Corrects' },
  absent: 'absent',
  movedFrom: (path: string) => `at ${path}`,
  moved: 'here',
  further: (rows: number) => `and ${countText(rows)} more`,
  missing: 'Not known',
} as const;
