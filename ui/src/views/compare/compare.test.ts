// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

async function open(at: string): Promise<Page> {
  const shown = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at, handler: null } });
  page = shown;
  await shown.until(() => shown.find('[data-test=cursor-a-label]'));
  return shown;
}

function value(shown: Page, test: string): string {
  return shown.find<HTMLInputElement>(`[data-test=${test}]`)?.value ?? '';
}

it('compares the event at A with the one before it, swaps the sides, and runs again', async () => {
  const shown = await open('v8');
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=compare-count]'));
  expect([value(shown, 'compare-base-at'), value(shown, 'compare-current-at')]).toEqual(['v7', 'v8']);
  expect(shown.texts('[data-test=compare-base-found]')[0]).toContain('v 7');
  expect(shown.texts('[data-test=compare-current-found]')[0]).toContain('v 8');
  expect(shown.texts('[data-test=compare-events] h2')).toEqual(['Events between B and A (1)']);
  shown.press('x');
  await shown.until(() => shown.texts('[data-test=compare-base-found]')[0]?.includes('v 8'));
  expect(value(shown, 'compare-current-at')).toBe('v7');
});

it('says of equal states that they are equal, and which environment each side is of', async () => {
  const shown = await open('start');
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=compare-equal]'));
  expect(shown.texts('[data-test=compare-equal]')[0]).toContain('Both states are equal');
  expect(shown.texts('[data-test=compare-environment]')).toHaveLength(2);
});

it('says why a side cannot be compared', async () => {
  const shown = await open('v8');
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=compare-count]'));
  const field = shown.find<HTMLInputElement>('[data-test=compare-base-stream]');
  if (!field) throw new Error('no field for the stream');
  field.value = 'order-gone';
  field.dispatchEvent(new Event('change', { bubbles: true }));
  shown.find('[data-test=compare-run]')?.click();
  await shown.until(() => shown.texts('[data-test=error-card]')[0]?.includes('order-gone'));
});

it('starts from what is looked at, with its handler', async () => {
  const shown = await open('v8');
  shown.press('Ctrl+3');
  await shown.until(() => shown.find('[data-test=compare-count]'));
  expect([value(shown, 'compare-base-at'), value(shown, 'compare-current-at')]).toEqual(['v7', 'v8']);
  expect(value(shown, 'compare-current-handler')).toBe('/home/ada/shop/handlers/order@1.1.0');
});

it('says why nothing can run, and takes the handler that fits the category of a stream', async () => {
  const shown = openPage({ launch: { store: 'orders.db', stream: null, at: null, handler: null } });
  page = shown;
  await shown.until(() => shown.find('[data-test=scope-header]'));
  shown.press('Ctrl+3');
  const run = await shown.until(() => shown.find('[data-test=compare-run]'));
  expect([run.getAttribute('aria-disabled'), run.title]).toEqual([
    'true',
    expect.stringContaining('side of B and of A'),
  ]);
  const field = shown.find<HTMLInputElement>('[data-test=compare-base-stream]');
  if (!field) throw new Error('no field for the stream');
  field.value = 'order-4711';
  field.dispatchEvent(new Event('change', { bubbles: true }));
  shown.find('[data-test=compare-run]')?.click();
  await shown.until(() => shown.find('[data-test=compare-count]') ?? shown.find('[data-test=compare-equal]'));
  expect(value(shown, 'compare-base-handler')).toBe('/home/ada/shop/handlers/order@1.1.0');
});
