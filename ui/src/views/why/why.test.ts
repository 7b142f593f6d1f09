// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { Faults } from '../../backend/fake/faults';

let page: Page;
afterEach(() => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const field = () => page.find<HTMLInputElement>('[data-test=why-path]');

async function open(at = 'head', faults = new Faults()): Promise<void> {
  page = openPage({ launch: { store: 'sample.db', stream: 'order-4711', at, handler: null }, faults });
  await page.until(() => page.find('[data-test=state-rows] [role=row]'));
}

/** Focuses the first field of the tree. */
function focusField(): void {
  page.find('[data-test=state-rows] [role=treegrid], [role=treegrid][data-test=state-rows]')?.focus();
  page.press('ArrowDown');
}

async function ask(path: string): Promise<void> {
  page.press('Shift+y');
  const text = await page.until(field);
  text.focus();
  page.type(path);
  text.closest('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  text.blur();
}

it('tells the operations that made a value, also where two conditions before one stand at one place', async () => {
  await open();
  await ask('/status');
  page.find('[data-test=segment-why]')?.click();
  await page.until(() => page.all('[data-test=why-step]').length === 2);
  expect(text('why-outcome')).toContain('folded alone, they give the same value');
  expect(text('why-at')).toBe('at v 15');
  expect(page.texts('[data-test=why-step] .guard')).toEqual(['because this held versions/1.1.0/reducer.yaml:85:13']);
  page.press('Escape');
  await page.until(() => page.find('[data-test=why]') === null);
});

it('tells which conditions were false, what they read, and what would be there else', async () => {
  await open();
  await ask('/totals/discount');
  await page.until(() => page.find('[data-test=why-not-tried]'));
  expect(text('why-not-outcome')).toMatch(/^15 events asked: \d+ changed it, last v \d+ /);
  const guards = page.all('[data-test=why-not-tried]:first-of-type [data-test=why-not-guard]');
  expect(guards.slice(0, 2).map(({ dataset }) => dataset['holds'])).toEqual(['true', 'false']);
  expect(text('why-read')).toMatch(/^\/totals\/total \d+\.\d\d$/);
  expect(text('why-not-otherwise')).toBe('else it would be 5.00');
  expect(page.texts('[data-test=why-not-types] tbody tr')).toContain('OrderPlaced11can write there');

  // One of them alone, and from there to its moment.
  const of = page.find('[data-test=why-event]');
  const place = of?.querySelector('.place')?.textContent ?? '';
  of?.click();
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === place.replace(/\D/g, ''));
  await ask('/totals/discount');
  page.find('[data-test=segment-event]')?.click();
  await page.until(() => text('why-not-outcome') === '1 event asked: none changed it');
  expect(text('why-at')).toBe(`at ${place}`);
});

it('takes the path of a field that is not there, and says that no rule writes it', async () => {
  await open();
  page.press('Shift+y');
  await page.until(() => text('why-empty').startsWith('Type the path'));
  await page.until(() => document.activeElement === field());
  field()?.blur();
  await ask('/coupon');
  await page.until(() => text('why-not-note') === 'No rule of this handler for these events writes there');
  expect(page.all('[data-test=why-not-tried]')).toHaveLength(0);
  page.find('[data-test=segment-why]')?.click();
  await page.until(() => text('why-outcome') === 'No event made it: nothing was ever there');
});

it('says before the first event that there is none to ask', async () => {
  await open('start');
  await ask('/status');
  await page.until(() => text('why-empty').startsWith('No event is folded here yet'));
});

it.each(['why', 'whyNot'] as const)('%s fails, is told of, and is tried again', async (method) => {
  const faults = new Faults();
  faults.set(method, 'disconnected');
  await open('head', faults);
  focusField();
  page.press(method === 'why' ? 'y' : 'Shift+y');
  await page.until(() => page.find('[data-test=why] [data-test=error-card]'));
  faults.set(method, null);
  page.find('[data-test=error-retry]')?.click();
  await page.until(() => page.find('[data-test^=why-][data-test$=outcome]'));
  expect(page.find('[data-test=error-card]')).toBeNull();
});

it('is one drawer: values of a field take its place, and it theirs', async () => {
  await open();
  focusField();
  page.press('y');
  await page.until(() => page.find('[data-test=why]'));
  page.press('h');
  await page.until(() => page.find('[data-test=field-history]'));
  expect(page.find('[data-test=why]')).toBeNull();
  page.press('y');
  await page.until(() => page.find('[data-test=why]'));
  expect(page.find('[data-test=field-history]')).toBeNull();
});
