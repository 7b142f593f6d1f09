// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

async function onLanes(): Promise<Page> {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v7', handler: null, layout: null } });
  const shown = page;
  await shown.until(() => shown.find('[data-test=cursor-a]'));
  shown.press('7');
  (await shown.until(() => shown.find('[data-test=to-lanes]'))).click();
  await shown.until(() => shown.find('[data-test=lane]') && lane(shown) === '7');
  return shown;
}

const lane = (shown: Page) => shown.find('[data-test=lane][aria-pressed=true]')?.dataset['moment'];
const zone = (shown: Page) => shown.texts('[data-test=lanes-zone]')[0];
const instant = (shown: Page) => shown.find('[data-test=lanes-cursor]')?.dataset['instant'] ?? '';

it('keeps A at its event when the clock is switched', async () => {
  const shown = await onLanes();
  const recorded = instant(shown);
  shown.press('t');
  await shown.until(() => zone(shown) === 'occurred, UTC' && lane(shown) === '7');
  expect(instant(shown) < recorded).toBe(true);
  shown.press('t');
  await shown.until(() => zone(shown) === 'recorded, UTC' && instant(shown) === recorded);
});

it('comes back to its streams, clock and instant, on the way back and by a link', async () => {
  const shown = await onLanes();
  const streams = shown.texts('[data-test=lane] .id');
  const before = instant(shown);
  shown.press('Ctrl+Shift+c');
  await shown.until(() => shown.copied.length > 0);
  expect(shown.copied[0]).toMatch(/^refold:\/\/orders\?lane=order-4711/);
  shown.press('Ctrl+1');
  await shown.until(() => shown.find('[data-view=overview]'));
  shown.press('Alt+ArrowLeft');
  await shown.until(() => shown.find('[data-view=lanes]') && instant(shown) === before);
  expect(shown.texts('[data-test=lane] .id')).toEqual(streams);

  await shown.until(() => lane(shown) === '7');
  for (const stream of [...streams]) {
    shown.press('Delete');
    await shown.until(
      () =>
        !shown.texts('[data-test=lane] .id').includes(stream) ||
        shown.texts('[data-test=lane]').length < streams.length,
    );
  }
  shown.press('Ctrl+k');
  shown.type(shown.copied[0] ?? '');
  shown.press('Enter');
  await shown.until(() => instant(shown) === before && lane(shown) === '7');
  expect(shown.texts('[data-test=lane] .id')).toEqual(streams);
});

it('says that the state of a lane is incomplete, and since when', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4713', at: null, handler: null, layout: null } });
  const shown = page;
  await shown.until(() => shown.find('[data-test=incomplete]'));
  shown.press('Ctrl+k');
  shown.type('>Add a stream to the lanes');
  shown.press('Enter');
  await shown.until(() => shown.find('[data-view=lanes] [data-test=lane]'));
  await shown.until(() => shown.texts('[data-test=incomplete]')[0] === 'incomplete since v 3');
});

it('asks for a stream in its field where the palette is told of none, and says nothing else', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: null, at: null, handler: null, layout: null } });
  const shown = page;
  await shown.until(() => shown.find('[data-view=overview] [data-test=scope-header]'));
  shown.press('Ctrl+k');
  shown.type('>Add a stream to the lanes');
  shown.press('Enter');
  const field = await shown.until(() => shown.find<HTMLInputElement>('[data-view=lanes] [data-test=lanes-add]'));
  await shown.until(() => document.activeElement === field);
  expect(shown.find('[data-test=palette]')).toBeNull();

  // Enter belongs to the button that has the focus, and to nothing else.
  shown.find('[data-test=lanes-add-first]')?.focus();
  shown.press('Enter');
  expect(shown.texts('[data-test=notice]')).toEqual(['']);
});

it('keeps a wrong id in the field, says why once, and goes on with the lanes when one was added', async () => {
  const shown = await onLanes();
  const field = () => shown.find<HTMLInputElement>('[data-test=lanes-add]');
  const streams = shown.texts('[data-test=lane] .id');
  field()?.focus();
  shown.type('nowhere-1');
  shown.press('Enter');
  await shown.until(() => shown.find('[data-test=error-card]'));
  expect([field()?.value, document.activeElement]).toEqual(['nowhere-1', field()]);
  expect(shown.texts('[data-test=lane] .id')).toEqual(streams);
  expect(shown.find('[data-test=error-retry]')).toBeNull();
  shown.press('Escape');
  expect(document.activeElement).toBe(shown.find('[data-test=lanes-cursor]'));

  shown.press('Ctrl+1');
  await shown.until(() => shown.find('[data-view=overview]'));
  shown.press('Ctrl+k');
  shown.type('>Lanes');
  shown.press('Enter');
  await shown.until(() => shown.find('[data-view=lanes] [data-test=lane]'));
  expect(shown.find('[data-test=error-card]')).toBeNull();

  field()?.focus();
  shown.type('order-4715');
  shown.press('Enter');
  await shown.until(() => shown.texts('[data-test=lane] .id').includes('order-4715'));
  await shown.until(() => document.activeElement === shown.find('[data-test=lanes-cursor]'));
  expect(field()?.value).toBe('');
});

it('keeps what is typed while another stream is being added', async () => {
  const shown = await onLanes();
  const field = () => shown.find<HTMLInputElement>('[data-test=lanes-add]');
  field()?.focus();
  shown.type('order-4715');
  shown.press('Enter');
  expect([field()?.selectionStart, field()?.selectionEnd]).toEqual([0, 'order-4715'.length]);
  shown.type('order-4713');
  await shown.until(() => shown.texts('[data-test=lane] .id').includes('order-4715') && lane(shown));
  await shown.until(() => shown.find('[data-view=lanes] [role=treegrid]'));
  expect([field()?.value, document.activeElement]).toEqual(['order-4713', field()]);
  shown.press('Enter');
  await shown.until(() => shown.texts('[data-test=lane] .id').includes('order-4713'));
  await shown.until(() => document.activeElement === shown.find('[data-test=lanes-cursor]'));
  expect(field()?.value).toBe('');
});

it('names what the state beneath is of while the cursor is further', async () => {
  const shown = await onLanes();
  await shown.until(() => shown.find('[data-test=lane-moment]')?.dataset['moment'] === '7');
  const own = shown.backend.stateFrame.bind(shown.backend);
  const gates: (() => void)[] = [];
  vi.spyOn(shown.backend, 'stateFrame').mockImplementation(async (...given) => {
    await new Promise<void>((go) => gates.push(go));
    return await own(...given);
  });
  const before = instant(shown);
  shown.press('ArrowLeft');
  await shown.until(() => instant(shown) !== before && lane(shown) !== '7' && gates.length > 0);
  expect(shown.texts('[data-test=lane-moment]')[0]).toMatch(/^showing v 7 /);
  gates.forEach((go) => go());
  await shown.until(() => /^v \d+ /.test(shown.texts('[data-test=lane-moment]')[0] ?? ''));
});
