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

/** Compare, on the read model, with a file chosen. */
async function open(file: string): Promise<Page> {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  vi.spyOn(backend, 'pickFile').mockResolvedValue(file);
  const shown = openPage({ launch }, backend);
  page = shown;
  await shown.until(() => shown.find('[data-test=cursor-a-label]'));
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=compare-count]'));
  shown.find('[data-test=segment-readModel]')?.click();
  await shown.until(() => shown.find('[data-test=drift-choose]'));
  shown.find('[data-test=drift-choose]')?.click();
  return shown;
}

function chooseTable(shown: Page, name: string): void {
  const table = shown.find<HTMLSelectElement>('[data-test=drift-table]');
  if (!table) throw new Error('no choice of tables');
  table.value = name;
  table.dispatchEvent(new Event('change', { bubbles: true }));
}

const mapping = (shown: Page) => shown.find<HTMLTextAreaElement>('[data-test=drift-mapping-text]')?.value ?? '';

it('shows what is wrong with a read model, and goes to the event that explains it', async () => {
  const shown = await open('/home/ada/shop/read_model.db');
  await shown.until(() => shown.find('[data-test=drift-table]'));
  expect(shown.find('[data-test=compare-run]')?.getAttribute('aria-disabled')).toBe('true');
  chooseTable(shown, 'order_summary');
  await shown.until(() => mapping(shown).includes('refold-read-model/1'));
  shown.press('Ctrl+Enter');
  await shown.until(() => shown.find('[data-test=drift-summary]'));
  const [summary] = shown.texts('[data-test=drift-summary]');
  expect(summary).toContain('different');
  expect(summary).toContain('1 extra');
  expect(summary).toContain('1 behind');
  expect(shown.texts('[data-test=drift-distinguishing]')[0]).toContain('ItemRemoved');
  expect(summary).toContain('1 unplaced');
  shown.find('[data-test=drift-lost]')?.click();
  await shown.until(() => shown.texts('[data-test=drift-fault]')[0]?.includes('order-4712'));
  expect(shown.texts('[data-test=drift-fault]')[0]).toContain('is the first event that it lacks');
  shown.find('.count.unplaced')?.click();
  await shown.until(() => shown.texts('[data-test=drift-fault]')[0]?.includes('its stream ends at v12'));
  shown.find('.count.behind')?.click();
  await shown.until(() => shown.texts('[data-test=drift-fault]')[0]?.includes('order-4711'));
  shown.find('[data-test=drift-open]')?.click();
  await shown.until(() => shown.texts('[data-test=cursor-a-label]')[0]?.includes('13'));
});

it('is asked from the palette in another view', async () => {
  const shown = openPage({ launch }, fakeBackend({ launch, sampleEvents: 2_000 }));
  page = shown;
  await shown.until(() => shown.find('[data-test=cursor-a-label]'));
  shown.press('Ctrl+Shift+p');
  await shown.until(() => shown.find('[data-test=omnibox]'));
  shown.type('>Is a read model right');
  await shown.until(() => shown.texts('[data-test=omnibox-item]')[0]?.includes('Is a read model right'));
  shown.press('Enter');
  await shown.until(() => shown.find('[data-test=drift-table]'));
});

it('says what is right, and that a guess is one', async () => {
  const shown = await open('/home/ada/shop/sound.csv');
  await shown.until(() => mapping(shown).includes('refold-read-model/1'));
  shown.find('[data-test=drift-guess]')?.click();
  await shown.until(() =>
    shown.texts('[data-test=drift-mapping] [role=status]')[0]?.includes('guessed from 200 of 200'),
  );
  shown.press('Ctrl+Enter');
  await shown.until(() => shown.find('[data-test=drift-equal]'));
});

it('says why a read model cannot be read', async () => {
  const shown = await open('/home/ada/shop/none.db');
  await shown.until(() => shown.texts('[data-test=error-card]')[0]?.includes('there is no such file'));
});

it('reads a read model on a server that is named, and offers the connections that are saved', async () => {
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  const of = { host: 'db.example.org', database: 'shop', user: 'refold_reader' };
  await backend.saveConnection({ ...of, name: 'views' }, null);
  await backend.saveConnection({ ...of, name: 'file', store: '/srv/orders.db' }, null);
  const tables = vi.spyOn(backend, 'readModelTables');
  const shown = openPage({ launch }, backend);
  page = shown;
  await shown.until(() => shown.find('[data-test=cursor-a-label]'));
  shown.press('Ctrl+d');
  await shown.until(() => shown.find('[data-test=segment-readModel]'));
  shown.find('[data-test=segment-readModel]')?.click();
  await shown.until(() => shown.find('[data-test=drift-file]'));
  const field = shown.find<HTMLInputElement>('[data-test=drift-file]');
  if (!field) throw new Error('no field');
  const offered = [...(field.list?.options ?? [])].map(({ value }) => value);
  expect(offered).toEqual(['@views']);
  field.value = '@views';
  field.dispatchEvent(new Event('change', { bubbles: true }));
  await shown.until(() => shown.find('[data-test=drift-table]'));
  expect(tables).toHaveBeenCalledWith(expect.anything(), '@views');
  chooseTable(shown, 'order_summary');
  await shown.until(() => mapping(shown).includes('refold-read-model/1'));
});
