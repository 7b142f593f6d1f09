// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import type { Backend } from '../../backend/backend';
import { fakeBackend } from '../../backend/fake';
import { Faults } from '../../backend/fake/faults';

let page: Page;
afterEach(() => page.close());

const FOLDER = 'versions/1.0.0-draft';
const RULES = `${FOLDER}/reducer.yaml`;

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const find = (test: string) => page.find(`[data-test=${test}]`);
const draft = () => find('handler-draft');
const host = () => find('handler-editor');
const content = () => host()?.shadowRoot?.querySelector<HTMLElement>('.cm-content') ?? null;
const chosen = () => page.find('[data-test=handler-version][aria-selected=true]')?.dataset['reference'] ?? '';
const listed = () =>
  page.all('[data-test=handler-file] option').map((of) => of.getAttribute('value') ?? of.textContent);
const isInText = () => content() !== null && host()?.shadowRoot?.activeElement === content();

/** Opens a draft of the older version, and waits for its editor. `own`: what of the twin is otherwise. */
async function open(stream: string | null = null, own?: (twin: Backend) => Partial<Backend>): Promise<void> {
  const launch = { store: 'sample', stream, at: null, handler: null, layout: null };
  const twin = fakeBackend({ sampleEvents: 2_000, launch, faults: new Faults() });
  const others: Partial<Backend> = own?.(twin) ?? {};
  const get = (_: Backend, name: keyof Backend): unknown => others[name] ?? twin[name];
  page = openPage({}, new Proxy(twin, { get } as ProxyHandler<Backend>));
  await page.until(() => page.find(stream === null ? '[data-test=scope-header]' : '[data-test=state-header]'));
  page.press('Ctrl+5');
  await page.until(() => find('handler-facts')?.dataset['hash']);
  page.all('[data-test=handler-version]').at(-1)?.click();
  await page.until(() => chosen().endsWith('@1.0.0') && text('handler-source').includes('OrderPlaced'));
  page.press('e');
  await page.until(isInText);
}

async function shows(name: string): Promise<void> {
  await page.until(() => host()?.dataset['file'] === name && host()?.dataset['ready'] === 'true' && content());
}

async function show(name: string): Promise<void> {
  const select = page.find<HTMLSelectElement>('[data-test=handler-file]');
  if (!select) throw new Error('there are no files');
  select.value = name;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  await shows(name);
}

/** Writes a line over one of the text, as typing it would. */
async function type(line: number, words: string): Promise<void> {
  const of = content()?.querySelectorAll<HTMLElement>('.cm-line')[line - 1];
  if (!of) throw new Error(`there is no line ${line}`);
  of.textContent = words;
  await page.until(() => draft()?.dataset['kept'] === 'false');
}

async function isKept(): Promise<void> {
  await page.until(() => draft()?.dataset['kept'] === 'true');
}

async function name(words: string): Promise<void> {
  const field = await page.until(() => page.find<HTMLInputElement>('[data-test=draft-name]'));
  await page.until(() => document.activeElement === field);
  field.select();
  page.type(words);
  find('draft-name-do')?.click();
}

/** Undoes in the editor, as its own key does. */
function undo(): void {
  const event = new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true, cancelable: true, keyCode: 90 });
  content()?.dispatchEvent(event);
}

async function fromPalette(title: string): Promise<void> {
  content()?.blur();
  page.press('Ctrl+k');
  const field = await page.until(() => page.find<HTMLInputElement>('[data-test=omnibox-input]'));
  field.focus();
  page.type(title);
  await page.until(() => page.texts('[role=option]').some((of) => of.includes(title)));
  page.press('Enter');
}

it('adds a file, writes in it, gives it another name and takes it away, which can be undone', async () => {
  await open();
  content()?.blur();
  page.press('n');
  await name('more.yaml');
  await shows(`${FOLDER}/more.yaml`);
  await page.until(isInText);
  await type(1, '# more');
  await isKept();
  page.press('F2');
  await name('other.yaml');
  await shows(`${FOLDER}/other.yaml`);
  expect(content()?.textContent).toBe('# more');
  expect(listed()).not.toContain(`${FOLDER}/more.yaml`);
  find('draft-remove')?.click();
  await page.until(() => !listed().includes(`${FOLDER}/other.yaml`));
  expect(text('notice')).toContain('was removed');
  await fromPalette('Bring the file back');
  await shows(`${FOLDER}/other.yaml`);
  expect(content()?.textContent).toBe('# more');
});

it('says why a file is not added, and leaves the name to be corrected', async () => {
  await open();
  find('draft-add')?.click();
  await name('../out.yaml');
  await page.until(() => text('error-card').includes('no name for a file'));
  expect(page.find<HTMLInputElement>('[data-test=draft-name]')?.value).toBe('../out.yaml');
  find('draft-name-stop')?.click();
  await page.until(() => find('draft-name') === null);
  await page.until(isInText);
});

it('writes in the manifest, which follows the package again when a person wants that', async () => {
  await open();
  await show('handler.toml');
  expect(find('draft-remove')).toBeNull();
  expect(find('draft-follow')).toBeNull();
  await type(1, 'format = "mine"');
  await isKept();
  await page.until(() => find('draft-follow'));
  find('draft-follow')?.click();
  await page.until(() => content()?.textContent === 'format =');
  await page.until(() => find('draft-follow') === null);
  expect(text('notice')).toContain('follows');
});

it('keeps what can be undone while another file is shown', async () => {
  await open();
  await type(2, 'on: # mine');
  await isKept();
  await show('handler.toml');
  await show(RULES);
  expect(content()?.textContent).toContain('# mine');
  undo();
  await page.until(() => !content()?.textContent?.includes('# mine'));
  await isKept();
});

it('goes on with what was written elsewhere, which can be undone', async () => {
  await open();
  const before = content()?.textContent;
  await type(2, 'on: # mine');
  await isKept();
  const told = await page.backend.handlerTold(chosen());
  const now = told.files.find(({ name }) => name === RULES)?.text ?? '';
  await page.backend.writeDraft(chosen(), RULES, `${now}# theirs\n`, now);
  page.press('Ctrl+s');
  await page.until(() => content()?.textContent?.includes('# theirs'));
  expect(find('draft-conflict')).toBeNull();
  undo();
  await page.until(() => !content()?.textContent?.includes('# theirs'));
  undo();
  await page.until(() => content()?.textContent === before);
});

it.each(['theirs', 'mine'])('writes over nobody who wrote meanwhile, and asks whose stays (%s)', async (whose) => {
  await open();
  const told = await page.backend.handlerTold(chosen());
  const before = told.files.find(({ name }) => name === RULES)?.text ?? '';
  await page.backend.writeDraft(chosen(), RULES, `${before}# theirs\n`, before);
  await type(2, 'on: # mine');
  await page.until(() => find('draft-conflict'));
  expect(text('draft-conflict')).toContain('was changed meanwhile');
  expect(text('draft-kept')).toContain('changed elsewhere');
  const there = async () => {
    const { files } = await page.backend.handlerTold(chosen());
    return files.find(({ name }) => name === RULES)?.text;
  };
  expect(await there()).toBe(`${before}# theirs\n`);
  // Nothing is done with a text that nobody decided on.
  content()?.blur();
  page.press('4');
  page.press('Ctrl+Enter');
  await page.until(() => draft());
  find(`draft-${whose}`)?.click();
  await page.until(() => find('draft-conflict') === null);
  await isKept();
  const mine = before.replace('on:', 'on: # mine');
  expect(await there()).toBe(whose === 'mine' ? mine : `${before}# theirs\n`);
  expect(content()?.textContent).toContain(`# ${whose}`);
  if (whose === 'mine') return;
  undo();
  await page.until(() => content()?.textContent?.includes('# mine'));
});

it('holds what was typed into a file that was taken away elsewhere', async () => {
  await open();
  const told = await page.backend.handlerTold(chosen());
  const before = told.files.find(({ name }) => name === RULES)?.text ?? '';
  await page.backend.removeDraftFile(chosen(), RULES, before);
  await type(2, 'on: # mine');
  await page.until(() => find('draft-conflict'));
  expect(listed()).toContain(RULES);
  expect(content()?.textContent).toContain('# mine');
  find('draft-mine')?.click();
  await page.until(() => find('draft-conflict') === null);
  await isKept();
  const { files } = await page.backend.handlerTold(chosen());
  expect(files.find(({ name }) => name === RULES)?.text).toBe(before.replace('on:', 'on: # mine'));
});

it('makes a test case of the stream that is tried, lists it before those of the package, and runs all', async () => {
  await open('order-4711');
  find('draft-case')?.click();
  await name('paid-twice');
  await shows('tests/paid-twice.case.yaml');
  expect(content()?.textContent).toContain("'status': 'placed'");
  expect(text('notice')).toContain('2 events');
  content()?.blur();
  page.press('4');
  await page.until(() => page.all('[data-test=draft-case-file]').length === 3);
  expect(page.texts('[data-test=draft-case-file]')[0]).toContain('paid-twice');
  page.press('Ctrl+Enter');
  await page.until(() => text('cases-sum') !== '');
  expect(page.texts('[data-test=handler-case]')[0]).toContain('paid-twice');
  find('case-write')?.click();
  await shows('tests/paid-twice.case.yaml');
  await page.until(isInText);
});

it('shows what is wrong with each file, and leads there', async () => {
  const at = (file: string) => ({ code: 'RF-PKG-CASE', message: 'unknown key', advice: '', file, line: 1, column: 1 });
  await open(null, (twin) => ({
    writeDraft: async (...of) => {
      const { isWritten, told } = await twin.writeDraft(...of);
      return { isWritten, told: { ...told, furtherProblems: [at('story.yaml'), at('handler.toml')] } };
    },
  }));
  await type(4, '    - oops: 1');
  await page.until(() => find('draft-problems')?.dataset['count'] === '3');
  expect(page.texts('[data-test=draft-problem-place]')).toEqual([
    'reducer.yaml:4:5',
    'story.yaml:1:1',
    'handler.toml:1:1',
  ]);
  page.all('[data-test=draft-problem]').at(-1)?.click();
  await shows('handler.toml');
});
