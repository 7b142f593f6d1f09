// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

async function open(at: string): Promise<Page> {
  const shown = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at, handler: null, layout: null } });
  page = shown;
  await shown.until(() => shown.find('[data-test=tree-bar]'));
  return shown;
}

it('copies the state as JSON with its literals', async () => {
  const shown = await open('v3');
  shown.press('Ctrl+Shift+j');
  await shown.until(() => shown.copied.length > 0);
  expect(shown.copied[0]).toMatch(/"orderId":9007199254750415/);
});

it('keeps how differences are laid out', async () => {
  const shown = await open('v8');
  shown.press('3');
  shown.find('[data-test=segment-sideBySide]')?.click();
  await shown.until(() => shown.find('.sides'));
  shown.find('[data-test=segment-unified]')?.click();
  await shown.until(() => shown.find('.sides') === null);
});

it('tells the steps of upcasters, and where there are none', async () => {
  const shown = await open('v1');
  shown.press('5');
  await shown.until(() => shown.find('[data-test=segment-upcast]'));
  shown.find('[data-test=segment-upcast]')?.click();
  await shown.until(() => shown.all('[data-test=upcast-chain] li').length === 2);
  expect(shown.texts('[data-test=upcast-chain] .change')).toEqual(['+ /channel "web"', '+ /giftWrap false']);
  shown.press('End');
  await shown.until(() => shown.find('[data-test=upcast-none]'));
});
