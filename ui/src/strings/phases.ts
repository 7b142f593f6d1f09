// What long work is doing, how far it is, and what is left of it: read beside the start, not before it.

import type { JobUpdate, PhaseWire } from '../backend/bindings';
import { countedOf } from '../base/counted';
import { countOf, countText, percentText, bytesText } from '../base/format';

/** What is counted, one and many; `bytes` are said as sizes. */
const UNITS = {
  events: ['event', 'events'],
  rows: ['row', 'rows'],
  streams: ['stream', 'streams'],
  tests: ['test case', 'test cases'],
  steps: ['step', 'steps'],
  bytes: ['byte', 'bytes'],
} as const;

type Unit = keyof typeof UNITS;

const PHASES: Readonly<Record<PhaseWire, readonly [string, Unit]>> = {
  readingEvents: ['reading events', 'events'],
  readingTheStream: ['reading the stream', 'events'],
  readingPayloads: ['reading payloads', 'events'],
  readingThePayload: ['reading the payload', 'bytes'],
  readingTheField: ['reading the field', 'events'],
  readingTheFile: ['reading the file', 'bytes'],
  readingTheReadModel: ['reading the read model', 'rows'],
  readingTheLeftStore: ['reading the left store', 'events'],
  readingTheRightStore: ['reading the right store', 'events'],
  readingTheSample: ['reading the sample', 'events'],
  readingOccurredTimes: ['reading when events happened', 'events'],
  readingWhatDiffers: ['reading what differs', 'events'],
  unpacking: ['unpacking the file', 'bytes'],
  copyingTheDatabase: ['copying the database', 'bytes'],
  copyingItsLog: ['copying the log of the database', 'bytes'],
  copyingPayloads: ['copying payloads', 'events'],
  holdingTheCopyAgainstTheStore: ['comparing the copy with the store', 'events'],
  comparingWithTheIndex: ['comparing the store with its index', 'events'],
  countingEvents: ['counting events', 'events'],
  countingEventsByCategory: ['counting events by category', 'events'],
  choosingEvents: ['choosing events', 'events'],
  sortingEvents: ['sorting events by stream', 'events'],
  markingEvents: ['marking events with findings', 'events'],
  indexingIds: ['indexing the ids of events', 'events'],
  indexingPayloads: ['indexing payloads', 'events'],
  searching: ['searching', 'events'],
  folding: ['making the state', 'events'],
  foldingRanges: ['making states', 'events'],
  foldingBothLines: ['making both states', 'events'],
  foldingTheSample: ['making states of the sample', 'rows'],
  foldingWhatDiffers: ['making states of what differs', 'events'],
  foldingWhatIsKnown: ['making states of what was known', 'events'],
  leavingEventsOut: ['leaving events out, one at a time', 'events'],
  askingEvents: ['asking events', 'events'],
  sendingThroughUpcasters: ['sending events through the upcasters', 'events'],
  lookingForAChange: ['looking for a change', 'events'],
  lookingForIdsNearby: ['looking for ids nearby', 'events'],
  lookingForTheStreamsOfACorrelation: ['looking for the streams of a correlation', 'events'],
  lookingForTheFirstEvents: ['looking for the first events', 'events'],
  lookingForTheEvent: ['looking for the event', 'events'],
  lookingForTheEvents: ['looking for the events', 'events'],
  lookingForThePerson: ['looking for the person', 'events'],
  lookingAtTheEvents: ['looking at the events', 'events'],
  lookingAtWhatIsAround: ['looking at the events around it', 'events'],
  tryingSmallerHistories: ['trying smaller histories', 'steps'],
  checkingInvariants: ['checking invariants', 'events'],
  checkingTheStreams: ['checking the streams', 'streams'],
  checkingTheSeal: ['checking the seal', 'bytes'],
  runningTestCases: ['running test cases', 'tests'],
  comparingIds: ['comparing ids', 'events'],
  comparingEventByEvent: ['comparing event by event', 'events'],
  comparingTheOrder: ['comparing the order', 'events'],
  comparingStreams: ['comparing streams', 'streams'],
  comparingThePages: ['comparing the pages', 'steps'],
  comparingTheTables: ['comparing the tables', 'rows'],
  explainingRows: ['explaining rows', 'rows'],
  explaining: ['explaining what differs', 'events'],
  anchoring: ['anchoring events', 'events'],
  proving: ['proving the event', 'events'],
  verifying: ['verifying events', 'events'],
  verifyingTheCopy: ['verifying the copy', 'events'],
  verifyingTheChain: ['verifying the hash chain', 'events'],
  hashingTheStore: ['hashing the files of the store', 'bytes'],
  hashingTheStoreAgain: ['hashing the files of the store again', 'bytes'],
  followingTheChain: ['following the access log', 'bytes'],
  writingTheCase: ['writing the case file', 'events'],
  writingTheEvents: ['writing the events', 'events'],
  writingThePages: ['writing the pages', 'steps'],
  makingTheSampleStore: ['making the sample store', 'events'],
  openingTheOtherStore: ['opening the other store', 'steps'],
  waitingForAnotherIndexing: ['waiting for another Refold that indexes this store', 'steps'],
  starting: ['starting', 'steps'],
};

/** What it does; empty where that goes without saying. */
export function phaseText({ phase }: JobUpdate): string {
  return phase === null ? '' : PHASES[phase][0];
}

/**
 * How far it is and what is left; empty where nothing is counted. What has counted all and still runs does what is not
 * counted.
 */
export function figureText(update: JobUpdate): string {
  const { phase } = update;
  const { done, total } = countedOf(update);
  const unit = phase === null ? 'events' : PHASES[phase][1];
  const [one, many] = UNITS[unit];
  const bare = (count: number) => (unit === 'bytes' ? bytesText(count) : countText(count));
  const named = (count: number) => (unit === 'bytes' ? bytesText(count) : countOf(count, one, many));
  if (total === null || total === 0) return done === 0 ? '' : named(done);
  if (done >= total) return '';
  return `${bare(done)} of ${named(total)} · ${percentText(done, total)} · ${bare(total - done)} left`;
}

/** How fast it is, and how long it still takes. */
export function paceText({ phase }: JobUpdate, perSecond: number, secondsLeft: number | null): string {
  const isBytes = phase !== null && PHASES[phase][1] === 'bytes';
  const rate = `${isBytes ? bytesText(perSecond) : countText(perSecond)}/s`;
  return secondsLeft === null ? rate : `${rate} · ${leftText(secondsLeft)} left`;
}

function leftText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
