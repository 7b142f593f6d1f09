// Stores that grow, and ranges of their timeline.

import { countOf } from '../base/format';
import { rfc3339FromNanos } from '../base/instant';
import type { Desk } from '../model/desk.svelte';
import { spanFromText, whyNoSpan } from '../model/range.svelte';
import { NOTHING_ASKED, searchOf } from '../model/search.svelte';
import { S } from '../strings';
import { peakOf } from '../timeline/peak';
import { command, type Choice, type Command, type Reach } from './command';

/** How a number of events becomes a height. */
export const HEIGHTS = ['sqrt', 'linear', 'log'] as const;

export const LIVE: readonly Command[] = [
  command('Store', ['overview', 'history'], 'play.follow', 'Follow what comes', follow, {
    ...{ keys: ['Mod+l'], words: 'live tail grow', blocked: hasStore },
  }),
  command('Store', ['overview', 'history'], 'live.takeIn', 'Show the new events', (d) => d.store?.live.takeIn(), {
    ...{ words: 'refresh reload', blocked: hasNews },
  }),
  command('Store', ['global'], 'connection.reconnect', 'Try the store again now', reconnect, {
    ...{ words: 'retry reconnect disconnected changed read anew', blocked: isLost },
  }),
  command('Timeline', ['overview'], 'timeline.rangeFromSelection', 'Mark what is visible as a range', markVisible, {
    ...{ keys: ['r'], words: 'select', blocked: hasTimeline },
  }),
  command('Timeline', ['overview'], 'timeline.rangeOfPeak', 'Mark the busiest stretch as a range', markPeak, {
    ...{ keys: ['p'], words: 'peak spike flood select', blocked: hasTimeline },
  }),
  command('Timeline', ['overview'], 'timeline.typeRange', 'Type a range…', typeRange, {
    ...{ keys: ['g'], words: 'select from to time position', blocked: hasTimeline },
  }),
  command('Timeline', ['overview'], 'timeline.clearRange', 'Clear the range', (d) => d.store?.setRange(null), {
    blocked: hasRange,
  }),
  command('Timeline', ['overview'], 'timeline.zoomToRange', 'Zoom to the range', zoomToRange, {
    ...{ keys: ['z'], blocked: hasRange },
  }),
  command('Timeline', ['overview'], 'compare.distinguish', 'What distinguishes this range', distinguish, {
    ...{ keys: ['Enter'], words: 'compare bubble outlier cause spike', blocked: hasRange },
  }),
  command('Timeline', ['overview'], 'compare.distinguish.cancel', 'Stop comparing the range', cancel, {
    ...{ words: 'cancel', isQuiet: true, blocked: (desk) => (desk.store?.range?.isRunning ? null : S.blocked.noJob) },
  }),
  command('Timeline', ['overview'], 'compare.distinguish.open', 'Open the stream that stands out', openTop, {
    blocked: hasTop,
  }),
  command('List', ['overview'], 'compare.distinguish.filter', 'List the streams active in the range', filterByRange, {
    ...{ words: 'filter', blocked: hasTimes },
  }),
  command('Timeline', ['overview'], 'timeline.searchRange', 'List the events of the range', searchRange, {
    ...{ words: 'search filter', blocked: hasTimes },
  }),
  command('Timeline', ['overview'], 'timeline.exportRange', 'Export the events of the range…', exportRange, {
    ...{ words: 'save file ndjson json lines', blocked: hasTimes },
  }),
  command('Timeline', ['overview'], 'compare.distinguish.copy', 'Copy what distinguishes the range', copy, {
    ...{ words: 'clipboard text', blocked: hasAnswer },
  }),
  command('List', ['overview'], 'list.lastType', 'Show the streams that end in a type…', ofLastType, {
    ...{ words: 'filter last event', choices: types, blocked: hasOverview },
  }),
];

function hasStore({ store }: Desk): string | null {
  return store ? null : S.blocked.store;
}

function hasOverview({ store }: Desk): string | null {
  return store?.overview ? null : S.blocked.timeline;
}

function hasTimeline({ store }: Desk): string | null {
  return store?.timeline ? null : S.blocked.timeline;
}

function hasNews({ store, history, view }: Desk): string | null {
  if (!store) return S.blocked.store;
  const events = view === 'history' ? (history?.newEvents ?? 0) : store.live.newEvents;
  return events > 0 ? null : S.live.nothingNew;
}

function isLost({ store }: Desk): string | null {
  if (!store) return S.blocked.store;
  return store.live.lost || store.live.news?.isOutdated ? null : S.live.notLost;
}

async function reconnect(desk: Desk): Promise<void> {
  await (await import('../model/rereading')).reconnect(desk);
}

function hasRange({ store }: Desk): string | null {
  return store?.range ? null : S.range.needsRange;
}

// The index tells streams, and a search events, by time.
function hasTimes({ store }: Desk): string | null {
  if (!store?.range) return S.range.needsRange;
  return store.range.axis === 'time' ? null : S.range.needsTimes;
}

function hasAnswer({ store }: Desk): string | null {
  return store?.range?.distinction ? null : S.range.needsAnswer;
}

function hasTop({ store }: Desk): string | null {
  if (!store?.range?.distinction) return S.range.needsAnswer;
  return store.range.topStream === null ? S.range.noTop : null;
}

function follow(desk: Desk): void {
  const live = desk.store?.live;
  live?.follow(!live.isFollowing);
}

function markVisible({ store }: Desk): void {
  if (store?.timeline) store.setRange(store.timeline.window);
}

function markPeak(desk: Desk): void {
  const timeline = desk.store?.timeline;
  const peak = timeline?.pieces && peakOf(timeline.pieces, timeline.window);
  if (peak) desk.store?.setRange(peak);
  else desk.say(S.range.noPeak);
}

// With a text the range is marked; without one the field for it is shown.
function typeRange(desk: Desk, _: Reach, text: string): void {
  const { store } = desk;
  if (!store?.timeline) return;
  if (text === '') {
    store.rangeWanted += 1;
    return;
  }
  const span = spanFromText(store.timeline.axis, text);
  if (span) store.setRange(span);
  else desk.say(whyNoSpan(store.timeline.axis, text));
}

function zoomToRange({ store }: Desk): void {
  if (store?.range && store.timeline) store.timeline.visit(store.range.span);
}

function distinguish({ store }: Desk): Promise<void> | undefined {
  return store?.range?.distinguish();
}

function cancel({ store }: Desk): Promise<void> | undefined {
  return store?.range?.cancel();
}

function openTop(desk: Desk): Promise<void> | undefined {
  const stream = desk.store?.range?.topStream;
  return stream ? desk.openStream(stream) : undefined;
}

function filterByRange({ store }: Desk): void {
  if (!store?.range) return;
  const { from, to } = store.range.query;
  store.setOrder({ from, to });
}

// The end of a range is exclusive, that of a search is not.
function searchRange(desk: Desk): Promise<void> | undefined {
  const { store } = desk;
  if (!store?.range) return undefined;
  const { from, to } = store.range.span;
  const board = searchOf(store);
  board.open({ ...NOTHING_ASKED, from: rfc3339FromNanos(from), to: rfc3339FromNanos(to - 1n) });
  desk.show('search');
  return board.run();
}

function exportRange(desk: Desk): Promise<void> | undefined {
  const { store } = desk;
  if (!store?.range) return undefined;
  void searchRange(desk);
  return searchOf(store).export('ndjson');
}

async function copy(desk: Desk, reach: Reach): Promise<void> {
  await reach.copy(desk.store?.range?.text ?? '');
  desk.say(S.error.copied);
}

function types({ store }: Desk): Choice[] {
  return [
    { value: ANY_TYPE, title: S.overview.anyType, note: '' },
    ...(store?.overview?.types ?? []).map(({ name, events }) => ({
      ...{ value: name, title: name },
      note: countOf(events, 'event', 'events'),
    })),
  ];
}

/** The choice of no type in particular. No type is a line break. */
export const ANY_TYPE = '\n';

function ofLastType({ store }: Desk, _: Reach, type: string): void {
  store?.setOrder({ lastType: type === ANY_TYPE ? null : type });
}
