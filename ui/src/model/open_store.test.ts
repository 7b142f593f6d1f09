import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { OpenStore } from './open_store.svelte';

it('keeps the mark on its stream while others move up in the list', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000 });
  const streams = backend.streams.bind(backend);
  // Streams that came up to the top, the latest first.
  let top: string[] = [];
  vi.spyOn(backend, 'streams').mockImplementation(async (session, query) => {
    const { rows, ...page } = await streams(session, { ...query, offset: 0, limit: 1_000_000 });
    const moved = top.flatMap((id) => rows.filter((row) => row.id === id));
    const all = [...moved, ...rows.filter(({ id }) => !top.includes(id))];
    return { ...page, rows: all.slice(query.offset, query.offset + query.limit) };
  });
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  await vi.waitFor(() => expect(store.streams.at(5)).toBeDefined());
  store.activeStream = 3;
  const { activeStreamId } = store;
  expect(activeStreamId).toBe(store.streams.at(3)?.id);

  for (const [from, row] of [
    [5, 4],
    [2, 4],
    [4, 0],
  ] as const) {
    const id = store.streams.at(from)?.id ?? '';
    const seen = store.streamsSeen;
    top = [id, ...top.filter((one) => one !== id)];
    await store.grow(true);
    await vi.waitFor(() => expect(store.streamsSeen).toBeGreaterThan(seen));
    expect([store.activeStreamId, store.activeStream]).toEqual([activeStreamId, row]);
    expect(store.streams.at(store.activeStream)?.id).toBe(activeStreamId);
    expect(store.isActiveMoved).toBe(false);
  }
  await store.close();
});
