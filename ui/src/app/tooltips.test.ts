// @vitest-environment jsdom
// What the tooltips of the page say.

import { afterEach, expect, it } from 'vitest';
import { COMMANDS } from '../commands/registry';
import { keymapOf, keysOf } from '../keymap/keymap';
import { openPage, type Page } from './page.test-kit';

let page: Page;
afterEach(() => page.close());

const KEYMAP = keymapOf(COMMANDS, [], 'other');

it('names what a key does beside the key, in every view', async () => {
  page = openPage({
    sampleEvents: 500,
    launch: { store: 'orders.db', stream: 'order-4711', at: null, handler: null, layout: null },
  });
  await page.until(() => page.find('[data-test=state-rows]'));
  const keys = new Set(COMMANDS.flatMap(({ id }) => keysOf(KEYMAP, id)));
  const seen = new Set<string>();
  const look = () => page.all('[title]').forEach((element) => seen.add(element.title));
  look();
  for (const entry of page.all('[data-region=rail] button')) {
    entry.click();
    await page.until(() => entry.ariaCurrent === 'page');
    await page.until(() => page.find('main :is(h1, h2, button)'));
    look();
  }
  const withKeys = [...seen].filter((title) => title.split('  ·  ').some((part) => keys.has(part)));
  expect(withKeys.length).toBeGreaterThan(10);
  expect(withKeys.filter((title) => !title.split('  ·  ').some((part) => part !== '' && !keys.has(part)))).toEqual([]);
});
