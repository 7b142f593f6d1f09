// Every action of the window, once. Buttons, palette, shortcuts, the sheet of keys and tests all run these.

import type { Axis, Theme } from '../backend/bindings';
import type { Desk } from '../model/desk.svelte';
import type { OpenHistory, Tab } from '../model/open_history.svelte';

export interface Command {
  id: string;
  title: string;
  group: string;
  /** Whether it can run now. What cannot run is absent from the palette. */
  when: (desk: Desk) => boolean;
  run: (desk: Desk, reach: Reach) => void | Promise<void>;
  /** Runs by its key alone and would only be noise in the palette. */
  isSilent?: boolean;
}

/** What commands need of the page itself. */
export interface Reach {
  focusRegion(step: 1 | -1): void;
  copy(text: string): Promise<void>;
  pageSize(): number;
}

const GROUPS: Record<string, string> = {
  go: 'Go',
  connection: 'Store',
  job: 'Store',
  cursor: 'Cursor',
  timeline: 'Timeline',
  inspect: 'Inspect',
  row: 'Rows',
  view: 'View',
};
const PAGE_SHARE = 0.1;
const PAN_PIXELS = 50;
const ZOOM_STEP = 0.8;

const always = () => true;
const hasStore = (desk: Desk) => desk.store !== null;
const inHistory = (desk: Desk) => desk.view === 'history' && desk.history !== null;
const hasB = (desk: Desk) => inHistory(desk) && desk.history?.b !== null;
const hasTimeline = (desk: Desk) => timelineOf(desk) !== null;

export const COMMANDS: readonly Command[] = [
  silent('go.palette', 'Search or run a command', always, (d) => d.openOverlay('omnibox')),
  command('go.aggregate', 'Go to stream…', hasStore, (d) => d.openOverlay('omnibox', '#')),
  silent('go.command', 'Run command…', always, (d) => d.openOverlay('omnibox', '>')),
  command('go.moment', 'Go to time, version or position…', inHistory, (d) => d.openOverlay('omnibox', ':')),
  command('go.view.overview', 'Overview', hasStore, (d) => d.show('overview')),
  command(
    'go.view.history',
    'History',
    (d) => d.history !== null,
    (d) => d.show('history'),
  ),
  command('go.view.welcome', 'Open another store', always, (d) => d.show('welcome')),
  command(
    'go.back',
    'Back',
    (d) => d.canGoBack,
    (d) => d.back(),
  ),
  command(
    'go.forward',
    'Forward',
    (d) => d.canGoForward,
    (d) => d.forward(),
  ),
  silent('go.region.next', 'Next region', always, (_, reach) => reach.focusRegion(1)),
  silent('go.region.prev', 'Previous region', always, (_, reach) => reach.focusRegion(-1)),

  command('connection.open', 'Open file…', always, (d) => d.openFile()),
  command('connection.sample', 'Open the sample store', always, (d) => d.openSample()),
  command('connection.close', 'Close store', hasStore, closeStore),
  command(
    'job.index',
    'Build the index',
    (d) => d.store !== null && !d.store.isReady && !d.store.isIndexing,
    (d) => d.store?.index(),
  ),
  command('job.cancel', 'Cancel the running job', (d) => d.jobs > 0, cancelJobs),

  cursor('cursor.prev', 'Previous event', (h) => h.neighbour(-1)),
  cursor('cursor.next', 'Next event', (h) => h.neighbour(1)),
  cursor('cursor.prev10', '10 events back', (h) => h.a - 10),
  cursor('cursor.next10', '10 events forward', (h) => h.a + 10),
  cursor('cursor.prevPage', 'A tenth of the window back', (h) => h.momentBeside(-PAGE_SHARE)),
  cursor('cursor.nextPage', 'A tenth of the window forward', (h) => h.momentBeside(PAGE_SHARE)),
  cursor('cursor.first', 'Start, before the first event', () => 0),
  cursor('cursor.last', 'Last event', (h) => h.opened.events),
  command('cursor.nextChange', 'Next change of the focused field', inHistory, (d) => hop(d, 'forward')),
  command('cursor.prevChange', 'Previous change of the focused field', inHistory, (d) => hop(d, 'backward')),
  command('cursor.setB', 'Set B at A', inHistory, (d) => withHistory(d, (h) => h.setB(h.a))),
  command('cursor.clearB', 'Remove B', hasB, (d) => withHistory(d, (h) => h.setB(null))),
  command('cursor.swap', 'Swap A and B', hasB, (d) => withHistory(d, (h) => h.swap())),

  command('timeline.zoomIn', 'Zoom in', hasTimeline, (d) => zoom(d, ZOOM_STEP)),
  command('timeline.zoomOut', 'Zoom out', hasTimeline, (d) => zoom(d, 1 / ZOOM_STEP)),
  command('timeline.panLeft', 'Pan left', hasTimeline, (d) => timelineOf(d)?.panBy(-PAN_PIXELS)),
  command('timeline.panRight', 'Pan right', hasTimeline, (d) => timelineOf(d)?.panBy(PAN_PIXELS)),
  command('timeline.focus', 'Centre A', inHistory, (d) => withHistory(d, centreA)),
  command('timeline.fitAll', 'Fit all', hasTimeline, (d) => timelineOf(d)?.fitAll()),
  command('timeline.zoomRange', 'Zoom to the range from B to A', hasB, (d) => withHistory(d, zoomRange)),
  command('timeline.zoomBack', 'Previous zoom', hasTimeline, zoomBack),
  command('timeline.axis.next', 'Next axis', hasTimeline, nextAxis),
  axis('time', 'Axis: time'),
  axis('version', 'Axis: version'),
  axis('position', 'Axis: position in the store'),

  tab('state', 'Show state'),
  tab('diff', 'Show differences'),
  tab('blame', 'Show blame'),
  tab('event', 'Show event'),
  tab('raw', 'Show raw columns'),
  command('inspect.copyPath', 'Copy path of the focused field', hasRow, (d, reach) => copyRow(d, reach, 'pointer')),
  command('inspect.copyValue', 'Copy value of the focused field', hasRow, (d, reach) => copyRow(d, reach, 'value')),

  row('row.prev', 'Previous row', (d) => moveRow(d, -1)),
  row('row.next', 'Next row', (d) => moveRow(d, 1)),
  row('row.prevPage', 'Rows of one page back', (d, reach) => moveRow(d, -reach.pageSize())),
  row('row.nextPage', 'Rows of one page forward', (d, reach) => moveRow(d, reach.pageSize())),
  row('row.first', 'First row', (d) => moveRow(d, -Infinity)),
  row('row.last', 'Last row', (d) => moveRow(d, Infinity)),
  row('row.open', 'Open row', openRow),
  row('row.fold', 'Fold row', (d) => foldRow(d, false)),
  row('row.unfold', 'Unfold row', (d) => foldRow(d, true)),

  theme('dark', 'Dark theme'),
  theme('light', 'Light theme'),
  theme('system', 'Theme of the system'),
  command('view.density', 'Switch between comfortable and compact rows', always, (d) => d.switchDensity()),
  command('view.shortcuts', 'Keyboard shortcuts', always, (d) => d.openOverlay('shortcuts')),
  silent('view.escape', 'Close, stop or let go', always, escape),
];

export function commandOf(id: string): Command | undefined {
  return COMMANDS.find((command) => command.id === id);
}

type When = Command['when'];
type Run = Command['run'];

function command(id: string, title: string, when: When, run: Run): Command {
  return { id, title, group: GROUPS[id.split('.')[0] ?? ''] ?? '', when, run };
}

/** A command that only its key runs. */
function silent(id: string, title: string, when: When, run: Run): Command {
  return { ...command(id, title, when, run), isSilent: true };
}

function cursor(id: string, title: string, to: (history: OpenHistory) => number): Command {
  const run = (desk: Desk) =>
    withHistory(desk, (history) => {
      history.setA(to(history));
      desk.revealA();
    });
  return command(id, title, inHistory, run);
}

function axis(name: Axis, title: string): Command {
  const when = (desk: Desk) => timelineOf(desk)?.has(name) ?? false;
  return command(`timeline.axis.${name}`, title, when, (desk) => setAxis(desk, name));
}

function tab(name: Tab, title: string): Command {
  const run = (desk: Desk) => withHistory(desk, (history) => history.setTab(name));
  return command(`inspect.${name}`, title, inHistory, run);
}

function theme(name: Theme, title: string): Command {
  return command(`view.theme.${name}`, title, always, (desk) => desk.setTheme(name));
}

function row(id: string, title: string, run: (desk: Desk, reach: Reach) => void): Command {
  return silent(id, title, hasStore, run);
}

function withHistory(desk: Desk, act: (history: OpenHistory) => void): void {
  if (desk.history) act(desk.history);
}

function timelineOf(desk: Desk) {
  if (desk.view === 'history') return desk.history?.timeline ?? null;
  return desk.view === 'overview' ? (desk.store?.timeline ?? null) : null;
}

function zoom(desk: Desk, factor: number): void {
  const timeline = timelineOf(desk);
  if (!timeline) return;
  const at = desk.view === 'history' ? desk.history?.xOfMoment(desk.history.a) : null;
  timeline.remember();
  timeline.zoomAt(at !== null && at !== undefined && at >= 0 && at <= timeline.width ? at : timeline.width / 2, factor);
}

function zoomBack(desk: Desk): void {
  if (!(timelineOf(desk)?.zoomBack() ?? false)) desk.back();
}

function centreA(history: OpenHistory): void {
  const value = history.valueOfMoment(history.a);
  if (value !== null) history.timeline.centre(value);
}

function zoomRange(history: OpenHistory): void {
  if (history.b === null) return;
  const from = history.valueOfMoment(history.b);
  const to = history.valueOfMoment(history.a);
  if (from !== null && to !== null) history.timeline.visitRange(from, to);
}

function setAxis(desk: Desk, name: Axis): void {
  timelineOf(desk)?.setAxis(name);
}

function nextAxis(desk: Desk): void {
  const timeline = timelineOf(desk);
  if (!timeline) return;
  const names = (['time', 'version', 'position'] as const).filter((name) => timeline.has(name));
  const next = names[(names.findIndex((name) => name === timeline.axis) + 1) % names.length];
  if (next) timeline.setAxis(next);
}

async function hop(desk: Desk, direction: 'forward' | 'backward'): Promise<void> {
  const { history } = desk;
  if (!history) return;
  desk.leave();
  await history.hop(direction);
  desk.revealA();
  desk.visit();
}

async function closeStore(desk: Desk): Promise<void> {
  await desk.closeStore();
  desk.show('welcome');
}

async function cancelJobs(desk: Desk): Promise<void> {
  if (desk.sampleJob) await desk.backend.cancelJob(desk.sampleJob.job);
  await desk.store?.cancelIndex();
}

// Esc does the least destructive next thing.
async function escape(desk: Desk): Promise<void> {
  const { history } = desk;
  if (desk.overlay !== 'none') desk.closeOverlay();
  else if (history && (history.wait === 'late' || history.wait === 'slow')) history.stop();
  else if (desk.failure) desk.failure = null;
  else if (desk.view === 'history' && history?.types.length) history.setTypes([]);
  else if (desk.view === 'history' && history && history.b !== null) history.setB(null);
  else if (desk.view === 'overview' && desk.store?.order.matching) desk.store.setOrder({ matching: '' });
}

function hasRow(desk: Desk): boolean {
  return inHistory(desk) && (desk.history?.rowAt(desk.history.activeRow) ?? null) !== null;
}

async function copyRow(desk: Desk, reach: Reach, what: 'pointer' | 'value'): Promise<void> {
  const found = desk.history?.rowAt(desk.history.activeRow);
  if (found) await reach.copy(found[what]);
}

function moveRow(desk: Desk, by: number): void {
  const { history, store, view } = desk;
  if (view === 'history' && history) {
    const last = (history.frame?.totalRows ?? 0) - 1;
    history.focusRow(Math.max(0, Math.min(last, history.activeRow + by)));
  } else if (store) {
    store.activeStream = Math.max(0, Math.min(store.streams.matching - 1, store.activeStream + by));
  }
}

async function openRow(desk: Desk): Promise<void> {
  const { history, store, view } = desk;
  if (view === 'history' && history) {
    const found = history.rowAt(history.activeRow);
    if (found?.canOpen) history.toggle(found.pointer);
    else if (found && found.changedMoment > 0) desk.jump(found.changedMoment);
  } else if (store) {
    const stream = store.streams.at(store.activeStream);
    if (stream) await desk.openStream(stream.id);
  }
}

function foldRow(desk: Desk, isOpen: boolean): void {
  const { history } = desk;
  const found = history?.rowAt(history.activeRow);
  if (history && found?.canOpen && found.isOpen !== isOpen) history.toggle(found.pointer);
}
