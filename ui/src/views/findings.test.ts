// @vitest-environment jsdom
import { flushSync } from 'svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import { fakeBackend } from '../backend/fake';

let page: Page;
afterEach(() => page.close());

const STORE = { store: 'sample.db', stream: null, at: null, handler: null, layout: null };
const texts = (test: string) => page.texts(`[data-test=${test}]`);

it('calls findings by what they mean, shows three of a kind, and all when asked', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: STORE });
  const found = Array.from({ length: 40 }, (_, at) => ({
    ...{ detail: `version ${at + 2} is missing`, stream: 'order-4711', version: `${at + 3}`, position: null },
  }));
  const group = {
    code: 'version-gap',
    severity: 'warning' as const,
    count: 5_001,
    advice: 'ask who deleted it',
    found,
  };
  vi.spyOn(backend, 'storeFindings').mockResolvedValue([group]);
  const rest = Array.from({ length: 60 }, (_, at) => ({ ...found[0]!, detail: '', version: `${at + 43}` }));
  const pages = vi.spyOn(backend, 'storeFindingPage');
  pages.mockRejectedValueOnce(new Error('torn'));
  pages.mockResolvedValueOnce({ found: rest, hasMore: true });
  pages.mockResolvedValueOnce({ found: rest.slice(0, 1), hasMore: false });
  page = openPage({}, backend);
  await page.until(() => texts('finding-group').length === 1);
  expect(page.texts('[data-test=finding-group] summary')[0]).toMatch(/^A version is missing version-gap 5,001$/);
  expect(texts('finding')).toHaveLength(3);
  expect(texts('findings-all')).toEqual(['Show the first 40 of 5,001']);
  // Who presses a button that gives way to rows stands at the first of them.
  page.find('[data-test=findings-all]')?.focus();
  page.find('[data-test=findings-all]')?.click();
  await page.until(() => texts('finding').length === 40);
  await page.until(() => document.activeElement === page.all('[data-test=finding]')[3]);
  expect(texts('findings-next')).toEqual(['Show more: 40 of 5,001 are listed']);
  page.find('[data-test=findings-next]')?.focus();
  page.find('[data-test=findings-next]')?.click();
  flushSync();
  expect(page.find('[data-test=findings-next]')?.getAttribute('aria-disabled')).toBe('true');
  expect(document.activeElement).toBe(page.find('[data-test=findings-next]'));
  // What failed is told and tried again, and nothing of the list is lost.
  (await page.until(() => page.find('[data-test=finding-group] [data-test=error-retry]'))).click();
  await page.until(() => texts('finding').length === 100);
  expect(pages.mock.calls).toEqual([
    [expect.anything(), 'version-gap', 40],
    [expect.anything(), 'version-gap', 40],
  ]);
  // Of what is not kept in words the code says what it is.
  expect(texts('finding').at(-1)).toBe('A version is missing order-4711 · v 102');
  expect(texts('findings-next')).toEqual(['Show more: 100 of 5,001 are listed']);
  page.find('[data-test=findings-next]')?.focus();
  page.find('[data-test=findings-next]')?.click();
  await page.until(() => texts('finding').length === 101);
  await page.until(() => document.activeElement === page.all('[data-test=finding]')[100]);
  expect(texts('findings-next')).toEqual([]);
  expect(texts('finding-group')[0]).toContain('101 of 5,001 are listed: of the others the number is known');
});

it('says in the header of a damaged store, and beside what a search found, that events are missing', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: STORE });
  const overview = backend.overview.bind(backend);
  const detail = 'what lies from position 15626 to 18481 cannot be read';
  const damaged = { code: 'damaged', severity: 'error' as const, count: 1, detail };
  vi.spyOn(backend, 'overview').mockImplementation(async (...asked) => {
    const answer = await overview(...asked);
    return { ...answer, findings: [{ ...damaged, stream: null, version: null, position: null }] };
  });
  page = openPage({}, backend);
  const chip = await page.until(() => page.find('[data-test=damaged]'));
  expect([chip.textContent, chip.title]).toEqual(['incomplete: part of it cannot be read', detail]);
  page.press('Ctrl+Shift+f');
  (await page.until(() => page.find('[data-test=search-text]'))).focus();
  page.type('SKU');
  const form = page.find('[data-test=search-text]')?.closest('form');
  form?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await page.until(() => texts('search-damaged')[0] === 'incomplete: part of the store cannot be read');
});

it('closes the list of findings of a stream with Esc, before anything else', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...STORE, stream: 'order-4711', at: 'v3' } });
  const findings = [
    {
      code: 'version-gap',
      severity: 'warning' as const,
      count: 1,
      detail: 'x',
      stream: null,
      version: '3',
      position: null,
    },
  ];
  const open = backend.openHistory.bind(backend);
  vi.spyOn(backend, 'openHistory').mockImplementation(async (...asked) => ({ ...(await open(...asked)), findings }));
  const hide = vi.fn();
  Object.assign(HTMLElement.prototype, { togglePopover: vi.fn(), hidePopover: hide });
  page = openPage({}, backend);
  (await page.until(() => page.find('[data-test=findings-chip]'))).click();
  const panel = page.find('[data-test=findings-panel]');
  // As the engine tells, which this document lacks.
  panel?.dispatchEvent(Object.assign(new Event('toggle'), { newState: 'open' }));
  page.press('b');
  page.press('Escape');
  expect(hide.mock.contexts).toEqual([panel]);
  expect(page.find('[data-test=cursor-b-label]')).not.toBeNull();
  page.press('Escape');
  expect(hide).toHaveBeenCalledTimes(1);
  await page.until(() => page.find('[data-test=cursor-b-label]') === null);
});

it('leads from an incomplete state to the event that made it so, and says there what was found', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...STORE, stream: 'order-4713', at: 'v4' } });
  const detailOf = backend.eventDetail.bind(backend);
  vi.spyOn(backend, 'eventDetail').mockImplementation(async (history, moment) => {
    const detail = await detailOf(history, moment);
    const problems = moment === 3 ? ['RF-EVENT-DEPTH'] : [];
    return { ...detail, row: { ...detail.row, problems } };
  });
  page = openPage({}, backend);
  const chip = await page.until(() => page.find('button[data-test=incomplete]'));
  expect([chip.textContent, chip.title]).toEqual([
    'incomplete since v 3',
    expect.stringContaining('could not be read'),
  ]);
  expect(texts('found-here')).toEqual([]);
  chip.click();
  await page.until(() => texts('event-problems')[0]?.includes('the payload cannot be read'));
  expect(texts('event-problems')[0]).toContain('The payload nests too deeply RF-EVENT-DEPTH');
  expect(page.find('[data-test=state-header]')?.dataset['version']).toBe('3');
  expect(page.find('.foot .notice')?.textContent).toContain('the payload cannot be read');
  page.press('2');
  await page.until(() => texts('found-here')[0] === '! The payload nests too deeply');
});
