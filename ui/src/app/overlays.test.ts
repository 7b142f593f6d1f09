// @vitest-environment jsdom
// What lies over the page, one thing at a time.

import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from './page.test-kit';

let page: Page;
afterEach(() => page.close());

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
