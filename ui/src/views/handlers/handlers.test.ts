// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import type { HandlersNews } from '../../backend/bindings';
import { fakeBackend } from '../../backend/fake';
import { Faults } from '../../backend/fake/faults';

let page: Page;
afterEach(() => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const hash = () => page.find('[data-test=handler-facts]')?.dataset['hash'] ?? '';

async function open(stream: string | null = null, faults = new Faults()): Promise<void> {
  page = openPage({ launch: { store: 'sample', stream, at: null, handler: null, layout: null }, faults });
  await page.until(() => page.find(stream === null ? '[data-test=scope-header]' : '[data-test=state-header]'));
  page.press('Ctrl+5');
  await page.until(() => page.find('[data-test=handler-facts]'));
}

it('lists the versions of each package, the newest first, and shows one exactly', async () => {
  await open();
  const versions = page.texts('[data-test=handler-version]');
  expect(versions.map((of) => of.slice(0, 5))).toEqual(['1.1.0', '1.0.0']);
  expect(versions[0]).toContain('draft');
  expect(versions[1]).toContain('2026-06-01 00:00:00Z →');
  await page.until(() => hash() !== '');
  expect(text('handler-facts')).toContain('order@1.1.0');
  const newest = hash();
  page.press(']');
  await page.until(() => text('handler-facts').includes('order@1.0.0') && hash() !== '' && hash() !== newest);
});

it.each([
  [{ standing: 'Landlock and seccomp', lacking: null }, 'in a process behind Landlock and seccomp'],
  [
    { standing: 'seccomp', lacking: 'Landlock is not there' },
    'in a process behind seccomp alone: Landlock is not there',
  ],
  [
    { standing: null, lacking: 'neither Landlock nor seccomp is there' },
    'in a process without walls: neither Landlock nor seccomp is there',
  ],
] as const)('says of code which walls stand around it: %o', async (walls, words) => {
  page = openPage({ launch: { store: 'sample', stream: null, at: null, handler: null, layout: null } });
  const told = page.backend.handlerTold.bind(page.backend);
  page.backend.handlerTold = async (handler) => ({ ...(await told(handler)), walls });
  await page.until(() => page.find('[data-test=scope-header]'));
  page.press('Ctrl+5');
  await page.until(() => text('handler-walls') !== '');
  expect(text('handler-walls')).toBe(`Walls ${words}`);
});

it('offers a package that was copied beside the open store, and lists it', async () => {
  const launch = { store: 'sample', stream: 'order-4711', at: null, handler: null, layout: null };
  const backend = fakeBackend({ sampleEvents: 2_000, launch });
  let tell: (news: HandlersNews) => void = () => {};
  vi.spyOn(backend, 'watchHandlers').mockImplementation(async (_, news) => void (tell = news));
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=state-header]'));
  const offered = () => page.texts('[data-test=handler] option');
  const before = offered();
  const copied = { reference: '/shop/handlers/copied@3.0.0', name: 'copied', version: '3.0.0', category: null };
  const news = { changes: 0, histories: [], broken: [] };
  tell({ ...news, atHand: [copied] });
  await page.until(() => offered().includes('copied@3.0.0'));
  expect(before).not.toContain('copied@3.0.0');

  page.press('Ctrl+5');
  await page.until(() => page.find('[data-test=handler-facts]'));
  const packages = vi.spyOn(backend, 'handlers');
  // Nothing of what is at hand is another: what was tested and counted stays.
  tell({ ...news, atHand: [copied] });
  expect(packages).not.toHaveBeenCalled();
  tell({ ...news, atHand: [] });
  await page.until(() => packages.mock.calls.length === 1);
});

it('shows the lines of a file with their numbers, and says of which it shows none', async () => {
  await open();
  await page.until(() => text('handler-source').includes('OrderPlaced'));
  expect(page.texts('[data-test=handler-source] .number')).toEqual(['1', '2', '3', '4']);
  const select = page.find<HTMLSelectElement>('[data-test=handler-file]');
  const binary = [...(select?.options ?? [])].find(({ text }) => text.endsWith('.wasm'));
  if (!select || !binary) throw new Error('there is no module');
  select.value = binary.value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  await page.until(() =>
    page
      .find('[data-test=handlers]')
      ?.textContent?.includes('no text, or longer than 524,288 bytes: it has 4,711 bytes'),
  );
});

it('tells which types of the store it takes, and leads to the first event of one that is missing', async () => {
  await open();
  await page.until(() => hash() !== '');
  page.press('2');
  await page.until(() => text('coverage-summary') !== '');
  expect(text('coverage-summary')).toMatch(/^\d+ of \d+ types taken 1 missing, of [\d,]+ events? streams of order$/);
  expect(text('coverage-absent')).toContain('OrderArchived');
  page.find('[data-test=coverage-rows]')?.focus();
  page.press('o');
  await page.until(() => page.find('.page')?.dataset['view'] === 'history');
  await page.until(() => page.find('[data-test=state-header]'));
});

it('tells what a version declares, and how its test cases go', async () => {
  await open();
  await page.until(() => hash() !== '');
  page.press('3');
  await page.until(() => text('declared-invariant').includes('state.total >= 0'));
  expect(text('declared-upcaster')).toContain('v1 → v2');
  page.press('4');
  await page.until(() => text('handler-cases').includes('not run'));
  page.press('Ctrl+Enter');
  await page.until(() => text('cases-sum') === '2 passed');
  page.press(']');
  await page.until(() => text('handler-cases').includes('not run'));
  page.press('Ctrl+Enter');
  await page.until(() => text('cases-sum') === '1 passed, 1 failed');
  expect(page.texts('[data-test=handler-case]')[1]).toContain('expected 10.00, found 20.00');
});

it('folds the stream that is looked at with the version', async () => {
  await open('order-4711');
  await page.until(() => hash() !== '');
  const chosen = page.find('[data-test=handler-version][aria-selected=true]')?.dataset['reference'];
  page.press('[');
  await page.until(() => {
    const now = page.find('[data-test=handler-version][aria-selected=true]')?.dataset['reference'];
    return now !== chosen && hash() !== '';
  });
  const other = page.find('[data-test=handler-version][aria-selected=true]')?.dataset['reference'];
  page.press('f');
  await page.until(() => page.find('.page')?.dataset['view'] === 'history');
  await page.until(() => page.find<HTMLSelectElement>('[data-test=handler]')?.value === other);
});
