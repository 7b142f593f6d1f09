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

const PAGE_SHARE = 0.1;
const PAN_PIXELS = 50;
const ZOOM_STEP = 0.8;

const always = () => true;
const hasStore = (desk: Desk) => desk.store !== null;
const inHistory = (desk: Desk) => desk.view === 'history' && desk.history !== null;
const hasB = (desk: Desk) => inHistory(desk) && desk.history?.b !== null;
const hasTimeline = (desk: Desk) => timelineOf(desk) !== null;

export const COMMANDS: readonly Command[] = [
  { id: 'go.palette', title: 'Search or run a command', group: 'Go', when: always, isSilent: true, run: (d) => d.openOverlay('omnibox') },
  { id: 'go.aggregate', title: 'Go to stream…', group: 'Go', when: hasStore, run: (d) => d.openOverlay('omnibox', '#') },
  { id: 'go.command', title: 'Run command…', group: 'Go', when: always, isSilent: true, run: (d) => d.openOverlay('omnibox', '>') },
  { id: 'go.moment', title: 'Go to time, version or position…', group: 'Go', when: inHistory, run: (d) => d.openOverlay('omnibox', ':') },
  { id: 'go.view.overview', title: 'Overview', group: 'Go', when: hasStore, run: (d) => d.show('overview') },
  { id: 'go.view.history', title: 'History', group: 'Go', when: (d) => d.history !== null, run: (d) => d.show('history') },
  { id: 'go.view.welcome', title: 'Open another store', group: 'Go', when: always, run: (d) => d.show('welcome') },
  { id: 'go.back', title: 'Back', group: 'Go', when: (d) => d.canGoBack, run: (d) => d.back() },
  { id: 'go.forward', title: 'Forward', group: 'Go', when: (d) => d.canGoForward, run: (d) => d.forward() },
  { id: 'go.region.next', title: 'Next region', group: 'Go', when: always, isSilent: true, run: (_, reach) => reach.focusRegion(1) },
  { id: 'go.region.prev', title: 'Previous region', group: 'Go', when: always, isSilent: true, run: (_, reach) => reach.focusRegion(-1) },

  { id: 'connection.open', title: 'Open file…', group: 'Store', when: always, run: (d) => d.openFile() },
  { id: 'connection.sample', title: 'Open the sample store', group: 'Store', when: always, run: (d) => d.openSample() },
  { id: 'connection.close', title: 'Close store', group: 'Store', when: hasStore, run: closeStore },
  { id: 'job.index', title: 'Build the index', group: 'Store', when: (d) => d.store !== null && !d.store.isReady && !d.store.isIndexing, run: (d) => d.store?.index() },
  { id: 'job.cancel', title: 'Cancel the running job', group: 'Store', when: (d) => d.jobs > 0, run: cancelJobs },

  cursor('cursor.prev', 'Previous event', (h) => h.neighbour(-1)),
  cursor('cursor.next', 'Next event', (h) => h.neighbour(1)),
  cursor('cursor.prev10', '10 events back', (h) => h.a - 10),
  cursor('cursor.next10', '10 events forward', (h) => h.a + 10),
  cursor('cursor.prevPage', 'A tenth of the window back', (h) => h.momentBeside(-PAGE_SHARE)),
  cursor('cursor.nextPage', 'A tenth of the window forward', (h) => h.momentBeside(PAGE_SHARE)),
  cursor('cursor.first', 'Start, before the first event', () => 0),
  cursor('cursor.last', 'Last event', (h) => h.opened.events),
  { id: 'cursor.nextChange', title: 'Next change of the focused field', group: 'Cursor', when: inHistory, run: (d) => hop(d, 'forward') },
  { id: 'cursor.prevChange', title: 'Previous change of the focused field', group: 'Cursor', when: inHistory, run: (d) => hop(d, 'backward') },
  { id: 'cursor.setB', title: 'Set B at A', group: 'Cursor', when: inHistory, run: (d) => withHistory(d, (h) => h.setB(h.a)) },
  { id: 'cursor.clearB', title: 'Remove B', group: 'Cursor', when: hasB, run: (d) => withHistory(d, (h) => h.setB(null)) },
  { id: 'cursor.swap', title: 'Swap A and B', group: 'Cursor', when: hasB, run: (d) => withHistory(d, (h) => h.swap()) },

  { id: 'timeline.zoomIn', title: 'Zoom in', group: 'Timeline', when: hasTimeline, run: (d) => zoom(d, ZOOM_STEP) },
  { id: 'timeline.zoomOut', title: 'Zoom out', group: 'Timeline', when: hasTimeline, run: (d) => zoom(d, 1 / ZOOM_STEP) },
  { id: 'timeline.panLeft', title: 'Pan left', group: 'Timeline', when: hasTimeline, run: (d) => timelineOf(d)?.panBy(-PAN_PIXELS) },
  { id: 'timeline.panRight', title: 'Pan right', group: 'Timeline', when: hasTimeline, run: (d) => timelineOf(d)?.panBy(PAN_PIXELS) },
  { id: 'timeline.focus', title: 'Centre A', group: 'Timeline', when: inHistory, run: (d) => withHistory(d, centreA) },
  { id: 'timeline.fitAll', title: 'Fit all', group: 'Timeline', when: hasTimeline, run: (d) => timelineOf(d)?.fitAll() },
  { id: 'timeline.zoomRange', title: 'Zoom to the range from B to A', group: 'Timeline', when: hasB, run: (d) => withHistory(d, zoomRange) },
  { id: 'timeline.zoomBack', title: 'Previous zoom', group: 'Timeline', when: hasTimeline, run: zoomBack },
  { id: 'timeline.axis.next', title: 'Next axis', group: 'Timeline', when: hasTimeline, run: nextAxis },
  axis('time', 'Axis: time'),
  axis('version', 'Axis: version'),
  axis('position', 'Axis: position in the store'),

  tab('state', 'Show state'),
  tab('diff', 'Show differences'),
  tab('blame', 'Show blame'),
  tab('event', 'Show event'),
  tab('raw', 'Show raw columns'),
  { id: 'inspect.copyPath', title: 'Copy path of the focused field', group: 'Inspect', when: hasRow, run: (d, reach) => copyRow(d, reach, 'pointer') },
  { id: 'inspect.copyValue', title: 'Copy value of the focused field', group: 'Inspect', when: hasRow, run: (d, reach) => copyRow(d, reach, 'value') },

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
  { id: 'view.density', title: 'Switch between comfortable and compact rows', group: 'View', when: always, run: (d) => d.switchDensity() },
  { id: 'view.shortcuts', title: 'Keyboard shortcuts', group: 'View', when: always, run: (d) => d.openOverlay('shortcuts') },
  { id: 'view.escape', title: 'Close, stop or let go', group: 'View', when: always, isSilent: true, run: escape },
];

export function commandOf(id: string): Command | undefined {
  return COMMANDS.find((command) => command.id === id);
}

function cursor(id: string, title: string, to: (history: OpenHistory) => number): Command {
  const run = (desk: Desk) =>
    withHistory(desk, (history) => {
      history.setA(to(history));
      desk.revealA();
    });
  return { id, title, group: 'Cursor', when: inHistory, run };
}

function axis(name: Axis, title: string): Command {
  const when = (desk: Desk) => timelineOf(desk)?.has(name) ?? false;
  return { id: `timeline.axis.${name}`, title, group: 'Timeline', when, run: (desk) => setAxis(desk, name) };
}

function tab(name: Tab, title: string): Command {
  const run = (desk: Desk) => withHistory(desk, (history) => history.setTab(name));
  return { id: `inspect.${name}`, title, group: 'Inspect', when: inHistory, run };
}

function theme(name: Theme, title: string): Command {
  return { id: `view.theme.${name}`, title, group: 'View', when: always, run: (desk) => desk.setTheme(name) };
}

function row(id: string, title: string, run: (desk: Desk, reach: Reach) => void): Command {
  return { id, title, group: 'Rows', when: hasStore, isSilent: true, run };
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
