// Texts of stores that grow, and of ranges of their timeline.

import { countOf, countText } from '../base/format';

export const LIVE = {
  follow: 'Follow',
  live: 'Live',
  waiting: 'Live once it is back',
  followWhy: 'The right edge goes along with what comes. A cursor that was placed stays',
  fresh: (events: number) => `${countText(events)} new`,
  freshWhy: 'Events that came since this was read. Show them',
  rate: (perSecond: number) => `${countText(perSecond)}/s`,
  connected: 'Connected',
  lost: (span: string) => `Disconnected ${span}`,
  retrying: (span: string) => `retrying in ${span}`,
  changed: 'Changed under the window',
  readAnew: 'Read it anew',
  readAnewWhy: 'Read it anew: all of it is then read as it is now, and what is open stays open where it still is',
  wasReadAnew: (store: string) => `${store} was read anew, as it is now`,
  now: 'Now',
  nowWhy: 'Look at the store again now',
  asOf: (time: string) => `as of ${time}`,
  asOfWhy: 'The store cannot be read now. All that is shown is as it was then',
  outdated: (time: string) => `written to since ${time}`,
  outdatedWhy:
    'Something was written to the store. New events may stand among the others, so nothing is taken in until it is read anew',
  notLost: 'The store can be read',
  nothingNew: 'Nothing came since this was read',
} as const;

export const RANGE = {
  label: 'Range',
  height: { sqrt: '√', linear: 'linear', log: 'log' },
  heightLabel: 'Height of the columns',
  heightShort: 'Height',
  heightTitle: {
    sqrt: 'Height: square root of the count',
    linear: 'Height: the count itself',
    log: 'Height: logarithm of the count',
  },
  stack: 'Colours by',
  counting: 'Counting events by category',
  stackBy: { type: 'by type', category: 'by category' },
  stackTitle: { type: 'Stack the timeline by type', category: 'Stack the timeline by category' },
  noPeak: 'No event is in sight',
  oneCategory: 'All streams are of one category',
  type: (zone: string) => `From .. to in ${zone}, as 2026-08-14 09:10 .. 2026-08-14 09:50`,
  typePositions: 'From .. to, as 4,711 .. 5,000',
  reversed: 'It ends before it begins',
  empty: 'It ends where it begins',
  wrong: 'Write two times or positions with two dots between them',
  doubtful: 'Clocks showed one of these times twice or never: write it with its offset, +02:00',
  facts: (events: number, span: string, streams: number, types: number) =>
    `${countOf(events, 'event', 'events')} · ${span} · ${countOf(streams, 'stream', 'streams')} · ${countOf(types, 'type', 'types')}`,
  clear: 'Clear the range',
  zoom: 'Zoom',
  heading: (facts: { events: number; span: string }, rest: number) =>
    `${countOf(facts.events, 'event', 'events')} in ${facts.span}, against ${countText(rest)} outside`,
  whole: 'all events counted',
  sample: (events: string) =>
    `type, category, stream and hour counted; payload and metadata from a ${events}-event sample`,
  unreadable: (events: string) => `${events} of these could not be read`,
  noSignal: 'no signal',
  noTop: 'No stream stands out',
  filtered: 'The list shows the streams that were written to in this range',
  needsRange: 'Draw a range on the timeline first',
  needsTimes: 'The range is of positions: switch the axis to Time and draw it there',
  streamsShort: 'Streams',
  eventsShort: 'Events',
  exportShort: 'Export',
  needsAnswer: 'Ask what distinguishes the range first',
  running: 'That is being found out',
} as const;
