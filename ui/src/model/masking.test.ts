import { expect, it, vi } from 'vitest';
import type { JobUpdate } from '../backend/bindings';
import { fakeBackend } from '../backend/fake';
import { comparingOf } from './comparing.svelte';
import { Desk } from './desk.svelte';
import { driftingOf } from './drifting.svelte';
import { gateOf } from './gate.svelte';
import { invariantsOf } from './invariants.svelte';
import { replayOf } from './replay.svelte';
import { sandboxOf } from './sandbox.svelte';

async function opened() {
  const launch = { store: 'orders.db', stream: 'order-4711', at: 'v8', handler: null, layout: null };
  const backend = fakeBackend({ sampleEvents: 200, launch });
  const desk = new Desk(backend);
  await desk.start();
  const { history, store } = desk;
  if (!history || !store) throw new Error('the stream did not open');
  return { backend, desk, history, store };
}

it('leaves nothing of what is hidden again, wherever it was shown', async () => {
  const { backend, history, store } = await opened();
  history.setTab('event');
  history.payload.look(8, false);
  history.fields.list('/status');
  const comparing = comparingOf(store);
  const side = { stream: 'order-4711', handler: null };
  await comparing.take({
    ...{ preset: 'points', base: { ...side, at: 'v7' }, current: { ...side, at: 'v8' }, ignoresOrder: false },
  });
  await vi.waitFor(() => {
    expect([history.frame, history.detail, history.payload.view, comparing.frame]).not.toContain(null);
  });
  const listed = history.fields.listed;

  // Whatever is asked from now on is never answered.
  const never = () => new Promise<never>(() => {});
  for (const name of ['stateFrame', 'eventDetail', 'payloadView', 'readField', 'comparisonFrame'] as const) {
    vi.spyOn(backend, name).mockImplementation(never);
  }
  await store.masking.conceal(true);
  expect([history.frame, history.detail, history.payload.view, comparing.frame]).toEqual([null, null, null, null]);
  expect(history.fields.listed).not.toBe(listed);
  expect(history.fields.listed?.read).toBeNull();
});

it('asks anew in every document of the store', async () => {
  const { backend, desk, history, store } = await opened();
  await desk.openBeside('order-4712');
  const frames = vi.spyOn(backend, 'stateFrame');
  await store.masking.conceal(true);
  await vi.waitFor(() => {
    const asked = new Set(frames.mock.calls.map(([of]) => of));
    expect(asked).toEqual(new Set([history.opened.history, desk.history?.opened.history]));
  });
});

it('keeps what a person typed in every view, and nothing that was made of what is hidden again', async () => {
  const { backend, desk, store } = await opened();
  const gate = gateOf(desk, store);
  const replay = replayOf(desk, store);
  const invariants = invariantsOf(desk, store);
  const drifting = driftingOf(desk, store);
  const sandbox = sandboxOf(store);
  replay.form.kind = 'store';
  invariants.form.kind = 'store';
  invariants.draft = 'state.total >= 0';
  await vi.waitFor(() => expect(invariants.listed).not.toEqual([]));
  await drifting.take('/home/ada/shop/sound.csv');
  drifting.edit(`# mine\n${drifting.mapping}`);
  const { mapping } = drifting;
  await sandbox.begin('order-4711', replay.left, ['{"skip": "v2"}']);
  await Promise.all([gate.run(), replay.run(false), invariants.runOne(false), drifting.run()]);
  await vi.waitFor(() => expect([gate.example, replay.page, sandbox.page]).not.toContain(null));
  sandbox.choose(3);
  await sandbox.open();
  const given = sandbox.draft ?? '';
  const values = given.split('\n').filter((line) => line.trim().startsWith('"/'));
  sandbox.draft = given.replace(values[0] ?? '', '    "/mine": 1,');
  const was = sandbox.opened;

  await store.masking.conceal(true);
  expect([gate.told, gate.example, replay.result, replay.pair, replay.page, drifting.result]).toEqual(
    Array.from({ length: 6 }, () => null),
  );
  expect(invariants.ran.size).toBe(0);
  expect([gate, replay, invariants, drifting].map(({ lost }) => lost !== '')).toEqual([true, true, true, true]);
  expect([drifting.mapping, invariants.draft]).toEqual([mapping, 'state.total >= 0']);
  // The branch is made once more, of the same edits; of the text that is written only what was typed is there.
  expect([sandbox.edits, sandbox.page]).toEqual([['{"skip": "v2"}'], null]);
  await vi.waitFor(() => expect(sandbox.page).not.toBeNull());
  expect(sandbox.opened).not.toBe(was);
  expect(sandbox.draft).toContain('"/mine": 1');
  for (const line of values.slice(1)) expect(sandbox.draft).not.toContain(line.trim().replace(/,$/, ''));

  // What runs is ended, and what it would tell is never shown.
  let tell: (job: JobUpdate) => void = () => {};
  vi.spyOn(backend, 'gate').mockImplementation((...[, , , told]) => {
    tell = told;
    return new Promise(() => {});
  });
  void gate.run();
  await store.masking.conceal(true);
  tell({ job: 7, phase: null, done: 1, total: 2, doublings: 0 });
  expect([gate.isRunning, gate.job]).toEqual([false, null]);
  expect(gate.lost).toContain('stopped');
});
