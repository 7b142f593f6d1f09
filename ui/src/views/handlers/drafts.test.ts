// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import type { Backend } from '../../backend/backend';
import type { HandlersNews, HandlerTold } from '../../backend/bindings';
import { fakeBackend } from '../../backend/fake';
import { Faults } from '../../backend/fake/faults';

let page: Page;
afterEach(() => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const draft = () => page.find('[data-test=handler-draft]');
const host = () => page.find('[data-test=handler-editor]');
const content = () => host()?.shadowRoot?.querySelector<HTMLElement>('.cm-content') ?? null;
const chosen = () => page.find('[data-test=handler-version][aria-selected=true]')?.dataset['reference'] ?? '';

/** Opens a draft of the older version, and waits for its editor. `with`: what of the twin is otherwise. */
async function open(stream: string | null = null, faults = new Faults(), own?: (twin: Backend) => Partial<Backend>) {
  const launch = { store: 'sample', stream, at: null, handler: null, layout: null };
  const twin = fakeBackend({ sampleEvents: 2_000, launch, faults });
  const others: Partial<Backend> = own?.(twin) ?? {};
  const get = (_: Backend, name: keyof Backend): unknown => others[name] ?? twin[name];
  page = openPage({}, new Proxy(twin, { get } as ProxyHandler<Backend>));
  await page.until(() => page.find(stream === null ? '[data-test=scope-header]' : '[data-test=state-header]'));
  page.press('Ctrl+5');
  await page.until(() => page.find('[data-test=handler-facts]')?.dataset['hash']);
  page.all('[data-test=handler-version]').at(-1)?.click();
  await page.until(() => chosen().endsWith('@1.0.0') && text('handler-source').includes('OrderPlaced'));
  page.press('e');
  await ready();
  await page.until(isInText);
}

/** Chooses another file of the draft. */
async function show(name: string): Promise<void> {
  const select = page.find<HTMLSelectElement>('[data-test=handler-file]');
  if (!select) throw new Error('there are no files');
  select.value = name;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  await page.until(() => host()?.dataset['file'] === name);
  await ready();
}

/** Whether what is typed goes into the text. */
function isInText(): boolean {
  return content() !== null && host()?.shadowRoot?.activeElement === content();
}

/** Whoever was in the text is nowhere. */
function leaveText(): void {
  content()?.blur();
}

async function ready(): Promise<void> {
  await page.until(() => host()?.dataset['ready'] === 'true' && content());
}

/** Writes a line over one of the text, as typing it would. */
async function write(line: number, words: string): Promise<void> {
  await type(line, words);
  await page.until(() => draft()?.dataset['kept'] === 'true');
}

/** Until the window knows of it, and no longer. */
async function type(line: number, words: string): Promise<void> {
  const of = content()?.querySelectorAll<HTMLElement>('.cm-line')[line - 1];
  if (!of) throw new Error(`there is no line ${line}`);
  of.textContent = words;
  await page.until(() => draft()?.dataset['kept'] === 'false');
}

/** Something that is settled from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
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
  await show('story.yaml');
  expect(text('draft-kept')).toContain('not written');
});

it('keeps what is typed, says what is wrong with it, and leads to the line', async () => {
  await open();
  await write(4, '    - oops: 1');
  await page.until(() => text('draft-problem-place') === 'reducer.yaml:4:5');
  expect(text('draft-problem')).toContain('RF-PKG-RULES');
  expect(page.find('[data-test=handler-broken]')).toBeNull();
  content()?.focus();
  page.press('Ctrl+s');
  await page.until(() => text('notice').includes('cannot be used as it is: RF-PKG-RULES'));
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

it('says nothing of what is behind the event on which the draft fails', async () => {
  await open('order-4711');
  await write(4, '    - set: { status: "fails" }');
  content()?.focus();
  page.press('Ctrl+Enter');
  await page.until(() => text('tried-fault').includes('RF-RULE'));
  expect(page.find('[data-test=tried-changes]')).toBeNull();
  expect(text('draft-tried')).toContain('1 event tried');
  expect(text('tried-against')).toContain('as far as both were folded');
  expect(text('tried-against')).not.toContain('the same');
});

it('stops what it tries when another version is chosen', async () => {
  const cancelled: number[] = [];
  await open('order-4711', new Faults(), () => ({
    tryDraft: (_session, _draft, _stream, _at, progress) => {
      progress({ job: 77, phase: 'readingEvents', done: 1, total: 2, doublings: 0 });
      return new Promise(() => {});
    },
    cancelJob: async (job) => void cancelled.push(job),
  }));
  content()?.focus();
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=handler-draft] [role=progressbar]'));
  page.all('[data-test=handler-version]').at(-1)?.click();
  await page.until(() => chosen().endsWith('@1.0.0'));
  expect(cancelled).toEqual([77]);
});

it('says no more why a try failed when the text is another one', async () => {
  const faults = new Faults();
  await open('order-4711', faults);
  faults.set('tryDraft', 'denied');
  content()?.focus();
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=error-card]'));
  await type(4, '    - set: {}');
  await page.until(() => page.find('[data-test=error-card]') === null);
});

it('stays with what cannot be kept, and keeps it as soon as it can', async () => {
  const faults = new Faults();
  let tries = 0;
  await open(null, faults, (twin) => ({
    writeDraft: (...of) => {
      tries += 1;
      return twin.writeDraft(...of);
    },
  }));
  faults.set('writeDraft', 'denied');
  await type(4, '    - set: {}');
  await page.until(() => text('draft-kept').includes('not kept'));
  const before = tries;
  page.all('[data-test=handler-version]').at(-1)?.click();
  // One may have run, the next is that of leaving, and then it is tried again.
  await page.until(() => tries >= before + 3);
  expect(text('error-card')).toContain('may not be read');
  expect(chosen()).toContain('-draft');
  expect(content()?.textContent).toContain('- set: {}');
  faults.set('writeDraft', null);
  await page.until(() => draft()?.dataset['kept'] === 'true');
  await page.until(() => page.find('[data-test=error-card]') === null);
  expect(text('draft-kept')).toBe('kept');
});

it('holds what was typed into a draft that another window threw away', async () => {
  const faults = new Faults();
  let tell: (news: HandlersNews) => void = () => {};
  await open(null, faults, () => ({
    watchHandlers: async (_session, news) => void (tell = news),
  }));
  const reference = chosen();
  faults.set('writeDraft', 'denied');
  await type(4, '    - set: {}');
  await page.until(() => text('draft-kept').includes('not kept'));
  await page.backend.discardDraft(reference);
  tell({ changes: 1, histories: [], broken: [], atHand: null });
  await page.until(() => chosen() !== reference && draft() === null);
  faults.set('writeDraft', null);
  page.all('[data-test=handler-version]').at(-1)?.click();
  await page.until(() => chosen().endsWith('@1.0.0') && page.find('[data-test=handler-source]'));
  page.press('e');
  await ready();
  await page.until(() => draft()?.dataset['kept'] === 'true');
  expect(content()?.textContent).toContain('- set: {}');
});

it.each([
  ['Ctrl+Enter', 'tested'],
  ['2', 'counted'],
])('asks nothing of a draft before what was typed is kept (%s)', async (keys, what) => {
  const kept = gate();
  const asked: string[] = [];
  await open(null, new Faults(), (twin) => ({
    writeDraft: async (...of) => {
      await kept.opened;
      asked.push('kept');
      return twin.writeDraft(...of);
    },
    testHandler: (...of) => {
      asked.push('tested');
      return twin.testHandler(...of);
    },
    handlerCoverage: (...of) => {
      asked.push('counted');
      return twin.handlerCoverage(...of);
    },
  }));
  await type(4, '    - set: {}');
  leaveText();
  page.press(keys);
  kept.open();
  await page.until(() => text('cases-sum') !== '' || text('coverage-summary') !== '');
  expect(asked).toEqual(['kept', what]);
});

it('goes on with the file that is written in when nothing is wrong with it any more', async () => {
  const other = 'versions/1.0.0-draft/upcasters.yaml';
  let written = 'oops';
  const also = (told: HandlerTold): HandlerTold => {
    const at = { file: other, line: 1, column: 1 };
    const problem = { code: 'RF-UPCAST', message: 'no step', advice: '', ...at };
    const file = { name: other, bytes: written.length, text: written, isOwn: true };
    return { ...told, problem: written === 'oops' ? problem : null, files: [...told.files, file] };
  };
  const isDraft = (handler: string) => handler.endsWith('-draft');
  await open(null, new Faults(), (twin) => ({
    handlerTold: async (handler) =>
      isDraft(handler) ? also(await twin.handlerTold(handler)) : twin.handlerTold(handler),
    writeDraft: async (draft, file, text) => {
      if (file === other) written = text;
      return { isWritten: true, told: also(await twin.handlerTold(draft)) };
    },
  }));
  await page.until(() => host()?.dataset['file'] === other && content());
  content()?.focus();
  await write(1, 'steps: []');
  await page.until(() => page.find('[data-test=draft-problems]')?.dataset['count'] === '0');
  expect(host()?.dataset['file']).toBe(other);
  expect(host()?.shadowRoot?.activeElement).toBe(content());
});

it('is no more written in while it becomes a version, which it becomes once', async () => {
  const [published, asked] = [gate(), [] as string[]];
  await open(null, new Faults(), (twin) => ({
    publishDraft: async (...of) => {
      asked.push(of[2]);
      await published.opened;
      return twin.publishDraft(...of);
    },
  }));
  page.find('[data-test=draft-publish]')?.click();
  const field = await page.until(() => page.find<HTMLInputElement>('[data-test=draft-version]'));
  expect(document.activeElement).toBe(field);
  page.type('1.2.0');
  page.find('[data-test=draft-publish-do]')?.click();
  page.find('[data-test=draft-publish-do]')?.click();
  await page.until(() => asked.length > 0);
  const line = content()?.querySelectorAll<HTMLElement>('.cm-line')[3];
  if (line) line.textContent = 'typed too late';
  await page.until(() => !content()?.textContent?.includes('too late'));
  published.open();
  await page.until(() => chosen().endsWith('@1.2.0'));
  expect(asked).toEqual(['1.2.0']);
  expect(page.find('[data-test=error-card]')).toBeNull();
});

it('leads into the text of a draft that is there already', async () => {
  await open();
  leaveText();
  page.press('2');
  await page.until(() => draft() === null);
  page.press('e');
  await page.until(isInText);
  leaveText();
  page.press('e');
  await page.until(isInText);
});

it('leaves the letters to the text, and only there', async () => {
  await open();
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

it.each([
  ['a\r\nb\r\n', 'x\ny', 'x\r\nya\r\nb\r\n'],
  ['a\nb\n', 'x\r\ny', 'x\nya\nb\n'],
  ['a\nb\n', 'x\ry', 'x\nya\nb\n'],
])('gives what is pasted into %j the ends of its lines', async (before, pasted, after) => {
  page = openPage();
  const { open } = await import('./code_mirror');
  const host = document.body.appendChild(document.createElement('div'));
  let written = '';
  const editor = await open(host, {
    ...{ name: 'a.yaml', text: before, label: 'a' },
    onwrite: (text) => (written = text),
  });
  const event = new Event('paste', { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => pasted } });
  host.shadowRoot?.querySelector('.cm-content')?.dispatchEvent(event);
  expect(written).toBe(after);
  editor.close();
});
