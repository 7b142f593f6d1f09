// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { BackendError, type Backend } from '../../backend/backend';
import { fakeBackend } from '../../backend/fake';

let page: Page;
afterEach(() => page.close());

const LAUNCH = { stream: null, at: null, handler: null, layout: null };

async function search(text: string, store = 'sample', backend?: Backend): Promise<void> {
  page = openPage({ launch: { ...LAUNCH, store } }, backend);
  await page.until(() => page.find('[data-test=scope-header]'));
  page.press('Ctrl+Shift+f');
  (await page.until(() => page.find('[data-test=search-text]'))).focus();
  page.type(text);
  page
    .find('[data-test=search-text]')
    ?.closest('form')
    ?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await page.until(() => phase() !== 'running' && phase() !== 'idle');
}

function phase(): string | undefined {
  return page.find('[data-test=search-status]')?.dataset['phase'];
}

it('finds types of events in a stream, and says where each hit is', async () => {
  page = openPage({ launch: { store: 'sample', stream: 'order-4711', at: null, handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  page.press('Ctrl+f');
  await page.until(() => page.find('[data-test=find-text]'));
  const field = page.find<HTMLInputElement>('[data-test=find-text]');
  if (!field) throw new Error('no field to find with');
  field.value = 'ItemAdded';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await page.until(() => page.texts('[data-test=find-count]')[0]?.includes('hit'));
  field.closest('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await page.until(() => /^\d+ of \d+ · in type$/.test(page.texts('[data-test=find-count]')[0] ?? ''));
});

it('finds events, opens one with its hits as marks, and comes back to the results as they were', async () => {
  await search('SKU-0');
  expect(phase()).toBe('whole');
  const count = page.texts('[data-test=search-count]')[0];
  expect(count).toMatch(/^[\d,]+ events$/);
  page.find('[data-test=found-list]')?.focus();
  page.press('ArrowDown');
  page.press('ArrowDown');
  page.press('Enter');
  await page.until(() => page.find('[data-test=find-count]')?.textContent?.includes(' of '));
  expect(page.find('.page')?.dataset['view']).toBe('history');
  expect(page.find<HTMLInputElement>('[data-test=find-text]')?.value).toBe('SKU-0');
  page.press('Alt+ArrowLeft');
  await page.until(() => page.find('[data-test=search-count]'));
  expect(page.texts('[data-test=search-count]')[0]).toBe(count);
  expect(page.find<HTMLInputElement>('[data-test=search-text]')?.value).toBe('SKU-0');
});

it('says what of a search that broke off is there, and where nothing is found what finds more', async () => {
  await search('SKU', 'brittle');
  expect(phase()).toBe('failed');
  expect(page.find('[data-test=search-partial]')).not.toBeNull();
  expect(page.find('[data-test=error-card]')?.dataset['code']).toBe('corrupt');
  await page.close();
  await search('no such text');
  expect(page.texts('[data-test=search-none] h2')[0]).toContain('0 of 2,000 events');
});

it('counts nothing for a search that failed before it found anything', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample' } });
  const error = { code: 'unreachable' as const, message: 'gone', hint: '', choices: [] };
  vi.spyOn(backend, 'search').mockRejectedValue(new BackendError(error));
  await search('SKU', 'sample', backend);
  expect(phase()).toBe('failed');
  expect(page.find('[data-test=error-card]')).not.toBeNull();
  expect(page.find('[data-test=search-count]')).toBeNull();
});

it('goes to a hit as soon as there is one, and says whether it looks, found nothing, or was not asked', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample', stream: 'order-4711' } });
  const look = backend.historyHits.bind(backend);
  const answers: (() => void)[] = [];
  vi.spyOn(backend, 'historyHits').mockImplementation(async (...asked) => {
    await new Promise<void>((resolve) => answers.push(resolve));
    return look(...asked);
  });
  page = openPage({}, backend);
  const notice = () => page.texts('[data-test=notice]')[0];
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  page.press('n');
  expect(notice()).toBe('Look for something in this stream first');
  page.press('Ctrl+f');
  await page.until(() => document.activeElement?.matches('[data-test=find-text]'));
  const submit = () => {
    const form = page.find('[data-test=find-bar]');
    form?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  };
  page.type('SKU');
  submit();
  await page.until(() => answers.length === 1 && page.texts('[data-test=find-count]')[0] === 'Looking…');
  answers[0]?.();
  await page.until(() => page.texts('[data-test=find-count]')[0]?.startsWith('1 of '));
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] !== '15');
  page.type('no such text');
  submit();
  await page.until(() => answers.length === 2);
  answers[1]?.();
  await page.until(() => notice() === 'Nothing was found in this stream');
});

it('saves a search, runs it from its folder, deletes it and has it back', async () => {
  await search('Espresso');
  const names = () => page.texts('[data-test=saved-search]');
  const before = names();
  page.find('[data-test=saved-remove]')?.click();
  await page.until(() => names().length === before.length - 1);
  page.find('[data-test=saved-undo]')?.click();
  await page.until(() => names().length === before.length);
  expect(names()).toEqual(before);
  page.all('[data-test=saved-search]')[0]?.click();
  await page.until(() => page.texts('[data-test=search-count]')[0] !== undefined && phase() === 'whole');
});

it('asks for instants: what is typed is of the zone that is shown, and the field says it', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000 });
  const start = await backend.start();
  const settings = { ...start.settings, timeZone: 'Europe/Berlin' };
  const launch = { ...LAUNCH, store: 'sample' };
  vi.spyOn(backend, 'start').mockResolvedValue({ ...start, settings, launch });
  const asked = vi.spyOn(backend, 'search');
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=scope-header]'));
  page.press('Ctrl+Shift+f');
  const from = await page.until(() => page.find<HTMLInputElement>('[data-test=search-from]'));
  expect(from.title).toContain('times that name no zone are of Europe/Berlin');
  from.focus();
  page.type('2026-08-03 15:58');
  page.press('Enter');
  from.form?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  expect(from.value).toBe('2026-08-03 15:58:00+02:00');
  await page.until(() => asked.mock.lastCall?.[1].from === '2026-08-03 15:58:00+02:00');
  page.type('-2h');
  from.dispatchEvent(new Event('change', { bubbles: true }));
  expect(from.value).toBe('-2h');
});
