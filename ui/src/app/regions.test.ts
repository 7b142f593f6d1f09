// @vitest-environment jsdom
// The parts of the page that F6 goes round.

import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from './page.test-kit';

let page: Page;
afterEach(() => page.close());

const region = () => document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset['region'];

async function round(stream: string | null): Promise<(string | undefined)[]> {
  page = openPage({ launch: { store: 'orders.db', stream, at: null, handler: null, layout: null } });
  await page.until(() => page.find(stream === null ? '[data-test=stream-list]' : '[data-test=state-rows]'));
  await page.until(() => !page.find('[data-test=jobs]'));
  const seen: (string | undefined)[] = [];
  for (let step = 0; step < 5; step += 1) {
    page.press('F6');
    seen.push(region());
  }
  page.press('Shift+F6');
  expect(region()).toBe(seen.at(-2));
  return seen.toSorted();
}

it('are the omnibox, the rail, and of a stream its timeline, its list and the inspector', async () => {
  expect(await round('order-4711')).toEqual(['inspector', 'list', 'omnibox', 'rail', 'timeline']);
});

it('are of a store its timeline, its streams and what is known of it', async () => {
  expect(await round(null)).toEqual(['inspector', 'list', 'omnibox', 'rail', 'timeline']);
});
