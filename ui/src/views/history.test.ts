// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import { fakeBackend } from '../backend/fake';

let page: Page;
afterEach(() => page.close());

it.each([
  ['1.1.0', []],
  ['1.1.0-rc1', ['not the newest']],
])('asks the order of the handlers whether %s is the newest', async (version, told) => {
  const folder = '/home/ada/shop/handlers/order';
  const launch = { store: 'orders.db', stream: 'order-4711', at: null, handler: `${folder}@${version}` };
  const twin = fakeBackend({ sampleEvents: 2_000, launch });
  const opened = await twin.openStore('orders.db', null);
  const handlers = ['1.1.0', '1.1.0-rc1'].map((one) => ({
    ...{ reference: `${folder}@${one}`, name: 'order', version: one, category: 'order' },
  }));
  vi.spyOn(twin, 'openStore').mockResolvedValue({ ...opened, handlers });
  page = openPage({}, twin);
  const select = await page.until(() => page.find<HTMLSelectElement>('[data-test=handler]'));
  expect(select.value).toBe(`${folder}@${version}`);
  expect(page.texts('[data-test=not-newest]')).toEqual(told);
});
