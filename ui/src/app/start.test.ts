// @vitest-environment jsdom
// What the window reads beside its start, before anybody asks for it.

import { afterEach, expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { openPage, type Page } from './page.test-kit';

const asked = vi.hoisted(() => vi.fn());
vi.mock('../views/History.svelte', () => {
  asked();
  throw new Error('the file of the view cannot be read');
});

let page: Page;
afterEach(() => page.close());

// A failure that nobody takes ends the whole run as failed.
it('says nothing of a view that cannot be read while nobody looks at it', async () => {
  page = openPage();
  await page.until(() => page.find('[data-test=sample-open]'));
  await page.until(() => asked.mock.calls.length > 0);
  expect(page.find('[data-test=error-card]')).toBeNull();
});

it('asks the host before the page is made, which takes as long as the answer does', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const made: boolean[] = [];
  const start = backend.start.bind(backend);
  vi.spyOn(backend, 'start').mockImplementation(() => {
    made.push(document.querySelector('.page') !== null);
    return start();
  });
  page = openPage({}, backend);
  expect(made).toEqual([false]);
  await page.until(() => page.find('[data-test=sample-open]'));
});

it('marks a recent store whose file is not there now, and takes the mark away when it is there again', async () => {
  const recent = (location: string) => ({
    ...{ location, layoutTitle: 'Emmett', events: 15, openedAt: '2026-08-03T14:00:00Z' },
  });
  const backend = fakeBackend({ sampleEvents: 200, recents: [recent('/ada/here.db'), recent('/ada/away.db')] });
  const gone = vi.spyOn(backend, 'goneRecents').mockResolvedValue(['/ada/away.db']);
  page = openPage({}, backend);
  await page.until(() => page.texts('[data-test=recent]').some((text) => text.includes('not there now')));
  const [here, away] = page.texts('[data-test=recent]');
  expect(here).not.toContain('not there now');
  expect(away).toMatch(/away\.db not there now/);
  expect(page.find('[aria-label="Forget away.db"]')).not.toBeNull();
  gone.mockResolvedValue([]);
  window.dispatchEvent(new Event('focus'));
  await page.until(() => page.texts('[data-test=recent]').every((text) => !text.includes('not there now')));
});

it('lists a store again that was forgotten by a slip', async () => {
  const location = '/home/ada/shop/orders.db';
  const recents = [{ location, layoutTitle: 'Emmett', events: 15, openedAt: '2026-08-03T14:00:00Z' }];
  page = openPage({ recents });
  await page.until(() => page.find('[data-test=recent]'));
  page.find('[aria-label="Forget orders.db"]')?.click();
  const undo = await page.until(() => page.find('[data-test=forgotten-undo]'));
  expect(page.find('[data-test=recent]')).toBeNull();
  expect(page.texts('[data-test=forgotten]')[0]).toContain('The store itself is untouched');
  undo.click();
  await page.until(() => page.find('[data-test=recent]') && !page.find('[data-test=forgotten]'));
});
