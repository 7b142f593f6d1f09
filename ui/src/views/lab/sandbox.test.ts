// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { fakeBackend } from '../../backend/fake';

let page: Page;
afterEach(() => page.close());

async function open(at: string): Promise<void> {
  page = openPage({ launch: { store: 'sample', stream: 'order-4711', at, handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]'));
}

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const edits = () => page.texts('[data-test=sandbox-edits] .edit .selectable');

/** Runs a command out of the palette. */
async function run(words: string): Promise<void> {
  page.press('Ctrl+Shift+p');
  await page.until(() => page.find('[data-test=omnibox]'));
  page.type(`>${words}`);
  await page.until(() => text('omnibox-item').includes(words));
  page.press('Enter');
}

function write(text: string): void {
  const area = page.find<HTMLTextAreaElement>('[data-test=sandbox-draft]');
  if (!area) throw new Error('nobody writes an edit');
  area.value = text;
  area.dispatchEvent(new Event('input', { bubbles: true }));
}

it('branches without the selected event, and says everywhere that it is not the record', async () => {
  await open('v2');
  await run('Branch here without this event');
  await page.until(() => page.find('[data-test=sandbox-summary]'));
  expect(text('sandbox-band')).toContain('SANDBOX · not the record');
  expect(text('sandbox-band')).toContain('nothing of it is written to the store');
  expect(edits()).toEqual(['v2 is left out']);
  await page.until(() => text('sandbox-label').startsWith('v2 '));
  expect(text('sandbox-summary')).toContain('at the head');
});

it('goes into a case with its edits, and opens out of one as it was', async () => {
  await open('v2');
  await run('Branch here without this event');
  await page.until(() => edits().length === 1);
  const saving = vi.spyOn(page.backend, 'saveCase');
  page.press('Ctrl+Shift+e');
  await page.until(() => saving.mock.calls.length === 1);
  const asked = saving.mock.calls[0]?.[1];
  const [place] = asked?.places ?? [];
  expect(place).toMatchObject({ view: 'sandbox', stream: 'order-4711', sandbox: ['{"skip":"v2"}'] });
  expect(asked?.elsewhere).toEqual([]);
  await page.close();

  const location = '/home/ada/branch.refold-case';
  const backend = fakeBackend({ launch: { store: location, stream: null, at: null, handler: null, layout: null } });
  const opened = await backend.openStore(location, null);
  const { case: kept, layout } = opened;
  if (!kept || !place) throw new Error('no case');
  const places = [{ ...place, store: location, layout }];
  vi.spyOn(backend, 'openStore').mockResolvedValue({ ...opened, case: { ...kept, places } });
  page = openPage({}, backend);
  await page.until(() => edits().length === 1);
  expect(edits()).toEqual(['v2 is left out']);
});

it('says that both lines lack what the record lacks', async () => {
  await open('v2');
  const openSandbox = page.backend.openSandbox.bind(page.backend);
  let incompleteSince = '4';
  page.backend.openSandbox = async (...asked) => ({ ...(await openSandbox(...asked)), incompleteSince });
  await run('Open this stream in a sandbox');
  await page.until(() => text('sandbox-incomplete') === 'incomplete since v 4');
  incompleteSince = '';
  await page.until(() => text('sandbox-label').startsWith('v2 '));
  page.press('x');
  await page.until(() => edits().length === 1);
  await page.until(() => page.find('[data-test=sandbox-incomplete]') === null);
});

it('takes edits back and does them again, by keys alone', async () => {
  await open('v2');
  await run('Open this stream in a sandbox');
  await page.until(() => text('sandbox-label').startsWith('v2 '));
  expect(edits()).toEqual([]);
  page.press('x');
  await page.until(() => edits().length === 1);
  page.press('Ctrl+z');
  await page.until(() => edits().length === 0);
  page.press('Ctrl+Shift+z');
  await page.until(() => edits().length === 1);
  page.press('ArrowRight');
  await page.until(() => text('sandbox-label').startsWith('v3 '));
  page.press('Alt+ArrowDown');
  await page.until(() => edits().length === 2);
  expect(edits()[1]).toBe('v3 comes after v4');
});

it('edits a payload as text, and says what is wrong with it', async () => {
  await open('v2');
  await run('Open this stream in a sandbox');
  await page.until(() => text('sandbox-label').startsWith('v2 '));
  page.press('e');
  await page.until(() => page.find('[data-test=sandbox-draft]'));
  const area = page.find<HTMLTextAreaElement>('[data-test=sandbox-draft]');
  expect(area?.value).toContain('"edit": "v2"');
  write('{"edit": "v2"');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=error-card]'));
  write('{"edit": "v2", "set": {"/qty": 7}}');
  page.press('Ctrl+Enter');
  await page.until(() => edits().length === 1);
  expect(edits()).toEqual(['in v2 /qty is 7']);
  expect(page.find('[data-test=sandbox-draft]')).toBeNull();
});
