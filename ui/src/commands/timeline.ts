// What the timeline shows: zoom, pan, axis.

import type { Axis, DensityBy } from '../backend/bindings';
import { nanosFromRfc3339 } from '../base/instant';
import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import type { Scale } from '../timeline/raster';
import type { Timeline } from '../timeline/timeline.svelte';
import { command, type Command, type Reach, type Shape } from './command';

const PAN_PIXELS = 50;
const ZOOM_STEP = 0.8;

export const TIMELINE: readonly Command[] = [
  on('timeline.zoomIn', 'Zoom in', { keys: ['code:KeyW'] }, (d, t) => zoom(d, t, ZOOM_STEP)),
  on('timeline.zoomOut', 'Zoom out', { keys: ['code:KeyS'] }, (d, t) => zoom(d, t, 1 / ZOOM_STEP)),
  on('timeline.panLeft', 'Pan left', { keys: ['code:KeyA'] }, (_, t) => t.glide.pan(-PAN_PIXELS * pace(t))),
  on('timeline.panRight', 'Pan right', { keys: ['code:KeyD'] }, (_, t) => t.glide.pan(PAN_PIXELS * pace(t))),
  on('timeline.fitAll', 'Fit all', { keys: ['0'], words: 'zoom whole reset' }, (_, t) => t.fitAll()),
  on('timeline.zoomBack', 'Previous zoom', { keys: ['Backspace'], words: 'back' }, zoomBack),
  command('Timeline', ['history'], 'timeline.focus', 'Centre A', centreA, { keys: ['f'], words: 'focus' }),
  command('Timeline', ['history'], 'timeline.zoomRange', 'Zoom to the range from B to A', zoomRange, {
    ...{ keys: ['z'], blocked: (desk) => (desk.history?.b === null ? S.blocked.noB : null) },
  }),
  command('Timeline', ['history'], 'compare.ends', 'Compare the ends of the range', compareEnds, {
    ...{ words: 'diff b a', blocked: (desk) => (desk.history?.b === null ? S.blocked.noB : null) },
  }),
  command(
    'Timeline',
    ['history'],
    'timeline.distinguishRange',
    'What distinguishes the range from B to A in the store',
    distinguishRange,
    {
      words: 'compare bubble outlier cause spike',
      blocked: (desk) => (desk.history?.b === null ? S.blocked.noB : desk.store?.timeline ? null : S.blocked.timeline),
    },
  ),
  scale('sqrt'),
  scale('linear'),
  scale('log'),
  stack('type'),
  stack('category'),
  on('timeline.lockScale', 'Keep what full height stands for, or let it follow', { words: 'scale lock' }, (_, t) =>
    t.lockScale(t.lockedMost === null),
  ),
  on(
    'timeline.folding',
    'Fold long gaps of the time axis, or show them at their length',
    { words: 'gap idle' },
    (_, t) => t.setFolding(!t.isFolding),
  ),
  on('timeline.describe', 'Describe the timeline in words', { words: 'accessible text table alternative' }, (_, t) => {
    t.isDescribed = !t.isDescribed;
  }),
  command(
    'Timeline',
    ['overview', 'history'],
    'timeline.describe.copy',
    'Copy the description of the timeline',
    copyText,
    {
      ...{
        words: 'clipboard text',
        isQuiet: true,
        blocked: (d) => (timelineOf(d)?.isDescribed ? null : S.blocked.timeline),
      },
    },
  ),
  on('timeline.axis.next', 'Next axis', { keys: ['t'], words: 'time version position' }, nextAxis),
  axis('time', 'Axis: time'),
  axis('version', 'Axis: version'),
  axis('position', 'Axis: position in the store'),
];

function timelineOf(desk: Desk): Timeline | null {
  if (desk.view === 'history') return desk.history?.timeline ?? null;
  return desk.view === 'overview' ? (desk.store?.timeline ?? null) : null;
}

function on(id: string, title: string, shape: Shape, act: (desk: Desk, timeline: Timeline) => void): Command {
  const run = (desk: Desk) => {
    const timeline = timelineOf(desk);
    if (timeline) act(desk, timeline);
  };
  const blocked = (desk: Desk) => (timelineOf(desk) ? (shape.blocked?.(desk) ?? null) : S.blocked.timeline);
  return command('Timeline', ['overview', 'history'], id, title, run, { ...shape, blocked });
}

function axis(name: Axis, title: string): Command {
  const blocked = (desk: Desk) => (timelineOf(desk)?.has(name) ? null : S.blocked.noAxis(S.timeline.axis[name]));
  return on(`timeline.axis.${name}`, title, { blocked }, (desk, timeline) => turnTo(desk, timeline, name));
}

function scale(name: Exclude<Scale, 'share'>): Command {
  return on(
    `timeline.scale.${name}`,
    S.range.heightTitle[name],
    { words: 'scale' },
    (_, timeline) => (timeline.scale = name),
  );
}

function stack(by: DensityBy): Command {
  const blocked = ({ store }: Desk) => ((store?.overview?.categories.length ?? 0) > 1 ? null : S.range.oneCategory);
  return command('Timeline', ['overview'], `timeline.stack.${by}`, S.range.stackTitle[by], stackTimeline, {
    ...{ words: 'colour legend bars', blocked },
  });

  function stackTimeline({ store }: Desk): void {
    store?.timeline?.stackBy(by);
  }
}

function zoom(desk: Desk, timeline: Timeline, factor: number): void {
  const at = desk.view === 'history' ? desk.history?.xOfA : null;
  const x = at !== null && at !== undefined && at >= 0 && at <= timeline.width ? at : timeline.width / 2;
  timeline.glide.zoom(timeline.hold.again(timeline.view, timeline.window, x), factor ** pace(timeline));
}

// A key that is held is one gesture.
function pace(timeline: Timeline): number {
  const found = timeline.glide.paceAt(performance.now());
  if (found === 1) timeline.remember();
  return found;
}

function zoomBack(desk: Desk, timeline: Timeline): void {
  if (!timeline.zoomBack()) desk.back();
}

// Once more, where A is in the middle already: from the event before it to the one after it.
function centreA({ history }: Desk): void {
  const value = history?.valueOfMoment(history.a);
  if (!history || value === null || value === undefined) return;
  const { timeline, a } = history;
  if (!timeline.isCentred(value)) return timeline.centre(value);
  const [before, after] = [history.valueOfMoment(Math.max(1, a - 1)), history.valueOfMoment(a + 1)];
  if (before !== null && after !== null) timeline.visitRange(before, after > value ? after : value);
}

function zoomRange({ history }: Desk): void {
  if (!history || history.b === null) return;
  const from = history.valueOfMoment(history.b);
  const to = history.valueOfMoment(history.a);
  if (from !== null && to !== null) history.timeline.visitRange(from, to);
}

function compareEnds(desk: Desk): void {
  desk.leave();
  desk.history?.setTab('diff');
  desk.visit();
}

// The times between which the stream's range lies, marked on the timeline of the whole store.
async function distinguishRange(desk: Desk): Promise<void> {
  const { history, store } = desk;
  if (!history || history.b === null || !store?.timeline) return;
  const { opened } = history;
  const [first, last] = [Math.min(history.a, history.b) + 1, Math.max(history.a, history.b)];
  const time = async (moment: number) =>
    nanosFromRfc3339((await desk.backend.eventDetail(opened.history, moment)).row.recordedAt);
  const [from, to] = await Promise.all([time(Math.min(first, last)), time(last)]);
  if (from === null || to === null) return;
  desk.show('overview');
  if (store.timeline.axis !== 'time') store.timeline.setAxis('time');
  store.setRange(from <= to ? { from, to: to + 1n } : { from: to, to: from + 1n });
  await store.range?.distinguish();
}

async function copyText(desk: Desk, reach: Reach, text: string): Promise<void> {
  await reach.copy(text);
  desk.say(S.error.copied);
}

function nextAxis(desk: Desk, timeline: Timeline): void {
  const names = (['time', 'version', 'position'] as const).filter((name) => timeline.has(name));
  const next = names[(names.findIndex((name) => name === timeline.axis) + 1) % names.length];
  if (next) turnTo(desk, timeline, next);
}

/** Shows another axis. In a history the event of A keeps its place on the screen. */
function turnTo({ view, history }: Desk, timeline: Timeline, axis: Axis): void {
  if (axis === timeline.axis) return;
  const isHistory = view === 'history' && history !== null && history.a > 0;
  const x = isHistory ? history.xOfMoment(history.a) : null;
  const value = isHistory ? history.valueOfMoment(history.a, axis) : null;
  const isSeen = x !== null && x >= 0 && x <= timeline.width;
  timeline.setAxis(axis, isSeen && value !== null ? { x, value } : null);
}
