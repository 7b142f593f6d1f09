// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

const when = (shown: Page) => shown.texts('[data-test=cursor-a-time]')[0] ?? '';
const isFixed = (shown: Page) => shown.find('[data-test=cursor-a]')?.dataset['fixed'] === 'true';

async function open(at: string): Promise<Page> {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at, handler: null, layout: null } });
  const shown = page;
  await shown.until(() => shown.find('[data-test=cursor-a]'));
  return shown;
}

it('stands at a time that was asked for, says how long before its event was, and lets go with a step', async () => {
  const shown = await open('v9');
  expect(isFixed(shown)).toBe(false);
  shown.press('g');
  shown.type(':2026-08-03 14:00');
  shown.press('Enter');
  await shown.until(() => when(shown).startsWith('as of 2026-08-03 14:00:00Z') && when(shown).endsWith('earlier'));
  expect(isFixed(shown)).toBe(true);

  shown.press('Ctrl+Shift+c');
  await shown.until(() => shown.copied.length > 0);
  expect(shown.copied[0]).toContain('@2026-08-03T14:00:00Z');
  shown.press('ArrowRight');
  await shown.until(() => !when(shown).startsWith('as of') && when(shown) !== '');
  expect(isFixed(shown)).toBe(false);
  shown.press('Alt+ArrowLeft');
  await shown.until(() => !isFixed(shown) && when(shown) !== '');
});

it('comes back to the time on the way back and by a link', async () => {
  const shown = await open('2026-08-03T14:00:00Z');
  await shown.until(() => isFixed(shown) && when(shown).startsWith('as of 2026-08-03 14:00:00Z'));
  shown.press('Home');
  await shown.until(() => !isFixed(shown));
  shown.press('Alt+ArrowLeft');
  await shown.until(() => isFixed(shown) && when(shown).startsWith('as of 2026-08-03 14:00:00Z'));
});
