// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { Faults } from '../../backend/fake/faults';

let page: Page;
afterEach(() => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const input = (test: string) => page.find<HTMLInputElement>(`[data-test=${test}]`);

async function open(at: string, faults = new Faults()): Promise<void> {
  page = openPage({ launch: { store: 'sample.db', stream: 'order-4711', at, handler: null, layout: null }, faults });
  await page.until(() => page.find('[data-test=state-rows] [role=row]'));
  page.press('Alt+y');
  await page.until(() => page.find('[data-test=known]'));
}

async function type(test: string, words: string): Promise<void> {
  const field = await page.until(() => input(test));
  field.focus();
  field.value = '';
  page.type(words);
  page.find('[data-test=known-ask]')?.click();
}

it('begins at the time of the event that is looked at, and leads to what was recorded late', async () => {
  await open('v14');
  await page.until(() => page.find('[data-test=known-outcome]'));
  expect(input('known-about')?.value).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect(text('known-outcome')).toBe('1 place differs');
  expect(text('known-changes')).toContain('/status');
  expect(text('known-late')).toContain('e-14');
  expect(text('known-missing')).toContain('reference data');
  page.find('[data-test=known-late] button')?.click();
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  page.press('Escape');
  await page.until(() => page.find('[data-test=known]') === null);
});

it('takes another moment for now', async () => {
  await open('v14');
  await page.until(() => page.find('[data-test=known-outcome]'));
  await type('known-at', 'v14');
  await page.until(() => text('known-outcome') === 'What was believed then is what is known');
  expect(text('known-answer')).toContain('up to v14');
});

it('says where the order of events matters, until one is chosen', async () => {
  await open('head');
  await page.until(() => page.find('[data-test=known-outcome]'));
  page.find('[data-test=segment-known]')?.click();
  await page.until(() => text('known-answer').includes('The order matters: 1 place differs'));
  expect(page.find('[data-test=known-state]')).toBeNull();
  page.find('[data-test=segment-occurred]')?.click();
  await page.until(() => page.find('[data-test=known-state]'));
  expect(text('known-state')).toContain('"status"');
});

it('tells what is wrong with a time, and can be asked again', async () => {
  await open('head');
  await page.until(() => page.find('[data-test=known-outcome]'));
  await type('known-about', 'v3');
  await page.until(() => page.texts('[data-test=known]')[0]?.includes('about a time, not about an event'));
  await type('known-about', '2031-01-01T00:00:00Z');
  await page.until(() => page.find('[data-test=known-outcome]'));
});

it('waits for a time where no event is folded', async () => {
  await open('start');
  await page.until(() => page.find('[data-test=known-empty]'));
});
