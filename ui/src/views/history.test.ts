// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import { fakeBackend } from '../backend/fake';

let page: Page;
afterEach(() => page.close());

it('leads from the tabs of the inspector into what they show, by one key', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: null, handler: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  for (const [key, tab] of [
    ['1', 'story'],
    ['2', 'state'],
    ['4', 'blame'],
    ['5', 'event'],
    ['6', 'raw'],
    ['7', 'causation'],
  ] as const) {
    page.press(key);
    const door = await page.until(() => page.find(`[data-test=tab-${tab}][aria-selected=true]`));
    await page.until(() => page.find('#inspector-panel [tabindex="0"]'));
    await page.until(() => {
      door.focus();
      page.press('ArrowDown');
      return document.activeElement?.closest('#inspector-panel');
    });
  }
  page.press('2');
  await page.until(() => page.find('[data-test=tab-state][aria-selected=true]'));
  page.find('[data-test=tab-state]')?.focus();
  page.press('ArrowDown');
  expect(document.activeElement?.getAttribute('role')).toBe('treegrid');
  // A field is chosen then: the keys that need one say nothing else.
  page.press('Alt+Shift+c');
  await page.until(() => page.copied.length > 0);
});

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

it('says of both cursors which event they are at', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v8', handler: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '8');
  // Whoever comes back to a stream sees that this is not its newest event.
  expect(page.texts('[data-test=scope-header]')[0]).toContain('at 8 of 15 events');
  page.press('b');
  page.press('ArrowLeft');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '7');
  const said = (which: string) => page.find(`[data-test=cursor-${which}]`)?.getAttribute('aria-valuetext') ?? '';
  await page.until(() => /^version 7 of 15, \w+, 2026-/.test(said('a')));
  await page.until(() => /^version 8 of 15, \w+, 2026-/.test(said('b')));
});
