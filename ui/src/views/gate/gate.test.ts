// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { Faults } from '../../backend/fake/faults';

let page: Page;
afterEach(() => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';

async function open(store = 'sample', stream: string | null = null, faults = new Faults()): Promise<void> {
  page = openPage({ launch: { store, stream, at: null, handler: null, layout: null }, faults });
  await page.until(() => page.find(stream === null ? '[data-test=scope-header]' : '[data-test=state-header]'));
  page.find('[data-test=rail-gate]')?.click();
  await page.until(() => page.find('[data-test=gate]'));
}

function choose(handler: string): void {
  const select = page.find<HTMLSelectElement>('[data-test=gate-handler]');
  const option = [...(select?.options ?? [])].find((one) => one.text === handler);
  if (!select || !option) throw new Error(`there is no ${handler}`);
  select.value = option.value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
}

it('tells by type what fails, what is lost and what changes, the gravest first, with an example each', async () => {
  await open();
  expect(text('gate-empty')).toContain('before they are deployed');
  choose('order@1.0.0');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=gate-summary]')?.dataset['failed'] === '1');
  expect(text('gate-summary')).toMatch(/through upcasters 1 fails none is dropped \d[\d,]* lose a field 804 ms$/);
  // The first row is shown at once: its event, stored, and that nothing came of it.
  await page.until(() => text('gate-fault').startsWith('RF-UPCAST-FAILED'));
  expect(page.texts('[data-test=gate-payload-row]')).toContain('/customer"C-170600"(absent)');
  expect(page.texts('[data-test=gate-steps] tr').at(-1)).toBe(
    'versions/1.1.0/upcasters.yaml:21:5CouponUsedv1 → v2never',
  );

  page.find('[data-test=gate-rows]')?.focus();
  page.press('ArrowDown');
  await page.until(() => text('gate-example').includes('lost /name'));
  page.press('ArrowDown');
  await page.until(() => page.texts('[data-test=gate-payload-row]')[0] === '/qty(absent)6');
  page.press('e');
  await page.until(() => page.texts('[data-test=gate-payload-row]')[0] === '/price61.4561.45');
  page.press('o');
  await page.until(() => page.find('.page')?.dataset['view'] === 'history');
  await page.until(() => page.find('[data-test=state-header]'));
});

it('says that what is asked has changed, and of which events no step was needed', async () => {
  await open();
  choose('order@1.1.0');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=gate-summary]')?.dataset['failed'] === '0');
  page.find('[data-test=gate-rows]')?.focus();
  // An event that becomes two is shown as either.
  for (let row = 0; row < 4; row += 1) page.press('ArrowDown');
  await page.until(() => page.find('[data-test=gate-part]'));
  expect(page.texts('[data-test=gate-part] option')).toEqual(['1 OrderPlaced', '2 CustomerNamed']);
  page.press('End');
  await page.until(() => text('gate-no-example') === 'Stored as the rules expect it: no step takes these events');
  page.find('[data-test=segment-category]')?.click();
  await page.until(() => text('gate-summary').endsWith('What is asked has changed since this ran'));
});

it('reads one event while an arrow is held, and then that of the row where it was let go', async () => {
  const asked: string[] = [];
  await open();
  choose('order@1.1.0');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=gate-payload-row]'));
  vi.spyOn(page.backend, 'gateExample').mockImplementation(async (...[, stream, cursor]) => {
    asked.push(`${stream} ${cursor}`);
    return new Promise(() => {});
  });
  page.find('[data-test=gate-rows]')?.focus();
  for (let row = 0; row < 5; row += 1) page.press('ArrowDown');
  expect(asked).toHaveLength(1);
});

it('is stopped, and says what has no upcasters', async () => {
  await open('lasting', 'order-4714');
  choose('order@1.1.0');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=job-progress]'));
  page.press('Escape');
  await page.until(() => !page.find('[data-test=job-progress]'));
  expect([page.find('[data-test=gate-summary]'), page.find('[data-test=error-card]')]).toEqual([null, null]);
  choose('builtin:merge');
  page.press('Ctrl+Enter');
  await page.until(() => text('error-card').includes('has no upcasters'));
});

it('is not started without a handler, and says what is missing', async () => {
  await open('without-handlers');
  const select = page.find<HTMLSelectElement>('[data-test=gate-handler]');
  expect(select?.selectedOptions[0]?.text).toBe('choose…');
  const run = page.find('[data-test=gate-run]');
  expect([run?.getAttribute('aria-disabled'), run?.title]).toEqual([
    'true',
    expect.stringContaining('Choose a handler first'),
  ]);
  page.press('Ctrl+Enter');
  await page.until(() => text('notice') === 'Choose a handler first');
  expect(page.find('[data-test=job-progress]')).toBeNull();
});

it('tries an example again that could not be read', async () => {
  const faults = new Faults();
  faults.set('gateExample', 'disconnected');
  await open('sample', null, faults);
  choose('order@1.1.0');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=gate-example] [data-test=error-card]'));
  faults.set('gateExample', null);
  page.find('[data-test=error-retry]')?.click();
  await page.until(() => page.find('[data-test=gate-payload-row]'));
});
