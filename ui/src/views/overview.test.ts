// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { shownTime } from '../base/zone.svelte';
import { openPage, type Page } from '../app/page.test-kit';
import { BackendError } from '../backend/backend';
import type { StoreNews } from '../backend/bindings';
import { fakeBackend } from '../backend/fake';

let page: Page;
afterEach(() => page.close());

async function open(store: string): Promise<void> {
  page = openPage({ launch: { store, stream: null, at: null, handler: null, layout: null } });
  await page.until(() => page.find('[data-test=legend-entry]'));
}

const legend = () => page.texts('[data-test=legend-entry]');
const entry = (name: string) =>
  page.all('[data-test=legend-entry]').find((one) => one.textContent?.trim() === name) ?? null;
const value = (test: string) => page.find<HTMLSelectElement>(`[data-test=${test}]`)?.value;

function stackBy(by: string): void {
  const select = page.find<HTMLSelectElement>('[data-test=stack-by]');
  if (!select) throw new Error('nothing to stack by');
  select.value = by;
  select.dispatchEvent(new Event('change', { bubbles: true }));
}

it('has keys for the row that looks chosen before anything was clicked', async () => {
  const opened = async (keys: string[]) => {
    await open('orders.db');
    await page.until(() => /[1-9]/.test(page.find('[data-test=stream-list]')?.ariaRowCount ?? ''));
    // What a person has not touched takes no keyboard from whatever comes next.
    expect(document.activeElement).toBe(document.body);
    for (const key of keys) {
      page.press(key);
      // From there on it is read aloud.
      expect(document.activeElement).toBe(page.find('[data-test=stream-list]'));
    }
    page.press('Enter');
    await page.until(() => page.find('[data-test=state-header]'));
    return page.texts('[data-test=scope-header]')[0]?.split(' ')[0];
  };
  const first = await opened([]);
  await page.close();
  const second = await opened(['ArrowDown']);
  await page.close();
  expect(first).not.toBe(second);
  expect(await opened(['ArrowDown', 'Home'])).toBe(first);
});

it('tells categories apart, and lists the streams of the one that is chosen in the legend', async () => {
  await open('shops.db');
  expect(legend()).toContain('ItemAdded');
  stackBy('category');
  await page.until(() => legend().length === 2);
  expect(legend().toSorted()).toEqual(['cart', 'order']);
  expect(entry('cart')?.title).toMatch(/^cart: \d+ streams$/);
  entry('cart')?.click();
  await page.until(() => entry('cart')?.ariaPressed === 'true');
  expect([entry('order')?.ariaPressed, value('category-filter')]).toEqual(['false', 'cart']);
  // Once more shows all again.
  entry('cart')?.click();
  await page.until(() => entry('cart')?.ariaPressed === 'false');
  expect(value('category-filter')).toBe('');

  stackBy('type');
  await page.until(() => entry('OrderPlaced'));
  entry('OrderPlaced')?.click();
  await page.until(() => value('type-filter') === 'OrderPlaced');
});

it('tells of the picture that is there, as long as the one that was asked for is counted', async () => {
  // Without a width no density is asked for.
  const width = vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(900);
  const backend = fakeBackend({
    sampleEvents: 2_000,
    launch: { store: 'shops.db', stream: null, at: null, handler: null, layout: null },
  });
  const density = backend.storeDensity.bind(backend);
  let [asked, tell] = [0, (): void => {}];
  const told = new Promise<void>((done) => (tell = done));
  backend.storeDensity = async (session, query, by) => {
    if (by === 'category') {
      asked += 1;
      await told;
    }
    return density(session, query, by);
  };
  page = openPage({}, backend);
  const shapes = () => page.all('[data-test=column-tip] dt').map((one) => one.innerHTML);
  const point = () => {
    const canvas = page.find('[data-test=timeline] canvas');
    canvas?.dispatchEvent(new MouseEvent('pointermove', { clientX: 450, clientY: 5, bubbles: true }));
  };
  await page.until(() => {
    point();
    return shapes().length > 0;
  });
  const [types, under] = [legend(), shapes()];
  expect(types).toContain('ItemAdded');

  stackBy('category');
  await page.until(() => asked > 0);
  expect([value('stack-by'), legend(), shapes()]).toEqual(['category', types, under]);
  tell();
  await page.until(() => legend().length === 2);
  expect(page.texts('[data-test=column-tip] dt').every((name) => ['cart', 'order'].includes(name))).toBe(true);
  width.mockRestore();
});

it('says how far the count by category is, and stays with types where it is stopped', async () => {
  const width = vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(900);
  const launch = { store: 'shops.db', stream: null, at: null, handler: null, layout: null };
  const backend = fakeBackend({ sampleEvents: 2_000, launch });
  let [asked, stop] = [0, (): void => {}];
  backend.countCategories = (_, progress) => {
    asked += 1;
    progress({ job: 77, phase: 'countingEvents', done: 300, total: 2_000, doublings: 0 });
    const cancelled = new BackendError({ code: 'cancelled', message: 'cancelled', hint: '', choices: [] });
    return new Promise((_, reject) => (stop = () => reject(cancelled)));
  };
  const cancel = backend.cancelJob.bind(backend);
  backend.cancelJob = (job) => (job === 77 ? Promise.resolve(stop()) : cancel(job));
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=legend-entry]'));
  const [types, progress] = [legend(), () => page.texts('[data-test=timeline] [data-test=job-progress]')];
  for (const cancelling of [
    () => page.press('Escape'),
    () => page.find('[data-test=timeline] [data-test=job-cancel]')?.click(),
  ]) {
    const before = asked;
    stackBy('category');
    await page.until(() =>
      progress()[0]?.includes('Counting events by category 300 of 2,000 events · 15 % · 1,700 left'),
    );
    expect([asked, page.texts('[data-test=jobs]')]).toEqual([before + 1, ['1 job']]);
    cancelling();
    await page.until(() => value('stack-by') === 'type' && progress().length === 0);
    expect([legend(), page.find('[data-test=error-card]')]).toEqual([types, null]);
  }
  width.mockRestore();
});

it('stacks by a command too', async () => {
  await open('shops.db');
  page.press('Ctrl+Shift+p');
  page.type('>Stack the timeline by category');
  await page.until(() => page.texts('[data-test=omnibox-item]')[0]?.startsWith('Stack the timeline by category'));
  page.press('Enter');
  await page.until(() => value('stack-by') === 'category');
});

it('says how large a store is that has grown, or that the size is of the opening', async () => {
  const twin = fakeBackend({
    sampleEvents: 2_000,
    launch: { store: 'orders.db', stream: null, at: null, handler: null, layout: null },
  });
  let tell: (news: StoreNews) => void = () => {};
  vi.spyOn(twin, 'watchStore').mockImplementation((_, news) => {
    tell = news;
    return Promise.resolve();
  });
  page = openPage({}, twin);
  const size = await page.until(() => page.texts('[data-test=store-size]')[0]);
  expect(size).not.toContain('when it was opened');
  const quiet = {
    events: 2_030,
    eventsPerSecond: 0,
    isOutdated: false,
    back: null,
    heldBack: null,
    histories: [],
    lost: null,
  };
  const news = { ...quiet, newEvents: 30, asOf: '2026-08-14T09:31:07Z' };
  tell({ ...news, size: '9.7 MB' });
  await page.until(() => page.texts('[data-test=store-size]')[0] === '9.7 MB');
  tell({ ...news, size: null });
  await page.until(() => page.texts('[data-test=store-size]')[0] === `${size} when it was opened`);
  tell({ ...news, size: null, newEvents: 0, isOutdated: true });
  await page.until(() => page.texts('[data-test=store-size]')[0] === `${size} when it was opened`);
});

it('says nothing of categories where all streams are of one', async () => {
  await open('orders.db');
  expect(page.find('[data-test=stack-by]')).toBeNull();
  expect(page.find('[data-test=list]')?.className).toContain('of-one');
});

it('keeps what was typed for a range that is none, and says beside it why', async () => {
  await open('shops.db');
  page.press('g');
  const field = () => page.find<HTMLInputElement>('[data-test=range-input]');
  await page.until(() => document.activeElement === field() && field());
  for (const [text, why] of [
    ['2018-06-01..2018-05-01', 'It ends before it begins'],
    ['2026-06-03 to 2026-06-04', 'Write two times or positions with two dots between them'],
  ] as const) {
    page.type(text);
    page.press('Enter');
    expect([field()?.value, page.texts('[data-test=range-wrong]')[0]]).toEqual([text, why]);
    expect(document.activeElement).toBe(field());
    expect(page.texts('[data-test=notice]')).toEqual(['']);
  }
  shownTime.zone = 'Europe/Berlin';
  page.type('2026-03-29 02:30 .. 2026-03-29 04:00');
  page.press('Enter');
  expect(page.texts('[data-test=range-wrong]')[0]).toContain('showed one of these times twice or never');
  shownTime.zone = 'UTC';
  page.type('2026-06-03 .. 2026-06-04');
  expect(page.texts('[data-test=range-wrong]')[0]).toBe('');
  page.press('Enter');
  await page.until(() => page.find('[data-test=range-facts]'));
  expect(field()?.value).toBe('2026-06-03 00:00:00 .. 2026-06-04 00:00:00');
});
