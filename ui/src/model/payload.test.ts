// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { HistoryNews } from './news.svelte';
import { OpenHistory } from './open_history.svelte';
import { OpenStore } from './open_store.svelte';

it('says nothing of the payload where the metadata is looked at, nor of bytes, before that was read', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const own = backend.payloadView.bind(backend);
  let go = (): void => {};
  vi.spyOn(backend, 'payloadView').mockImplementation(async (history, query) => {
    if (query.isMetadata) await new Promise<void>((open) => (go = open));
    const view = await own(history, query);
    return query.isMetadata ? view : { ...view, kind: 'bytes' };
  });
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const news = new HistoryNews();
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, null, news.hear);
  const history = new OpenHistory(store, opened, null, null, news);
  const { payload } = history;
  history.setTab('event');
  payload.look(history.a, false);
  await vi.waitFor(() => expect(payload.view?.kind).toBe('bytes'));
  expect(payload.isBytes).toBe(true);

  history.setEventLens('metadata');
  payload.look(history.a, true);
  expect([payload.view, payload.isBytes]).toEqual([null, false]);
  await vi.waitFor(() => {
    go();
    expect(payload.view?.kind).toBe('tree');
  });
  await history.close();
});
