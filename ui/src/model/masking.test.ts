import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { comparingOf } from './comparing.svelte';
import { invariantsOf } from './invariants.svelte';
import { Desk } from './desk.svelte';

async function opened() {
  const launch = { store: 'orders.db', stream: 'order-4711', at: 'v8', handler: null };
  const backend = fakeBackend({ sampleEvents: 200, launch });
  const desk = new Desk(backend);
  await desk.start();
  const { history, store } = desk;
  if (!history || !store) throw new Error('the stream did not open');
  return { backend, desk, history, store };
}

it('leaves nothing of what is hidden again, wherever it was shown', async () => {
  const { backend, desk, history, store } = await opened();
  history.setTab('event');
  history.payload.look(8, false);
  history.fields.list('/status');
  const comparing = comparingOf(store);
  const side = { stream: 'order-4711', handler: null };
  await comparing.take({
    ...{ preset: 'points', base: { ...side, at: 'v7' }, current: { ...side, at: 'v8' }, ignoresOrder: false },
  });
  const invariants = invariantsOf(desk, store);
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
  expect([...store.boards.values()]).not.toContain(invariants);
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
