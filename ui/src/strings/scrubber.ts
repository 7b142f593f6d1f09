// Texts of the scrubber: its folds, playing, lanes, problems and ranges.

import { countOf, countText } from '../base/format';

export const SCRUBBER = {
  gap: (length: string) => `gap ${length}`,
  asOf: (time: string) => `as of ${time}`,
  lastEvent: (label: string) => `last event ${label}`,
  eventThen: (label: string) => `event ${label} at this very time`,
  earlier: (length: string) => `${length} earlier`,
  later: (length: string) => `${length} later by its clock, which ran backwards`,
  types: (types: number, areAll: boolean) => `${countOf(types, 'type', 'types')}${areAll ? '' : ' or more'}`,
  rangeActions: 'What to do with the range from B to A',
  ofRange: {
    'timeline.zoomRange': 'Zoom to it',
    'compare.ends': 'Compare its ends',
    'play.loopRange': 'Play it in a loop',
    'timeline.distinguishRange': 'What distinguishes it in the store',
    'cursor.swap': 'Swap A and B',
    'cursor.clearB': 'Clear it',
  },
  isFixed: 'A stands at a time, not at an event',
  notFixed: 'A is at an event already',
  scale: {
    sqrt: (events: number) => `√ scale, top ${countText(events)}`,
    linear: (events: number) => `linear scale, top ${countText(events)}`,
    log: (events: number) => `log scale, top ${countText(events)}`,
    share: () => '',
  },
  locked: 'kept',
  play: 'Play',
  pause: 'Pause',
  speed: 'Speed of playing',
  byEvent: 'By event',
  byTime: 'By time',
  eventSpeed: (speed: number) => (speed === Infinity ? 'max' : `${speed}/s`),
  timeSpeed: (speed: number) => `× ${countText(speed)}`,
  fieldHistory: 'Every value of the field',
  readingField: 'Reading every value of the field',
  fieldCancelled: 'Stopped before every value was read',
  closeField: 'Close',
  exportCsv: 'Export CSV…',
  removed: '(removed)',
  written: (file: string) => `Written: ${file}`,
  unpin: (path: string) => `Let ${path || '/'} go`,
  noMoreLanes: (most: number) => `At most ${most} fields can be watched at once`,
  problem: (ordinal: number, total: number, detail: string) =>
    `Problem ${countText(ordinal)} of ${countText(total)}: ${detail}`,
  noProblem: 'Nothing was found at any event of this stream',
  noProblemYet: 'Nothing was found so far; invariants are still being checked',
  checking: 'Checking invariants',
  stopChecking: 'Stop checking',
  checked: (invariants: number, breaks: number) =>
    breaks === 0
      ? `${countOf(invariants, 'invariant holds', 'invariants hold')} at every event`
      : `Invariants break at ${countOf(breaks, 'event', 'events')}`,
} as const;
