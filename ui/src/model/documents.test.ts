// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import { fakeBackend } from '../backend/fake';
import { Desk } from './desk.svelte';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

function titles(): string[] {
  return page?.texts('[data-test=document]') ?? [];
}

function shown(): string {
  return page?.texts('[data-test=document][aria-selected=true]')[0] ?? '';
}

async function open(): Promise<Page> {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v9', handler: null, layout: null } });
  await page.until(() => page?.texts('[data-test=cursor-a-label]')[0] === 'A v 9');
  return page;
}

async function openBeside(stream: string): Promise<void> {
  page?.press('Ctrl+k');
  page?.type(`#${stream}`);
  await page?.until(() => page?.texts('[data-test=omnibox-item]').some((text) => text.startsWith(stream)));
  page?.press('Ctrl+Enter');
  await page?.until(() => shown() === stream);
}

it('shows tabs from the second document on, each with its own cursors', async () => {
  const at = await open();
  expect(titles()).toEqual([]);
  await openBeside('order-4712');
  expect(titles()).toEqual(['order-4711', 'order-4712']);
  at.press('Home');
  await at.until(() => at.texts('[data-test=cursor-a-label]')[0] === 'A before the first event');
  at.press('Ctrl+Tab');
  await at.until(() => shown() === 'order-4711' && at.texts('[data-test=cursor-a-label]')[0] === 'A v 9');
  at.press('Ctrl+Shift+Tab');
  await at.until(() => at.texts('[data-test=cursor-a-label]')[0] === 'A before the first event');
  at.press('Ctrl+w');
  await at.until(() => titles().length === 0 && at.texts('[data-test=scope-header] h1')[0] === 'order-4711');
});

it('says of each tab which view it shows, and of what', async () => {
  const at = await open();
  await openBeside('order-4712');
  at.find('[data-test=rail-notebook]')?.click();
  await at.until(() => shown() === 'Notebook · order-4712');
  at.press('Ctrl+Tab');
  await at.until(() => shown() === 'order-4711');
  at.press('Ctrl+3');
  await at.until(() => shown() === 'Compare · order-4711');
  at.press('Ctrl+1');
  await at.until(() => shown() === 'orders');
  expect(titles()).toEqual(['orders', 'Notebook · order-4712']);
});

it('walks back across documents, and opens a closed one again', async () => {
  const at = await open();
  await openBeside('order-4712');
  at.press('Alt+ArrowLeft');
  await at.until(() => shown() === 'order-4711');
  at.press('Alt+ArrowRight');
  await at.until(() => shown() === 'order-4712');
  at.press('Ctrl+w');
  await at.until(() => titles().length === 0);
  at.press('Alt+ArrowLeft');
  await at.until(() => shown() === 'order-4712');
  expect(titles()).toEqual(['order-4711', 'order-4712']);
});

it('opens a tab with Ctrl+T and closes one with the middle button', async () => {
  const at = await open();
  at.press('Ctrl+t');
  await at.until(() => shown() === 'orders' && at.find('[data-view=overview]'));
  const first = at.all('[data-test=document]')[0];
  first?.dispatchEvent(new MouseEvent('auxclick', { button: 1, bubbles: true }));
  await at.until(() => titles().length === 0 && at.find('[data-view=overview]'));
});

it('closes a store when the last document of it lets go', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const closed: number[] = [];
  const close = backend.closeStore.bind(backend);
  backend.closeStore = (session) => {
    closed.push(session);
    return close(session);
  };
  const desk = new Desk(backend);
  await desk.openStore('orders.db');
  const first = desk.documents.present;
  desk.addDocument();
  expect(desk.documents.stores).toHaveLength(1);
  await desk.openStore('/srv/other.db');
  expect([closed, desk.documents.stores.length]).toEqual([[], 2]);
  await desk.closeDocument(first);
  expect(closed).toHaveLength(1);
  expect(desk.store?.opened.location).toBe('/srv/other.db');
});
