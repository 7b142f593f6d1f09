// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import { fakeBackend } from '../backend/fake';
import type { Place as WindowPlace } from '../model/document.svelte';
import { HistoryNews } from '../model/news.svelte';
import { OpenHistory } from '../model/open_history.svelte';
import { Documents } from '../model/documents.svelte';
import { OpenStore } from '../model/open_store.svelte';
import { placeFrom, written } from '../model/restoring';
import { linkHere, type Window } from './follow';
import { recentPlaces, samePlace, type Place } from './place';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

const HERE: Place = {
  document: 1,
  view: 'history',
  store: { location: '/srv/orders.db', name: 'orders.db', layout: 'emmett' },
  stream: { id: 'order-4711', category: 'order', handler: 'order@1.0.0' },
  ...{ a: 3, b: null, lens: 'state', axis: 'time', window: null, focus: null, types: [], label: 'v 3' },
  ...{ asOf: null, asked: null, lanes: null, streams: null, compared: null, look: null },
};

it('is another place where store, stream, handler, cursors or lens differ', () => {
  expect(samePlace(HERE, { ...HERE, axis: 'version', focus: '/total', label: 'v 03' })).toBe(true);
  const others: Partial<Place>[] = [
    ...[{ a: 4 }, { b: 1 }, { lens: 'diff' }, { view: 'overview', stream: null }, { store: null, stream: null }],
    { stream: { id: 'order-4711', category: 'order', handler: 'order@1.1.0' } },
    { store: { location: '/srv/other.db', name: 'orders.db', layout: 'emmett' } },
    ...[{ asOf: '2026-08-14T09:31:07Z' }, { asked: 'v4' }],
  ];
  for (const other of others) expect(samePlace(HERE, { ...HERE, ...other }), JSON.stringify(other)).toBe(false);
});

it('keeps a cursor among events that are missing, in what is written down and in a link', async () => {
  const inGap: WindowPlace = { ...HERE, view: 'history', lens: 'state', asked: 'v4' };
  expect(placeFrom(written(inGap), 1).asked).toBe('v4');
  // Places of earlier versions do not say it.
  expect(placeFrom({ ...written(inGap), asked: undefined }, 1).asked).toBe(null);

  const backend = fakeBackend({ sampleEvents: 200 });
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const news = new HistoryNews();
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, null, news.hear);
  const history = new OpenHistory(store, opened, null, null, news);
  const found = { version: '3', position: '3', recordedAt: '', explanation: '', asOf: null };
  const window: Window = {
    ...{ view: 'history', store, history, recents: [], failure: null, documents: new Documents() },
    openStore: () => Promise.resolve(null),
    openStream: () => Promise.resolve(),
    openOverlay: () => undefined,
    show: () => undefined,
    leave: () => undefined,
  };
  history.putA({ ...found, moment: 3, asked: 'v4' });
  expect(await linkHere(window)).toContain('/order-4711@4');
  history.setA(3);
  expect(await linkHere(window)).toContain('/order-4711@3');
  await history.close();
});

it('lists the places before this one, each once', () => {
  const at = (a: number): Place => ({ ...HERE, a });
  const trail = [at(9), { ...at(9), lens: 'diff' }, at(3), at(1), { ...HERE, store: null, stream: null }];
  expect(recentPlaces(trail, HERE, 8).map((place) => place.a)).toEqual([9, 1]);
  expect(recentPlaces(trail, HERE, 1).map((place) => place.a)).toEqual([9]);
});

function label(which: 'a' | 'b'): string {
  return page?.texts(`[data-test=cursor-${which}-label]`)[0] ?? '';
}

function tab(): string {
  return page?.texts('[data-test=tabs] [role=tab][aria-selected=true]')[0] ?? '';
}

async function open(store = 'orders.db', at: string | null = null): Promise<Page> {
  page = openPage({
    launch: { store, stream: store.startsWith('refold') ? null : 'order-4711', at, handler: null, layout: null },
    recents: [
      { location: '/srv/shop/orders', layoutTitle: 'Emmett', events: 9, openedAt: '2026-11-20T09:12:04Z' },
      { location: '/srv/eu/twice.db', layoutTitle: 'Emmett', events: 9, openedAt: '2026-11-20T09:12:04Z' },
      { location: '/srv/us/twice.db', layoutTitle: 'Emmett', events: 9, openedAt: '2026-11-20T09:12:04Z' },
    ],
  });
  return page;
}

it('walks back and forward over cursors, tabs, streams and views', async () => {
  const shown = await open();
  await shown.until(() => label('a') === 'A v 15');
  shown.press('Home');
  await shown.until(() => label('a') === 'A before the first event');
  shown.press('b');
  await shown.until(() => label('b') !== '');
  shown.press('3');
  await shown.until(() => tab().startsWith('Diff'));
  shown.press('Ctrl+k');
  shown.type('#4712');
  shown.press('Enter');
  await shown.until(() => shown.texts('[data-test=scope-header] h1')[0] === 'order-4712');

  shown.press('Alt+ArrowLeft');
  await shown.until(() => shown.texts('[data-test=scope-header] h1')[0] === 'order-4711' && tab().startsWith('Diff'));
  expect([label('a'), label('b')]).toEqual(['A before the first event', 'B before the first event']);
  shown.press('Alt+ArrowLeft');
  await shown.until(() => tab() === 'State');
  shown.press('Alt+ArrowLeft');
  await shown.until(() => label('b') === '');
  shown.press('Alt+ArrowLeft');
  await shown.until(() => label('a') === 'A v 15');
  shown.press('Alt+ArrowLeft');
  await shown.until(() => shown.find('[data-view=overview]'));
  for (let step = 0; step < 5; step += 1) shown.press('Alt+ArrowRight');
  await shown.until(() => shown.texts('[data-test=scope-header] h1')[0] === 'order-4712');
});

it('walks back into a store that was left', async () => {
  const shown = await open();
  await shown.until(() => label('a') === 'A v 15');
  shown.press('Ctrl+k');
  shown.type('/srv/other.db');
  shown.press('Enter');
  await shown.until(() => shown.find('[data-view=overview]') && shown.texts('.where')[0] === '/srv/other.db');
  shown.press('Alt+ArrowLeft');
  await shown.until(() => label('a') === 'A v 15' && shown.texts('[data-test=env-band] .where')[0] === 'orders.db');
});

it('copies the place as a link that leads back to it', async () => {
  const shown = await open('orders.db', 'v9');
  await shown.until(() => label('a') === 'A v 9');
  shown.press('b');
  shown.press('Home');
  await shown.until(() => label('a') === 'A before the first event');
  shown.press('4');
  shown.press('Ctrl+Shift+c');
  await shown.until(() => shown.copied.length > 0);
  const link = shown.copied[0] ?? '';
  expect(link).toBe('refold://orders/order/order-4711@start?b=9&tab=blame');
  shown.press('Ctrl+1');
  await shown.until(() => shown.find('[data-view=overview]'));
  shown.press('Ctrl+k');
  shown.type(link);
  expect(shown.texts('[data-test=omnibox-item]')).toEqual(['order-4711 order · start · blame · orders.db']);
  shown.press('Enter');
  await shown.until(() => shown.find('[data-view=history]'));
  await shown.until(() => tab() === 'Blame' && label('b') === 'B v 9' && label('a') === 'A before the first event');
});

it('opens a link from the command line in a store of the recent ones', async () => {
  const shown = await open('refold://orders/order/order-4711@9');
  await shown.until(() => label('a') === 'A v 9');
  expect(shown.texts('[data-test=env-band] .where')).toEqual(['/srv/shop/orders']);
});

it('says so when no store of that name is known, and asks when there are several', async () => {
  const shown = await open('refold://nowhere.db/order-1');
  await shown.until(() => shown.find('[data-test=error-card]'));
  expect(shown.texts('[data-test=error-card] .why')[0]).toContain('No store called nowhere.db is open');
  shown.press('Ctrl+k');
  shown.type('refold://twice.db/order-4711@2');
  expect(shown.texts('[data-test=omnibox-item] .note')).toEqual(['v 2 · /srv/eu/twice.db', 'v 2 · /srv/us/twice.db']);
  shown.press('ArrowDown');
  shown.press('Enter');
  await shown.until(() => label('a') === 'A v 2');
  expect(shown.texts('[data-test=env-band] .where')).toEqual(['/srv/us/twice.db']);
});

it('opens a link that a later start hands over in a document of its own', async () => {
  const links = new EventTarget();
  const shown = openPage({
    launch: { store: 'orders.db', stream: 'order-4711', at: 'v9', handler: null, layout: null },
    links,
  });
  page = shown;
  await shown.until(() => label('a') === 'A v 9');
  links.dispatchEvent(new CustomEvent('link', { detail: 'refold://orders/order/order-4712@3?tab=diff' }));
  await shown.until(() => shown.all('[data-test=document]').length === 2);
  await shown.until(() => label('a') === 'A v 3' && tab() === 'Diff');
  links.dispatchEvent(new CustomEvent('link', { detail: 'refold://nowhere.db/order-1' }));
  await shown.until(() => shown.find('[data-test=error-card]'));
  expect(shown.all('[data-test=document]')).toHaveLength(2);
});
