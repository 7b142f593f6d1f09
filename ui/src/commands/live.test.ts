import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { nanosFromRfc3339 } from '../base/instant';
import { Desk } from '../model/desk.svelte';
import { searchOf } from '../model/search.svelte';
import type { Reach } from './command';
import { commandOf } from './registry';

const REACH = {} as Reach;

async function opened() {
  const backend = fakeBackend({
    sampleEvents: 2_000,
    launch: { store: 'orders.db', stream: null, at: null, handler: null, layout: null },
  });
  const desk = new Desk(backend);
  await desk.start();
  const { store } = desk;
  if (!store) throw new Error('the store did not open');
  await vi.waitFor(() => expect(store.timeline).not.toBeNull());
  return { backend, desk, store };
}

const nanos = (text: string) => nanosFromRfc3339(text) ?? 0n;

it('lists and exports the events of a range, whose end is not in it', async () => {
  const { backend, desk, store } = await opened();
  const span = { from: nanos('2026-06-10T00:00:00Z'), to: nanos('2026-06-11T00:00:00Z') };
  store.setRange(span);
  const range = store.range;
  await vi.waitFor(() => expect(range?.facts).not.toBeNull());
  await commandOf('timeline.searchRange')?.run(desk, REACH, '');
  expect(desk.view).toBe('search');
  const { tab } = searchOf(store);
  expect([tab.asked.from, tab.asked.to]).toEqual(['2026-06-10T00:00:00Z', '2026-06-10T23:59:59.999999999Z']);
  await vi.waitFor(() => expect(tab.phase).toBe('whole'));
  expect(tab.found).toBe(range?.facts?.events);

  desk.show('overview');
  vi.spyOn(backend, 'pickSave').mockResolvedValue('/home/ada/events.ndjson');
  const exported = vi.spyOn(backend, 'exportSearch');
  await commandOf('timeline.exportRange')?.run(desk, REACH, '');
  expect(exported.mock.lastCall?.[1]).toMatchObject({ from: tab.asked.from, to: tab.asked.to, text: '' });
});

it('says of a range of positions that it cannot be listed', async () => {
  const { desk, store } = await opened();
  store.timeline?.setAxis('position');
  store.setRange({ from: 10n, to: 20n });
  for (const id of ['timeline.searchRange', 'timeline.exportRange', 'compare.distinguish.filter']) {
    expect(commandOf(id)?.blocked(desk), id).toContain('switch the axis to Time');
  }
});
