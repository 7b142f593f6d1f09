// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { fakeBackend } from '../../backend/fake';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

const launch = { store: 'orders.db', stream: 'order-4711', at: 'v8', handler: null, layout: null };

/** Compare, on two stores, of which nobody has said the other one. */
async function open(backend = fakeBackend({ launch, sampleEvents: 2_000 })): Promise<Page> {
  const shown = openPage({ launch }, backend);
  page = shown;
  await shown.until(() => shown.find('[data-test=cursor-a-label]'));
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=compare-count]'));
  shown.press('s');
  await shown.until(() => shown.find('[data-test=stores-other]'));
  return shown;
}

/** Types the other store into its field, as a keyboard does, and compares. */
function compareWith(shown: Page, other: string): void {
  const field = shown.find<HTMLInputElement>('[data-test=stores-other]');
  field?.focus();
  shown.type(other);
  shown.press('Enter');
}

const outcome = (shown: Page) => shown.find('[data-test=stores-summary]')?.dataset['outcome'];
const chosen = (shown: Page) => shown.texts('[data-test=stores-looked] b')[0];
const rowCount = (shown: Page) => shown.find('[data-test=stores-list]')?.getAttribute('aria-rowcount');

it('says first what is to be said, and then that both are the same', async () => {
  const shown = await open();
  expect(shown.find('[data-test=stores-empty]')).not.toBeNull();
  expect(shown.find('[data-test=compare-run]')?.getAttribute('aria-disabled')).toBe('true');
  compareWith(shown, '/backup/same.db');
  await shown.until(() => outcome(shown) === 'same');
  expect(shown.texts('[data-test=stores-left-location]')[0]).toContain('orders.db');
  expect(shown.texts('[data-test=stores-right-location]')[0]).toBe('/backup/same.db');
  expect(shown.find('[data-test=stores-list]')).toBeNull();
});

it('goes through the streams that differ and their events by keys, and opens them in either store', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  const opened = vi.spyOn(backend, 'openStore');
  const shown = await open(backend);
  compareWith(shown, '/backup/other.db');
  await shown.until(() => outcome(shown) === 'different');
  await shown.until(() => shown.texts('[data-test=stores-parts]')[0]?.includes('ItemAdded'));
  expect(shown.texts('[data-test=stores-places]')[0]).toContain('1 event is not the same');
  const first = chosen(shown);
  expect(first).toBeTruthy();
  shown.press('ArrowDown');
  await shown.until(() => chosen(shown) !== first && chosen(shown));
  shown.find('[data-test=stores-kind-rightBehind]')?.click();
  await shown.until(() => rowCount(shown) === '3');
  shown.find('[data-test=stores-kind-rightBehind]')?.click();
  await shown.until(() => chosen(shown) === first);
  await shown.until(() => shown.find('[data-test=stores-parts]'));
  shown.press('Shift+Enter');
  await shown.until(
    () => shown.all('[role=tab]').length > 0 && opened.mock.calls.some(([at]) => at === '/backup/other.db'),
  );
  await shown.until(() => shown.texts('[data-test=cursor-a-label]')[0]?.includes('2'));
  expect(opened.mock.calls.filter(([at]) => at === '/backup/other.db')).toHaveLength(1);
});

it('keeps the answer while something else is asked, and says so', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  const closed = vi.spyOn(backend, 'closeStores');
  const shown = await open(backend);
  compareWith(shown, '/backup/form.db');
  await shown.until(() => outcome(shown) === 'different');
  expect(shown.texts('[data-test=stores-form]')[0]).toBe('The first difference of each stream is one of form only');
  expect(shown.find('[data-test=stores-stale]')).toBeNull();
  shown.press('x');
  await shown.until(() => shown.find('[data-test=stores-stale]'));
  expect(outcome(shown)).toBe('different');
  expect(shown.texts('[data-test=stores-stale]')[0]).toContain('/backup/form.db on the left');
  // What is shown is of what it was asked of.
  expect(shown.texts('[data-test=stores-right-location]')[0]).toBe('/backup/form.db');
  shown.press('x');
  await shown.until(() => !shown.find('[data-test=stores-stale]'));
  shown.find('[data-test=stores-by-meaning]')?.click();
  await shown.until(() => outcome(shown) === 'same');
  expect(closed).toHaveBeenCalledTimes(1);
});

it('says of how many streams it is known that they differ by their form', async () => {
  const shown = await open();
  compareWith(shown, '/backup/huge-form.db');
  await shown.until(() => outcome(shown) === 'different');
  expect(shown.texts('[data-test=stores-form]')[0]).toBe(
    'Of 1,000,000 streams the first 20 were looked into: the first difference of each is one of form only',
  );
});

it('closes the other store where its own was closed while the answer was on its way', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  const compare = backend.compareStores.bind(backend);
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((begun) => {
    vi.spyOn(backend, 'compareStores').mockImplementation(async (session, how) => {
      const found = await compare(session, how, () => undefined);
      const late = new Promise<void>((resolve) => (answer = resolve));
      begun();
      await late;
      return found;
    });
  });
  const closed = vi.spyOn(backend, 'closeStores');
  const closedStore = vi.spyOn(backend, 'closeStore');
  const shown = await open(backend);
  compareWith(shown, '/backup/other.db');
  await asked;
  expect(closed).not.toHaveBeenCalled();
  shown.press('Ctrl+w');
  await shown.until(() => closedStore.mock.calls.length === 1);
  answer();
  await shown.until(() => closed.mock.calls.length === 1);
});

it('is cancelled with what was found before, and says at which store it failed', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  const shown = await open(backend);
  compareWith(shown, '/backup/behind.db');
  await shown.until(() => outcome(shown) === 'rightBehind');
  compareWith(shown, '/backup/slow.db');
  await shown.until(() => shown.find('[data-test=job-progress]'));
  shown.press('Escape');
  await shown.until(() => !shown.find('[data-test=job-progress]'));
  expect(outcome(shown)).toBe('rightBehind');
  expect(shown.find('[data-test=error-card]')).toBeNull();
  compareWith(shown, '/backup/none.db');
  await shown.until(() => shown.texts('[data-test=error-card]')[0]?.includes('other store: there is no such file'));
  expect(shown.find('[data-test=error-retry]')).not.toBeNull();
  expect(outcome(shown)).toBe('rightBehind');
});

it('asks for the password of a connection, and goes on with it', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  await backend.saveConnection({ name: 'backup', host: 'secret.example.org', database: 'shop', user: 'reader' }, null);
  const shown = await open(backend);
  expect(
    [...(shown.find<HTMLInputElement>('[data-test=stores-other]')?.list?.options ?? [])].map(({ value }) => value),
  ).toContain('@backup');
  compareWith(shown, '@backup');
  await shown.until(() => shown.find('[data-test=password]'));
  expect(shown.find('[data-test=stores-mixed]')).not.toBeNull();
  shown.find('[data-test=password]')?.focus();
  shown.type('sesame');
  shown.find<HTMLFormElement>('[data-test=password-asked]')?.requestSubmit();
  await shown.until(() => outcome(shown) === 'different');
});

it('asks for a million streams a page at a time', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  const asked = vi.spyOn(backend, 'storesRows');
  const shown = await open(backend);
  compareWith(shown, '/backup/huge.db');
  await shown.until(() => chosen(shown));
  shown.press('End');
  await shown.until(() => shown.texts('[data-test=stores-looked] b')[0] === 'order-1099999');
  expect(rowCount(shown)).toBe('1000000');
  expect(asked.mock.calls.length).toBeLessThan(10);
  expect(asked.mock.calls.every(([, { limit }]) => limit <= 200)).toBe(true);
});

it('copies the verdict, and saves what the command line prints', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  vi.spyOn(backend, 'pickSave').mockResolvedValue('/tmp/comparison.json');
  const saved = vi.spyOn(backend, 'exportStores');
  const shown = await open(backend);
  compareWith(shown, '/backup/other.db');
  await shown.until(() => outcome(shown) === 'different');
  shown.press('c');
  await shown.until(() => shown.copied.length === 1);
  expect(shown.copied[0]).toMatch(/^Different: the two DIFFER in 5 streams\nleft {3}.*orders.db /);
  expect(shown.copied[0]).toContain('compared to the byte');
  expect(shown.copied[0]).toContain('1 changed · 1 with events missing or more · 3 right behind');
  shown.press('e');
  await shown.until(() => saved.mock.calls.length === 1);
  expect(saved.mock.calls[0]?.[1]).toBe('/tmp/comparison.json');
});
