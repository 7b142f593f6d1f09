// What the commands of the comparison do: loaded when the first of them runs. It must not know which keys run it.

import type { ComparedPreset, ComparisonSide } from '../backend/bindings';
import type { Board } from '../model/board';
import { comparingOf, PRESETS, type Comparing } from '../model/comparing.svelte';
import type { Desk } from '../model/desk.svelte';
import { driftingOf, READ_MODEL } from '../model/drifting.svelte';
import type { OpenStore } from '../model/open_store.svelte';
import { STORES, twoStoresOf } from '../model/two_stores.svelte';
import type { Act } from './compare';

/** What Compare shows in the place of two states; `null`: it shows these. */
function boardIn(desk: Desk): Board | null {
  const { store } = desk;
  if (store?.compared === READ_MODEL) return driftingOf(desk, store);
  return store?.compared === STORES ? twoStoresOf(desk, store) : null;
}

/** What Enter does on the row that is marked. */
export async function openCompared(desk: Desk): Promise<void> {
  const { store } = desk;
  const board = boardIn(desk);
  if (board) return board.open();
  const comparing = store && comparingOf(store);
  const row = comparing?.rowAt(comparing.activeRow);
  if (!comparing || !row) return;
  if (row.canOpen) comparing.toggle(row.pointer);
  else if (row.changedMoment > 0) await goTo(comparing, desk, row.changedVersion);
}

/** Runs one of the commands of the view. */
export async function act(desk: Desk, what: Act, value: string): Promise<void> {
  const { store } = desk;
  if (!store) return;
  const comparing = comparingOf(store);
  const board = boardIn(desk);
  if (board && what !== 'preset') return board.act(what);
  switch (what) {
    case 'preset':
      return setPreset(store, comparing, value);
    case 'run':
      return run(comparing, desk);
    case 'swap':
      return swap(comparing, desk);
    case 'stop':
      return comparing.stop();
    case 'onlyChanges':
      return comparing.setOnlyChanges(!comparing.onlyChanges);
    case 'ignoreOrder':
      return comparing.setIgnoresOrder(!comparing.ignoresOrder);
    case 'nextChange':
      return comparing.moveToChange(1);
    case 'prevChange':
      return comparing.moveToChange(-1);
    case 'openBase':
      return openSide(desk, comparing.base);
    case 'openCurrent':
      return openSide(desk, comparing.current);
    case 'goTo':
      return goTo(comparing, desk, value);
    default: // Those of two stores alone.
  }
}

/** Moves the mark in the rows. */
export function move(desk: Desk, by: number): void {
  const { store } = desk;
  const board = boardIn(desk);
  if (board) board.move(by);
  else if (store) comparingOf(store).move(by);
}

/** Puts the open stream on both sides, and runs it. What B lacks is the event before A. */
export async function start(desk: Desk, preset: ComparedPreset, base: Partial<ComparisonSide> = {}): Promise<void> {
  const { history, store } = desk;
  if (!history || !store) return;
  const comparing = comparingOf(store);
  const side = { stream: history.opened.stream, handler: history.handler };
  const [at, before] = await Promise.all([cursorOf(desk, history.a), cursorOf(desk, history.b ?? history.a - 1)]);
  const current = { ...side, at };
  const other = preset === 'points' ? { ...side, at: before } : { ...current, ...base };
  comparing.ask({ preset, base: other, current, ignoresOrder: comparing.ignoresOrder });
  store.compared = null;
  const running = comparing.run();
  desk.show('compare');
  await running;
  desk.visit();
}

/** Shows the read model that is held against the history, or asks for one. */
export async function readModel(desk: Desk): Promise<void> {
  const { store } = desk;
  if (!store) return;
  store.compared = READ_MODEL;
  desk.show('compare');
  const board = driftingOf(desk, store);
  if (board.file === '') await board.choose();
}

/** Shows two whole stores. `other`: with which one they are to be compared at once; empty: nobody says yet. */
export async function stores(desk: Desk, other: string): Promise<void> {
  const { store } = desk;
  if (!store) return;
  store.compared = STORES;
  desk.show('compare');
  const board = twoStoresOf(desk, store);
  if (other === '') return;
  board.take(other);
  await board.run();
}

async function cursorOf(desk: Desk, moment: number): Promise<string> {
  const { history } = desk;
  if (!history || moment <= 0) return 'start';
  const known = history.versionOf(moment);
  if (known !== null && known !== '') return `v${known}`;
  const { row } = await desk.backend.eventDetail(history.opened.history, moment);
  return row.version === '' ? `#${row.position}` : `v${row.version}`;
}

// Without a name the view asks for one.
export async function aggregates(desk: Desk, stream: string): Promise<void> {
  const { history, store } = desk;
  if (!history || !store) return;
  if (stream !== '') return start(desk, 'aggregates', { stream, at: 'head' });
  const at = await cursorOf(desk, history.a);
  const current = { stream: history.opened.stream, at, handler: history.handler };
  const comparing = comparingOf(store);
  comparing.ask({
    ...{ preset: 'aggregates', base: { ...current, stream: '', at: 'head' }, current },
    ignoresOrder: comparing.ignoresOrder,
  });
  desk.show('compare');
}

/** Without a name the next one; what is more than two states comes last. */
function setPreset(store: OpenStore, comparing: Comparing, value: string): void {
  const all = [...PRESETS, READ_MODEL, STORES] as const;
  const present = store.compared ?? comparing.preset;
  const chosen = all.find((one) => one === value) ?? all[(all.indexOf(present) + 1) % all.length];
  store.compared = chosen === READ_MODEL || chosen === STORES ? chosen : null;
  if (chosen !== undefined && chosen !== READ_MODEL && chosen !== STORES) comparing.setPreset(chosen);
}

async function run(comparing: Comparing, desk: Desk): Promise<void> {
  desk.leave();
  await comparing.run();
  desk.visit();
}

async function swap(comparing: Comparing, desk: Desk): Promise<void> {
  desk.leave();
  await comparing.swap();
  desk.visit();
}

async function openSide(desk: Desk, { at, handler, stream }: ComparisonSide): Promise<void> {
  await desk.openStream(stream, at);
  if (handler !== null && desk.history && desk.history.handler !== handler) await desk.foldWith(handler);
}

/** `at`: a version, or `#4711`; without one that of the row that is marked. */
async function goTo(comparing: Comparing, desk: Desk, at: string): Promise<void> {
  const place = at === '' ? (comparing.rowAt(comparing.activeRow)?.changedVersion ?? '') : at;
  const { current } = comparing.shown ?? comparing;
  if (place !== '') await openSide(desk, { ...current, at: place.startsWith('#') ? place : `v${place}` });
}
