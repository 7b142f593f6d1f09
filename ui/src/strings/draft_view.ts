// The texts of drafts of handlers, which are read with the view Handlers.

import type { LabEvent } from '../backend/bindings';
import { countOf, countText, eventPlaceText } from '../base/format';

export const DRAFT = {
  is: 'in the window',
  isWhy: 'A draft that is written on in this window. It is kept by Refold, and nothing of it is in the package.',
  noDraft: 'This version is no draft: edit a draft of it first (E)',
  noFile: 'A bare file has no versions: write in it with an editor, it is folded with again when it is saved',
  noStream: 'Name a stream to try the draft on',
  kept: 'kept',
  typed: 'being kept…',
  notKept: 'not kept: it is tried again',
  ofOthers: 'beside the version: shown, not written',
  leave: 'Escape, then Tab, leaves the editor',
  label: (file: string) => `The text of ${file}. Escape, then Tab, leaves the editor`,
  noProblems: 'It can be used as it is',
  isFaulty: (code: string) => `It cannot be used as it is: ${code}`,
  goTo: (place: string) => `Go to ${place}`,
  atEvent: (event: string) => `at ${event}`,
  changes: 'Changes',
  discard: 'Throw away',
  discarded: 'The draft was thrown away; “Bring the draft back” in the palette undoes that',
  restored: 'The draft is back',
  noDiscarded: 'No draft was thrown away since the window was opened',
  publish: 'Save as version…',
  publishLabel: 'New version',
  publishHint: 'such as 1.2.0',
  publishDo: 'Save it',
  publishStop: 'Cancel',
  published: (reference: string) => `Written: ${reference}`,
  trying: (stream: string) => `Trying the draft on ${stream}`,
  tryTitle: 'Try',
  try: 'Try it',
  stream: 'Stream',
  streamHint: 'the id of a stream',
  at: 'Up to',
  atHint: 'head, v12, a time',
  notTried:
    'Folds a stream with the draft, up to a moment: what the event there changes, and where the draft first differs from the version that it was made of.',
  stale: 'of an earlier text',
  staleWhy: 'The draft was changed since: try it again',
  tried: (events: number) => `${countOf(events, 'event', 'events')} tried`,
  changed: (places: number) => `${countOf(places, 'place', 'places')} changed by it`,
  changesNothing: 'It changes nothing',
  further: (places: number) => `${countText(places)} more`,
  before: 'before',
  after: 'after',
  differs: (version: string, event: string) => `Differs from ${version} since ${event}`,
  differsAt: (places: number) => `${countOf(places, 'place', 'places')} there, the first of them:`,
  same: (version: string) => `Makes the same of it as ${version}`,
  sameSoFar: (version: string) => `No difference from ${version} as far as both were folded`,
  stopped: (version: string, reason: string) => `${version} stopped: ${reason}`,
  noOrigin: 'The version that it was made of cannot be used as it is',
  failed: (event: string) => `Fails at ${event}`,
  incomplete: (since: string) => `May lack something since ${since}`,
} as const;

/** `v 7 PaymentFailed`. */
export function eventText(event: LabEvent): string {
  return `${eventPlaceText(event)} ${event.eventType}`;
}
