// Moving the cursors A and B of a history.

import type { SearchDirection } from '../backend/bindings';
import { bigFromText, floatFromBig } from '../base/exact';
import { countOf } from '../base/format';
import type { Desk } from '../model/desk.svelte';
import type { OpenHistory } from '../model/open_history.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach, type Shape } from './command';

const PAGE_SHARE = 0.1;
const hasB = (desk: Desk) => (desk.history?.b === null ? S.blocked.noB : null);

export const CURSOR: readonly Command[] = [
  step('cursor.prev', 'Previous event', ['ArrowLeft', 'ArrowUp'], (h) => h.steps.beside('backward')),
  step('cursor.next', 'Next event', ['ArrowRight', 'ArrowDown'], (h) => h.steps.beside('forward')),
  step('cursor.prev10', '10 events back', ['Shift+ArrowLeft'], (h) => h.setA(h.a - 10)),
  step('cursor.next10', '10 events forward', ['Shift+ArrowRight'], (h) => h.setA(h.a + 10)),
  step('cursor.prevPage', 'A tenth of the window back', ['PageUp'], (h) => h.steps.byShare(-PAGE_SHARE)),
  step('cursor.nextPage', 'A tenth of the window forward', ['PageDown'], (h) => h.steps.byShare(PAGE_SHARE)),
  inType('cursor.prevSameType', 'Previous event of the same type', ',', 'backward'),
  inType('cursor.nextSameType', 'Next event of the same type', '.', 'forward'),
  leap('cursor.first', 'Start, before the first event', { keys: ['Home'] }, (_, h) => h.setA(0)),
  leap('cursor.last', 'Last event', { keys: ['End'], words: 'head newest' }, (_, h) => h.setA(h.opened.events)),
  leap('cursor.nextChange', 'Next change of the focused field', { keys: ['c'], words: 'blame hop' }, (_, h) =>
    h.steps.alongField('forward'),
  ),
  leap('cursor.prevChange', 'Previous change of the focused field', { keys: ['Shift+c'], words: 'blame hop' }, (_, h) =>
    h.steps.alongField('backward'),
  ),
  leap('cursor.nextProblem', 'Next problem', { keys: ['x'], words: 'invariant finding violation error' }, (_, h) =>
    h.problems.step('forward'),
  ),
  leap('cursor.prevProblem', 'Previous problem', { keys: ['Shift+x'], words: 'invariant finding violation' }, (_, h) =>
    h.problems.step('backward'),
  ),
  command(
    'Cursor',
    ['history'],
    'cursor.stopChecking',
    'Stop checking invariants',
    ({ history }) => history?.problems.cancel(),
    {
      blocked: ({ history }) => (history?.problems.job ? null : S.blocked.noJob),
    },
  ),
  command('Cursor', ['history'], 'cursor.toMoment', 'Go to the n-th event', (desk, _, n) => toMoment(desk, n), {
    isQuiet: true,
    blocked: ({ history }) => (history ? null : S.blocked.history),
  }),
  leap('cursor.asOf', 'Hold A at a time, as of which the state is shown…', { words: 'as of known then moment' }, asOf),
  leap('cursor.asOf.release', 'Let A be its event again, not a time', { blocked: isEvent }, (_, h) => h.setA(h.a)),
  leap('cursor.setB', 'Set B at A', { keys: ['b'], words: 'base compare' }, (_, h) => h.setB(h.a)),
  leap('cursor.clearB', 'Remove B', { keys: ['Shift+b'], blocked: hasB }, (_, h) => h.setB(null)),
  leap('cursor.setB.there', 'Set B at a time, version or position…', { words: 'base' }, setBThere),
  leap('cursor.range', 'Set B and A to a range…', { words: 'between' }, setRange),
  leap('cursor.lastOfType', 'Go to the last event of a type…', { choices: types }, goToLastOfType),
  leap('cursor.swap', 'Swap A and B', { keys: ['v'], blocked: hasB }, (_, h) => h.swap()),
];

/** A small move: it refines the present place. */
function step(id: string, title: string, keys: string[], act: (history: OpenHistory) => void | Promise<void>): Command {
  const run = async (desk: Desk) => {
    if (desk.history) await act(desk.history);
    desk.revealA();
  };
  return command('Cursor', ['history'], id, title, run, { keys });
}

function inType(id: string, title: string, key: string, direction: SearchDirection): Command {
  const blocked = ({ history }: Desk) => (history?.a === 0 ? S.blocked.noEvent : null);
  return leap(id, title, { keys: [key], blocked }, (_, history) => history.steps.inType(direction));
}

/** A move that the way back returns from. */
function leap(
  id: string,
  title: string,
  shape: Shape,
  act: (desk: Desk, history: OpenHistory, value: string) => void | Promise<void>,
): Command {
  const run = async (desk: Desk, _: Reach, value: string) => {
    const { history } = desk;
    if (!history) return;
    desk.leave();
    await act(desk, history, value);
    desk.revealA();
    desk.visit();
  };
  return command('Cursor', ['history'], id, title, run, shape);
}

async function asOf(desk: Desk, history: OpenHistory, time: string): Promise<void> {
  if (time === '') return desk.openOverlay('palette', ':');
  const found = await desk.backend.momentOf(history.opened.history, time);
  history.putA(found);
}

function isEvent({ history }: Desk): string | null {
  return history?.asOf === null ? S.scrubber.notFixed : null;
}

async function setBThere(desk: Desk, history: OpenHistory, cursor: string): Promise<void> {
  if (cursor === '') return desk.openOverlay('palette', ':');
  history.setB((await desk.backend.momentOf(history.opened.history, cursor)).moment);
}

/** `range`: two cursor texts, a line each. */
async function setRange(desk: Desk, history: OpenHistory, range: string): Promise<void> {
  const [from, to] = range.split('\n');
  if (from === undefined || to === undefined) return desk.openOverlay('palette', ':');
  const read = (cursor: string) => desk.backend.momentOf(history.opened.history, cursor);
  const [base, found] = await Promise.all([read(from), read(to)]);
  history.setB(base.moment);
  history.putA(found);
}

function types({ history }: Desk): Choice[] {
  return (history?.opened.types ?? []).map(({ name, events }) => ({
    ...{ value: name, title: name },
    note: countOf(events, 'event', 'events'),
  }));
}

async function goToLastOfType(desk: Desk, history: OpenHistory, type: string): Promise<void> {
  const page = { types: [type], offset: 0, limit: 1 };
  const { matching } = await desk.backend.eventRows(history.opened.history, page);
  const last = { ...page, offset: Math.max(0, matching - 1) };
  const { rows } = await desk.backend.eventRows(history.opened.history, last);
  if (rows[0]) history.setA(rows[0].moment);
}

/** `n`: a moment. Without one the palette asks where to. */
function toMoment(desk: Desk, n: string): void {
  const moment = bigFromText(n);
  if (moment !== null) desk.jump(floatFromBig(moment));
  else desk.openOverlay('palette', ':');
}
