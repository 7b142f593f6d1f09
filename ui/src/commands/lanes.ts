// Streams as lanes on one clock: which of them, where the cursor is, what is visible.

import type { Desk } from '../model/desk.svelte';
import type { Lanes } from '../model/lanes.svelte';
import { MOST_LANES } from '../model/limits';
import { S } from '../strings';
import { command, type Command, type Shape } from './command';

const T = S.lanes;
const hasLane = ({ store }: Desk) => (store && store.lanes.streams.length > 0 ? null : S.blocked.noLane);
const hasEvent = ({ history }: Desk) => (history && history.a > 0 ? null : S.blocked.noEvent);

export const LANES: readonly Command[] = [
  command('Go', ['history'], 'lanes.ofEvent', 'Show the streams of this event’s correlation as lanes', ofEvent, {
    ...{ words: 'affair together clock', blocked: hasEvent },
  }),
  command('Go', ['global'], 'lanes.add', 'Add a stream to the lanes…', add, {
    ...{ words: 'together clock compare', blocked: (d) => (d.store ? null : S.blocked.store) },
  }),
  lane('lanes.remove', 'Take the lane off', ['Delete'], (lanes, value) =>
    lanes.remove(value === '' ? lanes.chosen : lanes.streams.indexOf(value)),
  ),
  lane('lanes.up', 'Choose the lane above', ['ArrowUp'], (lanes) => lanes.choose(lanes.chosen - 1)),
  lane('lanes.down', 'Choose the lane below', ['ArrowDown'], (lanes) => lanes.choose(lanes.chosen + 1)),
  lane('lanes.prev', 'Previous event on any lane', ['ArrowLeft'], (lanes) => step(lanes, 'backward')),
  lane('lanes.next', 'Next event on any lane', ['ArrowRight'], (lanes) => step(lanes, 'forward')),
  lane('lanes.zoomIn', 'Zoom into the lanes', ['w'], (lanes) => lanes.zoom(1n, 2n, middle(lanes))),
  lane('lanes.zoomOut', 'Zoom out of the lanes', ['s'], (lanes) => lanes.zoom(2n, 1n, middle(lanes))),
  lane('lanes.panLeft', 'Move the lanes back in time', ['a'], (lanes) => lanes.pan(-20n)),
  lane('lanes.panRight', 'Move the lanes forward in time', ['d'], (lanes) => lanes.pan(20n)),
  lane('lanes.fit', 'Fit all lanes', ['0'], (lanes) => lanes.fit()),
  lane('lanes.clock', 'Switch the clock of the lanes', ['t'], (lanes, value) =>
    lanes.setClock(value === 'recorded' || (value === '' && lanes.clock === 'occurred') ? 'recorded' : 'occurred'),
  ),
  lane('lanes.stop', 'Stop reading the lanes', [], (lanes) => lanes.stop(), {
    blocked: ({ store }) => (store?.lanes.job ? null : S.blocked.noJob),
  }),
  command('Go', ['lanes'], 'lanes.open', 'Open this moment of the lane in History', open, {
    ...{ keys: ['Enter'], blocked: hasLane },
  }),
];

function lane(
  id: string,
  title: string,
  keys: string[],
  act: (lanes: Lanes, value: string) => void | Promise<void>,
  shape: Shape = {},
): Command {
  const run: Command['run'] = async (desk, _, value) => {
    if (!desk.store) return;
    desk.leave();
    await act(desk.store.lanes, value);
    desk.visit();
  };
  return command('Timeline', ['lanes'], id, title, run, { keys, blocked: hasLane, ...shape });
}

function middle({ instant, window: shown }: Lanes): bigint {
  if (!shown) return 0n;
  const isInside = instant !== null && instant >= shown.from && instant < shown.to;
  return isInside ? instant : (shown.from + shown.to) / 2n;
}

async function step(lanes: Lanes, direction: 'forward' | 'backward'): Promise<void> {
  if (!(await lanes.step(direction))) lanes.notice = T.noStep[direction];
}

async function ofEvent(desk: Desk): Promise<void> {
  const { history, store } = desk;
  if (!history || !store) return;
  const affair = await desk.backend.correlationStreams(history.opened.history, history.a);
  const event = await desk.backend.eventDetail(history.opened.history, history.a);
  desk.show('lanes');
  await store.lanes.showAffair(affair, history.opened.stream, event);
  desk.visit();
}

async function add(desk: Desk, _: unknown, stream: string): Promise<void> {
  const { history, store } = desk;
  // Without a name the stream in hand is meant; else the field of the view asks for one.
  const named = stream === '' && desk.view === 'history' ? (history?.opened.stream ?? '') : stream;
  if (!store) return;
  desk.show('lanes');
  if (named === '') {
    store.lanes.isFieldWanted = true;
    return;
  }
  // A part of an id is enough where it finds one.
  const [hit] = await desk.backend.find(store.opened.session, named, 1);
  desk.leave();
  if (!(await store.lanes.add(hit?.stream ?? named, named))) desk.say(T.full(MOST_LANES));
  desk.visit();
}

async function open(desk: Desk): Promise<void> {
  const lanes = desk.store?.lanes;
  const stream = lanes?.streams[lanes.chosen];
  const at = lanes?.at[lanes.chosen];
  if (stream === undefined || !at) return;
  // One step of the way back, where a cursor text can name the moment.
  if (at.moment === 0) return desk.openStream(stream, 'start');
  if (at.version !== '') return desk.openStream(stream, `v${at.version}`);
  await desk.openStream(stream);
  desk.jump(at.moment);
}
