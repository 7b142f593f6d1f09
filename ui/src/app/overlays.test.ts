// @vitest-environment jsdom
// What lies over the page, one thing at a time.

import { afterEach, expect, it } from 'vitest';
import reset from '../styles/reset.css?raw';
import { openPage, type Page } from './page.test-kit';

let page: Page;
afterEach(() => page.close());

it('hides the scrollbars of what a drawer covers, and no longer', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: null, handler: null } });
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
