// @vitest-environment jsdom
// What lies over the page, one thing at a time.

import { afterEach, expect, it } from 'vitest';
import reset from '../styles/reset.css?raw';
import { openPage, type Page } from './page.test-kit';

let page: Page;
afterEach(() => page.close());

it('hides the scrollbars of what a drawer covers, and no longer', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: null, handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-rows]'));
  const style = document.createElement('style');
  style.textContent = reset;
  document.head.append(style);
  const width = () => {
    const rows = page.find('[data-test=state-rows]');
    return rows && getComputedStyle(rows).getPropertyValue('scrollbar-width');
  };
  expect(width()).toBe('thin');
  page.press('Alt+y');
  await page.until(() => page.find('[data-test=known]'));
  expect(width()).toBe('none');
  page.find('[data-test=known-close]')?.click();
  await page.until(() => page.find('[data-test=known]') === null && width() === 'thin');
});

it('keeps what was typed of a connection when the palette is asked for, and says what comes first', async () => {
  page = openPage();
  await page.until(() => page.find('[data-test=sample-open]'));
  page.press('Ctrl+k');
  page.type('>Add a connection');
  page.press('Enter');
  await page.until(() => document.activeElement?.matches('[data-test=connection-name]'));
  page.type('shop');
  for (const keys of ['Ctrl+k', 'Ctrl+Shift+p', 'F1']) page.press(keys);
  expect(page.find<HTMLInputElement>('[data-test=connection-name]')?.value).toBe('shop');
  expect(page.texts('[data-test=notice]')).toEqual(['Save or close the connection first']);
  page.press('Escape');
  await page.until(() => page.find('[data-test=connection-editor]') === null);
  page.press('Ctrl+k');
  expect(page.find('[data-test=palette]')).not.toBeNull();
});

it('shows what is kept of a server where its connection is changed, and throws it away', async () => {
  const far = { name: 'far', environment: 'test', kind: 'postgres', host: 'pg-1', cache: 'disk 500' } as const;
  page = openPage({ connections: [far] });
  const row = await page.until(() => page.find('[data-test=connection-row]'));
  row.focus();
  page.press('F2');
  const kept = () => page.texts('[data-test=connection-kept]')[0];
  await page.until(() => kept()?.startsWith('1.2 MB on this machine: 1,000 events as of'));
  expect(page.find<HTMLSelectElement>('[data-test=connection-cache]')?.value).toBe('disk 500');
  page.find('[data-test=connection-purge]')?.click();
  await page.until(() => kept()?.startsWith('0 B on this machine: nothing of it'));
  expect(page.find('[data-test=connection-purge]')).toBeNull();
});
