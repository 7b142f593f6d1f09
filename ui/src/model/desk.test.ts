// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { BackendError } from '../backend/backend';
import { fakeBackend } from '../backend/fake';
import type { WindowPlaces } from '../backend/bindings';
import { Desk } from './desk.svelte';

const NOTHING: WindowPlaces = { shown: 0, documents: [], panels: [], isListHidden: false };

it('writes down that a store is closed, however soon after it was opened', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const remembered = vi.spyOn(backend, 'rememberWindow');
  const desk = new Desk(backend);
  await desk.start();
  await desk.openStore('orders.db');
  expect(desk.store).not.toBeNull();
  await desk.leaveStore();
  await vi.waitFor(() => expect(remembered.mock.lastCall).toEqual([NOTHING]), { timeout: 5000 });
});

it('asks the host for a store at once, and reads what the window needs for it meanwhile', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const asked = vi.spyOn(backend, 'openStore');
  const desk = new Desk(backend);
  await desk.start();
  const opened = desk.openStore('orders.db');
  expect(asked).toHaveBeenCalledOnce();
  await opened;
  expect(desk.store?.opened.location).toBe('orders.db');
});

it('goes to the newest event of a stream that is named, wherever A stood in it', async () => {
  const desk = new Desk(fakeBackend({ sampleEvents: 2000 }));
  await desk.start();
  await desk.openStore('orders.db');
  await desk.openStream('order-4711', 'start');
  expect(desk.history?.a).toBe(0);
  await desk.openStream('order-4711');
  expect(desk.history?.a).toBe(15);
});

/** A desk with two documents, and what it writes down. */
async function twoDocuments() {
  const backend = fakeBackend({ sampleEvents: 2000 });
  const remembered = vi.spyOn(backend, 'rememberWindow');
  const desk = new Desk(backend);
  await desk.start();
  await desk.openStore('orders.db');
  await desk.openStream('order-4711', 'v9', { base: 'v3', tab: 'diff' });
  desk.history?.setTypes(['PaymentFailed']);
  desk.history?.timeline.setFolding(false);
  desk.history?.fields.toggleLane('/total');
  await desk.openBeside('order-4712', 'start');
  desk.activate(desk.documents.beside(1));
  desk.panels.set('history.list', 0.4);
  desk.panels.switchList(false);
  const kept = await vi.waitFor(() => {
    const [places] = remembered.mock.lastCall ?? [];
    if (places?.panels?.length !== 1) throw new Error('not yet');
    return places;
  });
  return { kept };
}

it('opens again what was open: documents, cursors, tab, filter, folds, pinned fields, panels', async () => {
  const { kept } = await twoDocuments();
  const desk = new Desk(fakeBackend({ sampleEvents: 2000, places: kept }));
  await desk.start();
  const { all, present } = desk.documents;
  expect(all.map(({ title }) => title)).toEqual(['order-4711', 'order-4712']);
  expect(all.map(({ history }) => history?.a)).toEqual([9, 0]);
  expect(present).toBe(all[0]);
  const { b, tab, types } = present.history ?? {};
  expect([b, tab, types]).toEqual([3, 'diff', ['PaymentFailed']]);
  expect(present.history?.timeline.isFolding).toBe(false);
  expect(present.history?.fields.lanes.map(({ path }) => path)).toEqual(['/total']);
  expect(desk.panels.share('history.list')).toBe(0.4);
  expect(desk.panels.isListShown).toBe(false);
  expect(desk.documents.stores).toHaveLength(1);
  expect(desk.failure).toBeNull();
});

it('says what vanished, and opens the rest', async () => {
  const { kept } = await twoDocuments();
  const [first] = kept.documents;
  if (!first) throw new Error('two were open');
  const places = { ...kept, documents: [{ ...first, store: '/srv/error.db' }, ...kept.documents], shown: 0 };
  const desk = new Desk(fakeBackend({ sampleEvents: 2000, places }));
  await desk.start();
  expect(desk.documents.all.map(({ title }) => title)).toEqual(['order-4711', 'order-4712']);
  expect(desk.failure?.message).toContain('/srv/error.db');
});

it('tells once that the settings file is broken, and no more of it once it was mended and read again', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const desk = new Desk(backend);
  await desk.start();
  const start = await backend.start();
  const broken = { code: 'invalidInput' as const, message: 'the settings file is no TOML', hint: '', choices: [] };
  vi.spyOn(backend, 'saveSettings').mockRejectedValue(new BackendError(broken));
  await desk.setTheme('dark');
  expect(desk.failure?.message).toBe(broken.message);
  vi.spyOn(backend, 'start').mockResolvedValueOnce({ ...start, settingsFailure: broken });
  await desk.readSettings();
  expect([desk.failure, desk.preferences.failure?.message]).toEqual([null, broken.message]);
  await desk.setTheme('light');
  expect(desk.failure).toBeNull();
  await desk.readSettings();
  expect([desk.failure, desk.preferences.failure]).toEqual([null, null]);
});

it('contacts no server of production before a person says so, and forgets none of what was open there', async () => {
  const { kept } = await twoDocuments();
  const [first, second] = kept.documents;
  if (!first || !second) throw new Error('two were open');
  const server = 'postgresql://db.example.com/orders';
  const places = { ...kept, documents: [{ ...first, store: server }, second], shown: 0 };
  const backend = fakeBackend({ sampleEvents: 2000, places });
  const [opened, remembered] = [vi.spyOn(backend, 'openStore'), vi.spyOn(backend, 'rememberWindow')];
  const desk = new Desk(backend);
  await desk.start();
  expect(desk.documents.all.map(({ title }) => title)).toEqual(['order-4712']);
  expect(opened.mock.calls.map(([location]) => location)).toEqual(['orders.db']);
  expect(desk.waiting.map(({ store }) => store)).toEqual([server]);
  const last = () => remembered.mock.lastCall?.[0].documents.map(({ store }) => store);
  await vi.waitFor(() => expect(last()).toEqual(['orders.db', server]), { timeout: 5000 });

  await desk.connectWaiting();
  expect(desk.documents.all.map(({ title }) => title)).toEqual(['order-4712', 'order-4711']);
  expect([desk.store?.opened.location, desk.history?.a]).toEqual([server, 9]);
  expect(desk.waiting).toEqual([]);
});

it('opens again at once what is no production, and leaves closed what a person wants closed', async () => {
  const { kept } = await twoDocuments();
  const [first] = kept.documents;
  if (!first) throw new Error('two were open');
  const server = 'postgresql://db.example.com/orders';
  const places = { ...kept, documents: [{ ...first, store: server }], shown: 0 };
  const backend = fakeBackend({ sampleEvents: 2000, places });
  const desk = new Desk(backend);
  await desk.start();
  expect([desk.view, desk.store]).toEqual(['welcome', null]);
  const remembered = vi.spyOn(backend, 'rememberWindow');
  desk.forgetWaiting();
  await vi.waitFor(() => expect(remembered.mock.lastCall?.[0].documents).toEqual([]), { timeout: 5000 });

  const start = await backend.start();
  const environments = [{ location: server, environment: 'test' as const }];
  vi.spyOn(backend, 'start').mockResolvedValue({ ...start, places, settings: { ...start.settings, environments } });
  const other = new Desk(backend);
  await other.start();
  expect([other.waiting, other.store?.opened.location]).toEqual([[], server]);
});

/** A desk over a store, at which another one is being opened until the test lets it. */
async function opening() {
  const backend = fakeBackend({ sampleEvents: 200 });
  const desk = new Desk(backend);
  await desk.start();
  await desk.openStore('orders.db');
  const own = backend.openStore.bind(backend);
  let go = () => {};
  vi.spyOn(backend, 'openStore').mockImplementation(async (...given) => {
    await new Promise<void>((open) => (go = open));
    return await own(...given);
  });
  const closed = vi.spyOn(backend, 'closeStore');
  const opened = desk.openStore('shops.db');
  return { desk, closed, arrive: () => (go(), opened) };
}

const stores = ({ documents }: Desk) => documents.all.map(({ store }) => store?.opened.location);

it('puts a store where it was asked for', async () => {
  const { arrive, desk } = await opening();
  await arrive();
  expect([stores(desk), desk.store?.opened.location]).toEqual([['shops.db'], 'shops.db']);
});

it('leaves whoever went on where they are, and what opened late in a tab of its own', async () => {
  const { arrive, desk } = await opening();
  await desk.openStream('order-4711', 'v3');
  await arrive();
  expect(stores(desk)).toEqual(['orders.db', 'shops.db']);
  expect([desk.history?.opened.stream, desk.history?.a]).toEqual(['order-4711', 3]);
  expect(desk.notice).toContain('tab of its own');
});

it('shows nothing of a store that was given up, and closes it', async () => {
  const { arrive, closed, desk } = await opening();
  await desk.cancelOpening();
  expect(desk.opening).toBeNull();
  await arrive();
  expect(stores(desk)).toEqual(['orders.db']);
  expect(closed).toHaveBeenCalledOnce();
  expect([desk.failure, desk.failedOpening]).toEqual([null, null]);
});

it('opens what it was started with by the layout that was named', async () => {
  const launch = { store: 'own.jsonl', stream: null, at: null, handler: null, layout: '/home/ada/own.toml' };
  const backend = fakeBackend({ sampleEvents: 2_000, launch });
  const opened = vi.spyOn(backend, 'openStore');
  const desk = new Desk(backend);
  await desk.start();
  expect(opened.mock.calls[0]?.slice(0, 2)).toEqual(['own.jsonl', '/home/ada/own.toml']);
});
