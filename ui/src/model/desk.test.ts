// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { BackendError } from '../backend/backend';
import { fakeBackend } from '../backend/fake';
import type { CaseWire, WindowPlaces } from '../backend/bindings';
import { followLink } from '../place/follow';
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
async function opening(location = 'shops.db') {
  const backend = fakeBackend({ sampleEvents: 200 });
  const desk = new Desk(backend);
  await desk.start();
  await desk.openStore('orders.db');
  const own = backend.openStore.bind(backend);
  let go = () => {};
  const asked = vi.spyOn(backend, 'openStore').mockImplementation(async (...given) => {
    await new Promise<void>((open) => (go = open));
    return await own(...given);
  });
  const closed = vi.spyOn(backend, 'closeStore');
  const opened = desk.openStore(location);
  return { desk, asked, closed, arrive: () => (go(), opened) };
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

it('opens what is asked for twice once, where it was asked for last', async () => {
  const { arrive, asked, desk } = await opening();
  desk.addDocument();
  const again = desk.openStore('shops.db');
  expect(asked).toHaveBeenCalledTimes(1);
  await arrive();
  expect(await again).toBe(desk.documents.present);
  expect(stores(desk)).toEqual(['orders.db', 'shops.db']);
  expect(desk.store?.opened.location).toBe('shops.db');
});

it('begins anew what was given up and is asked for again', async () => {
  const { asked, desk } = await opening();
  await desk.cancelOpening();
  void desk.openStore('shops.db');
  expect(desk.opening).toBe('shops.db');
  expect(asked).toHaveBeenCalledTimes(2);
});

it('takes no event that came for a person who went on', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000 });
  const desk = new Desk(backend);
  await desk.start();
  await desk.openStore('orders.db');
  await desk.openStream('order-4711', 'v3');
  const opened = desk.openStore('shops.db');
  // As a stream that is followed does.
  desk.history?.setA(4);
  await opened;
  expect([stores(desk), desk.store?.opened.location]).toEqual([['shops.db'], 'shops.db']);
});

it('gives up what is being opened elsewhere when something else is opened', async () => {
  const { arrive, backend } = held();
  const closed = vi.spyOn(backend, 'closeStore');
  const desk = new Desk(backend);
  await desk.start();
  const opened = desk.openStore('shops.db');
  await vi.waitFor(() => expect(desk.opening).toBe('shops.db'));
  const elsewhere = desk.openElsewhere('cart.db', 'order-4711', null);
  expect(desk.opening).toBe('cart.db');
  arrive();
  await opened;
  expect([desk.opening, closed.mock.calls.length]).toEqual(['cart.db', 1]);
  await desk.cancelOpening();
  arrive();
  await elsewhere;
  expect([stores(desk), closed.mock.calls.length, desk.failure]).toEqual([[undefined], 2, null]);
});

it('asks what an opening has to know also where a person went on, on a page that can be answered', async () => {
  const { desk, arrive } = await opening('ambiguous.db');
  await desk.openStream('order-4711', 'v3');
  await arrive();
  expect(desk.failedOpening?.error.code).toBe('ambiguous');
  expect([desk.view, desk.documents.all.map(({ view }) => view)]).toEqual(['history', ['history', 'welcome']]);
  expect(desk.notice).toContain('ambiguous.db');
});

/** A backend that opens no store before the test lets it. */
function held(backend = fakeBackend({ sampleEvents: 2_000 }), kept: CaseWire | null = null) {
  const own = backend.openStore.bind(backend);
  const going: (() => void)[] = [];
  vi.spyOn(backend, 'openStore').mockImplementation(async (...given) => {
    await new Promise<void>((open) => going.push(open));
    const opened = await own(...given);
    return { ...opened, case: kept };
  });
  return { backend, arrive: () => going.shift()?.() };
}

it('opens the stream of a launch beside whoever went on, with its own handler', async () => {
  const launch = { store: 'orders.db', stream: 'order-4711', at: 'v3', handler: 'order@1.0.0', layout: null };
  const { arrive, backend } = held(fakeBackend({ sampleEvents: 2_000, launch }));
  const desk = new Desk(backend);
  const started = desk.start();
  await vi.waitFor(() => expect(desk.opening).toBe('orders.db'));
  desk.addDocument();
  arrive();
  await started;
  expect([desk.view, desk.documents.present.handler]).toEqual(['welcome', null]);
  const opened = desk.documents.all.find(({ store }) => store !== null);
  expect([opened?.history?.opened.stream, opened?.history?.a, opened?.handler]).toEqual([
    'order-4711',
    3,
    'order@1.0.0',
  ]);
});

it('goes where a link says beside whoever went on', async () => {
  const recents = [{ location: 'orders.db', layoutTitle: '', events: null, openedAt: '2026-08-14T09:31:07Z' }];
  const { arrive, backend } = held(fakeBackend({ sampleEvents: 2_000, recents }));
  const desk = new Desk(backend);
  await desk.start();
  const gone = followLink(desk, 'refold://orders.db/order/order-4711@3');
  await vi.waitFor(() => expect(desk.opening).toBe('orders.db'));
  desk.addDocument();
  arrive();
  await gone;
  expect(desk.view).toBe('welcome');
  const opened = desk.documents.all.find(({ store }) => store !== null);
  expect([opened?.history?.opened.stream, opened?.history?.a]).toEqual(['order-4711', 3]);
});

const CASE: CaseWire = {
  ...{ writtenAt: '', writtenBy: '', store: 'orders.db', storeKind: '', storeLayout: '', storeIdentity: '' },
  ...{ lastPosition: null, lastPositionRecordedAt: null, eventsUntil: null, streams: [], notes: 0, handlers: [] },
  ...{ leftOut: [], findings: [], shown: 0, places: [] },
};

it('shows what a case holds to none who went on, in its order, and what still opens of it', async () => {
  const { kept } = await twoDocuments();
  const [first, second] = kept.documents;
  if (!first || !second) throw new Error('two were open');
  const gone = { ...first, stream: 'no-such-stream' };
  const { arrive, backend } = held(undefined, { ...CASE, places: [first, gone, second], shown: 2 });
  const desk = new Desk(backend);
  await desk.start();
  const late = desk.openStore('orders.db');
  desk.addDocument();
  const here = desk.documents.present;
  arrive();
  await late;
  expect(desk.documents.present).toBe(here);
  const streams = desk.documents.all.map(({ history }) => history?.opened.stream);
  expect(streams.filter(Boolean)).toEqual(['order-4711', 'order-4712']);
  expect(desk.failure?.message).toContain('no-such-stream');

  const other = new Desk(backend);
  await other.start();
  const opened = other.openStore('orders.db');
  arrive();
  await opened;
  expect(other.history?.opened.stream).toBe('order-4712');
});

it('lets what a person gives up at the start wait, and what is left once they open something else', async () => {
  const { kept } = await twoDocuments();
  const [first, second] = kept.documents;
  if (!first || !second) throw new Error('two were open');
  const documents = [
    { ...first, store: 'slow.db' },
    { ...second, store: 'shops.db' },
  ];
  const { arrive, backend } = held(fakeBackend({ sampleEvents: 2_000, places: { ...kept, documents } }));
  const desk = new Desk(backend);
  const started = desk.start();
  await vi.waitFor(() => expect(desk.opening).toBe('slow.db'));
  await desk.cancelOpening();
  arrive();
  await vi.waitFor(() => expect(desk.opening).toBe('shops.db'));
  const own = desk.openStore('orders.db');
  arrive();
  arrive();
  await Promise.all([own, started]);
  expect(desk.waiting.map(({ store }) => store)).toEqual(['slow.db', 'shops.db']);
  expect([stores(desk), desk.failure]).toEqual([['orders.db'], null]);
});

it('has back what was forgotten for a while, and calls nothing forgotten that is listed', async () => {
  const recents = [{ location: 'orders.db', layoutTitle: '', events: null, openedAt: '2026-08-14T09:31:07Z' }];
  const backend = fakeBackend({ sampleEvents: 200, recents });
  const desk = new Desk(backend);
  await desk.start();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
  await desk.forget('orders.db');
  expect(desk.forgotten?.location).toBe('orders.db');
  await desk.listAgain();
  expect([desk.forgotten, desk.recents.length]).toEqual([null, 1]);
  await desk.forget('orders.db');
  await vi.advanceTimersByTimeAsync(9_000);
  expect(desk.forgotten).not.toBeNull();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(desk.forgotten).toBeNull();
  vi.useRealTimers();
});
