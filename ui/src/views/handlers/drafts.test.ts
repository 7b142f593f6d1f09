// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';

let page: Page;
afterEach(() => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const draft = () => page.find('[data-test=handler-draft]');
const host = () => page.find('[data-test=handler-editor]');
const content = () => host()?.shadowRoot?.querySelector<HTMLElement>('.cm-content') ?? null;
const chosen = () => page.find('[data-test=handler-version][aria-selected=true]')?.dataset['reference'] ?? '';

/** Opens a draft of the older version, and waits for its editor. */
async function open(stream: string | null = null): Promise<void> {
  page = openPage({ launch: { store: 'sample', stream, at: null, handler: null } });
  await page.until(() => page.find(stream === null ? '[data-test=scope-header]' : '[data-test=state-header]'));
  page.press('Ctrl+5');
  await page.until(() => page.find('[data-test=handler-facts]')?.dataset['hash']);
  page.all('[data-test=handler-version]').at(-1)?.click();
  await page.until(() => chosen().endsWith('@1.0.0') && text('handler-source').includes('OrderPlaced'));
  page.press('e');
  await ready();
}

async function ready(): Promise<void> {
  await page.until(() => host()?.dataset['ready'] === 'true' && content());
}

/** Writes a line over one of the text, as typing it would. */
async function write(line: number, words: string): Promise<void> {
  const of = content()?.querySelectorAll<HTMLElement>('.cm-line')[line - 1];
  if (!of) throw new Error(`there is no line ${line}`);
  of.textContent = words;
  await page.until(() => draft()?.dataset['kept'] === 'true');
}

it('makes a draft of a version, which is listed beside it, and writes in that alone', async () => {
  await open();
  expect(chosen()).toContain('1.0.0-draft');
  expect(page.texts('[data-test=handler-version]').map((of) => of.split(' ')[0])).toEqual([
    '1.0.0-draft',
    '1.1.0',
    '1.0.0',
  ]);
  expect(text('handler-facts')).toContain('order@1.0.0-draft');
  expect(content()?.getAttribute('aria-label')).toContain('Escape, then Tab');
  expect(content()?.textContent).toContain('OrderPlaced');
  // What belongs to the package is shown and not written.
  const select = page.find<HTMLSelectElement>('[data-test=handler-file]');
  if (!select) throw new Error('there are no files');
  select.value = 'handler.toml';
  select.dispatchEvent(new Event('change', { bubbles: true }));
  await page.until(() => host()?.dataset['file'] === 'handler.toml');
  await ready();
  expect(text('draft-kept')).toContain('not written');
});

it('keeps what is typed, says what is wrong with it, and leads to the line', async () => {
  await open();
  await write(4, '    - oops: 1');
  await page.until(() => text('draft-problem-place') === 'reducer.yaml:4:5');
  expect(text('draft-problem')).toContain('RF-PKG-RULES');
  expect(page.find('[data-test=handler-broken]')).toBeNull();
  page.find('[data-test=draft-problem]')?.click();
  await page.until(() => host()?.shadowRoot?.activeElement === content());
  await write(4, '    - set: {}');
  await page.until(() => page.find('[data-test=draft-problems]')?.dataset['count'] === '0');
  // It is still there for whoever comes back to it.
  page.press('Escape');
  page.all('[data-test=handler-version]').at(-1)?.click();
  await page.until(() => chosen().endsWith('@1.0.0') && page.find('[data-test=handler-source]'));
  page.press('e');
  await ready();
  await page.until(() => content()?.textContent?.includes('- set: {}'));
});

it('tries the draft on the stream that is looked at, and says when the text is another one', async () => {
  await open('order-4711');
  expect(page.find<HTMLInputElement>('[data-test=try-stream]')?.value).toBe('order-4711');
  content()?.focus();
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=draft-tried]')?.dataset['stale'] === 'false');
  expect(text('tried-against')).toContain('Makes the same of it as 1.0.0');
  await write(4, '    - set: { status: "\'new\'" }');
  expect(page.find('[data-test=draft-tried]')?.dataset['stale']).toBe('true');
  content()?.focus();
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=tried-against]')?.dataset['differs'] === 'true');
  expect(text('tried-against')).toContain('Differs from 1.0.0 since');
  expect(page.find('[data-test=draft-tried]')?.dataset['stale']).toBe('false');
});

it('leaves the letters to the text, and only there', async () => {
  await open();
  content()?.focus();
  const before = chosen();
  for (const key of ['e', '2', '[', 'f']) page.press(key);
  expect(chosen()).toBe(before);
  expect(page.find('[data-test=handler-coverage]')).toBeNull();
});

it('saves the draft as a version that is not there yet', async () => {
  await open();
  const save = async (version: string) => {
    if (!page.find('[data-test=draft-version]')) page.find('[data-test=draft-publish]')?.click();
    const field = await page.until(() => page.find<HTMLInputElement>('[data-test=draft-version]'));
    field.focus();
    page.type(version);
    page.find('[data-test=draft-publish-do]')?.click();
  };
  await save('1.0.0');
  await page.until(() => text('error-card').includes('is there already'));
  await save('1.2.0');
  await page.until(() => chosen().endsWith('@1.2.0'));
  expect(draft()).toBeNull();
  expect(page.texts('[data-test=handler-version]').join()).not.toContain('draft in the window');
});

it('throws a draft away, and has it back', async () => {
  await open();
  await write(4, '    - set: {}');
  page.find('[data-test=draft-discard]')?.click();
  await page.until(() => chosen().endsWith('@1.0.0'));
  expect(text('notice')).toContain('thrown away');
  page.press('Ctrl+k');
  const field = await page.until(() => page.find<HTMLInputElement>('[data-test=omnibox-input]'));
  field.focus();
  page.type('Bring the draft back');
  await page.until(() => page.texts('[role=option]').some((of) => of.includes('Bring the draft back')));
  page.press('Enter');
  await ready();
  expect(content()?.textContent).toContain('- set: {}');
});

it('leaves the ends of the lines as they were', async () => {
  page = openPage();
  const { lineEndOf } = await import('./code_mirror');
  expect(lineEndOf('a\r\nb\r\n')).toBe('\r\n');
  expect(lineEndOf('a\nb\n')).toBe('\n');
  expect(lineEndOf('a\r\nb\n')).toBe('\n');
  expect(lineEndOf('\na\r\n')).toBe('\n');
  expect(lineEndOf('')).toBe('\n');
});
