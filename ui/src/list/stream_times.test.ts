// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import { fakeBackend } from '../backend/fake';

let page: Page;
afterEach(() => page.close());

it('shows whole seconds with the zone in lists, and the full time in the title', async () => {
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600);
  const launch = { store: 'orders.db', stream: null, at: null, handler: null, layout: null };
  const twin = fakeBackend({ sampleEvents: 2_000, launch });
  const streams = twin.streams.bind(twin);
  const lastRecordedAt = '2026-08-14T06:12:40.000123Z';
  twin.streams = async (...query) => {
    const answer = await streams(...query);
    return { ...answer, rows: answer.rows.map((row) => ({ ...row, lastRecordedAt })) };
  };
  const find = twin.find.bind(twin);
  twin.find = async (...query) => (await find(...query)).map((hit) => ({ ...hit, lastRecordedAt }));
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=index-status]') && !page.find('[data-test=jobs]'));
  page.press('Ctrl+k');
  page.type('#order-4711');
  await page.until(() => page.texts('[data-test=omnibox-item] .cells').join().includes('order'));
  expect(page.texts('[data-test=omnibox-item] .cells')[0]).toMatch(/2026-08-14 06:12:40Z$/);
});
