// @vitest-environment jsdom
import { afterEach, it } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';

let page: Page;

afterEach(async () => {
  await page.close();
});

function label(): string {
  return page.texts('[data-test=cursor-a-label]')[0] ?? '';
}

async function open(at: string): Promise<void> {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at, handler: null, layout: null } });
  await page.until(() => label() === `A ${at.replace('v', 'v ')}`);
}

it('hops along events of one type, and says when there is no further one', async () => {
  await open('v2');
  page.press('.');
  await page.until(() => label() === 'A v 3');
  page.press('.');
  await page.until(() => page.texts('[data-view]').join(' ').includes('No later event is of this type'));
  page.press(',');
  await page.until(() => label() === 'A v 2');
  page.press('Alt+ArrowLeft');
  await page.until(() => label() === 'A v 3');
});

it('steps over what a filter hides, each press one step', async () => {
  await open('v1');
  page.press('Ctrl+k');
  page.type('=type:Payment*');
  page.press('Enter');
  page.press('ArrowRight');
  page.press('ArrowRight');
  page.press('ArrowRight');
  await page.until(() => label() === 'A v 8');
  page.press('ArrowLeft');
  await page.until(() => label() === 'A v 7');
});
