// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { fakeBackend } from '../../backend/fake';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

async function open(at: string): Promise<Page> {
  const shown = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at, handler: null, layout: null } });
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
  shown.press('F7');
  await shown.until(() => shown.texts('[data-test=compare-row]')[0]?.includes('v 8'));
  expect(shown.texts('[data-test=compare-row]')[0]).toContain('reducer.yaml:28');
  shown.press('x');
  await shown.until(() => shown.texts('[data-test=compare-base-found]')[0]?.includes('v 8'));
  expect(value(shown, 'compare-current-at')).toBe('v7');
});

it('says of equal states that they are equal, and which environment each side is of', async () => {
  const shown = await open('start');
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=compare-equal]'));
  expect(shown.texts('[data-test=compare-equal]')[0]).toContain('Both states are equal');
  // As the band says it: a plain file is no server that nobody classified.
  expect(shown.texts('[data-test=compare-environment]')).toEqual(['File', 'File']);
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
  const shown = openPage({ launch: { store: 'orders.db', stream: null, at: null, handler: null, layout: null } });
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

it('is a place: back and forward, a link, and a restart lead to what was compared', async () => {
  const backend = fakeBackend({
    sampleEvents: 2_000,
    launch: { store: 'orders.db', stream: 'order-4711', at: 'v8', handler: null, layout: null },
  });
  const remembered = vi.spyOn(backend, 'rememberWindow');
  const shown = openPage({}, backend);
  page = shown;
  await shown.until(() => shown.find('[data-test=cursor-a-label]'));
  shown.press('Ctrl+d');
  await shown.until(() => shown.texts('[data-test=compare-current-found]')[0]?.includes('v 8'));
  shown.press('x');
  await shown.until(() => shown.texts('[data-test=compare-base-found]')[0]?.includes('v 8'));
  shown.press('Ctrl+Shift+c');
  await shown.until(() => shown.copied.length > 0);
  expect(shown.copied).toEqual(['refold://orders/order/order-4711@7?b=8&compare=points&handler=order%401.1.0']);
  shown.press('Alt+ArrowLeft');
  await shown.until(() => shown.texts('[data-test=compare-current-found]')[0]?.includes('v 8'));
  shown.press('Alt+ArrowLeft');
  await shown.until(() => shown.find('[data-test=state-header]'));
  shown.press('Alt+ArrowRight');
  await shown.until(() => shown.texts('[data-test=compare-current-found]')[0]?.includes('v 8'));
  const written = () => remembered.mock.lastCall?.[0].documents[0]?.compared;
  await shown.until(() => written()?.current.at === 'v8');
  const places = remembered.mock.lastCall?.[0] ?? null;
  await shown.close();

  page = openPage({ places });
  await page.until(() => page?.texts('[data-test=compare-current-found]')[0]?.includes('v 8'));
  expect(page.texts('[data-test=compare-base-found]')[0]).toContain('v 7');
});

it('shows no rows of the comparison before under the heads of the next', async () => {
  const shown = await open('v8');
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=compare-count]'));
  const own = shown.backend.comparisonFrame.bind(shown.backend);
  const gates: (() => void)[] = [];
  vi.spyOn(shown.backend, 'comparisonFrame').mockImplementation(async (...given) => {
    await new Promise<void>((go) => gates.push(go));
    return await own(...given);
  });
  shown.press('x');
  await shown.until(() => shown.texts('[data-test=compare-base-found]')[0]?.includes('v 8') && gates.length > 0);
  expect(shown.find('[data-test=compare-count]')).toBeNull();
  gates.forEach((go) => go());
  await shown.until(() => shown.find('[data-test=compare-count]'));
});
