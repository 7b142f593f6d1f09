// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import type { HandlersNews } from '../../backend/bindings';
import { fakeBackend } from '../../backend/fake';

let page: Page;
afterEach(() => page.close());

const LAUNCH = { stream: null, at: null, handler: null, layout: null };

/** `first`: what has the focus before the view comes. */
async function open(
  view: 'replay' | 'invariants',
  store = 'sample',
  stream: string | null = null,
  first: string | null = null,
): Promise<void> {
  page = openPage({ launch: { ...LAUNCH, store, stream } });
  await page.until(() => page.find('[data-test=scope-header]'));
  await page.until(() => page.find(`[data-test=rail-${view}]`));
  if (stream !== null) await page.until(() => page.find('[data-test=state-header]'));
  if (first !== null) (await page.until(() => page.find(first))).focus();
  page.press(view === 'replay' ? 'Ctrl+4' : 'Ctrl+6');
  await page.until(() => page.find(`[data-test=${view}]`));
}

/** Takes an option out of the opened list; `isOpened`: else by an arrow in the closed one. */
function choose(test: string, text: string, isOpened = true): void {
  page.find(`[data-test=${test}]`)?.focus();
  put(test, text, isOpened);
}

/** Chooses it, wherever the focus is. */
function put(test: string, text: string, isOpened = false): void {
  const select = page.find<HTMLSelectElement>(`[data-test=${test}]`);
  const option = [...(select?.options ?? [])].find((one) => one.text === text);
  if (!select || !option) throw new Error(`there is no ${text} in ${test}`);
  if (isOpened) select.dispatchEvent(new Event('pointerdown', { bubbles: true }));
  select.value = option.value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
}

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';

it('compares two versions, shows both states, steps along them, and answers the same question from what is kept', async () => {
  await open('replay');
  page.press('Ctrl+Enter');
  await page.until(() => text('pair-label').startsWith('v 4'));
  expect(text('replay-summary')).toMatch(/streams differ/);
  expect(page.find('[data-test=replay-cached]')).toBeNull();
  expect(page.texts('[data-test=pair-row]')).toHaveLength(2);
  page.press('ArrowLeft');
  await page.until(() => text('pair-label').startsWith('v 3'));
  await page.until(() => text('pair-count').startsWith('0 of'));
  page.press(']');
  page.press('e');
  await page.until(() => page.all('[data-test=pair-row]').length > 2);
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=replay-cached]'));
  const stream = page.find('[data-test=pair] h2')?.textContent ?? '';
  page.press('o');
  await page.until(() => text('scope-header').includes(stream) && page.find('[data-test=state-header]'));
});

it('puts up two handlers that can be used for the stream, and says of the others why they cannot', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample', stream: 'order-4711' } });
  const { openStore } = backend;
  const choice = (name: string, version: string, category: string | null) => ({
    ...{ reference: `/home/ada/shop/handlers/${name}@${version}`, name, version, category },
  });
  vi.spyOn(backend, 'openStore').mockImplementation(async (...asked) => {
    const opened = await openStore(...asked);
    return {
      ...opened,
      handlers: [choice('broken', '1', null), choice('invoice', '1', 'invoice'), ...opened.handlers],
    };
  });
  const asked = vi.spyOn(backend, 'usableHandlers').mockImplementation(async (_, references) =>
    references.map((reference) => {
      const isNone = reference.includes('invoice') || reference.endsWith('order@1.1.0');
      const whyNot = reference.includes('broken')
        ? 'RF-PKG-READ: it is broken'
        : isNone
          ? 'it takes none of them'
          : null;
      return { reference, whyNot };
    }),
  );
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=state-header]'));
  page.press('Ctrl+4');
  await page.until(() => page.find('[data-test=replay-unusable]'));
  const side = (name: string) => page.find<HTMLSelectElement>(`[data-test=replay-${name}]`)?.value;
  await page.until(() => side('right') === 'builtin:merge');
  expect(side('left')).toBe('/home/ada/shop/handlers/order@1.0.0');
  expect(asked.mock.calls.at(-1)?.[2]).toEqual({ kind: 'stream', name: 'order-4711', until: '' });
  const told = text('replay-unusable');
  expect(told).toContain('3 handlers at hand cannot be used here');
  expect(told).toContain('broken@1 RF-PKG-READ: it is broken');
  expect(told).toContain('invoice@1 it takes none of them');

  // What a person chose stays, also for another stream.
  put('replay-left', 'invoice@1 – cannot be used here');
  const before = asked.mock.calls.length;
  const stream = page.find<HTMLInputElement>('[data-test=lab-stream]');
  if (!stream) throw new Error('there is no field of the stream');
  stream.value = 'order-4712';
  stream.dispatchEvent(new Event('input', { bubbles: true }));
  await page.until(() => asked.mock.calls.length > before);
  expect(side('left')).toBe('/home/ada/shop/handlers/invoice@1');
  expect(page.find<HTMLDetailsElement>('[data-test=replay-unusable]')?.open).toBe(true);
});

it('says of a number that is only written differently that it is the same', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample' } });
  const { pairPage } = backend;
  vi.spyOn(backend, 'pairPage').mockImplementation(async (...asked) => {
    const answered = await pairPage(...asked);
    const row = { path: '/discount', left: '0', right: '0.00', differs: true, isSameNumber: true };
    return { ...answered, rows: [row, ...answered.rows] };
  });
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=rail-replay]'));
  page.press('Ctrl+4');
  await page.until(() => page.find('[data-test=replay]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.all('[data-test=pair-row]').length > 1);
  const told = page.texts('[data-test=pair-row]');
  expect(told[0]).toMatch(/0\.00 ?the same number, written differently/);
  expect(told.filter((row) => row.includes('the same number'))).toHaveLength(1);
});

it('calls handlers equal only where every state could be compared', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample' } });
  const { compareHandlers } = backend;
  vi.spyOn(backend, 'compareHandlers').mockImplementation(async (...asked) => {
    const unclear = 'in 1 stream an event could not be read';
    return { ...(await compareHandlers(...asked)), differingStreams: 0, rows: 0, kinds: [], unclear };
  });
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=rail-replay]'));
  page.press('Ctrl+4');
  await page.until(() => page.find('[data-test=replay]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=replay-equal]'));
  expect(text('replay-equal')).toBe('No state is known to differ Not exact: in 1 stream an event could not be read.');
});

it.each([
  ['replay', 'Ctrl+4'],
  ['invariants', 'Ctrl+6'],
])('says in %s that files of a handler changed since it ran, until it runs again', async (view, keys) => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample' } });
  let tell: (news: HandlersNews) => void = () => {};
  vi.spyOn(backend, 'watchHandlers').mockImplementation(async (_, news) => void (tell = news));
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=rail-replay]'));
  page.press(keys);
  await page.until(() => page.find(`[data-test=${view}]`));
  tell({ changes: 1, histories: [], broken: [], atHand: null });
  page.press('Ctrl+Enter');
  await page.until(() => page.find(`[data-test=${view}-summary]`));
  expect(page.find(`[data-test=${view}-outdated]`)).toBeNull();
  tell({ changes: 2, histories: [], broken: [], atHand: null });
  await page.until(() => text(`${view}-outdated`).includes('Files of a handler have changed'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find(`[data-test=${view}-outdated]`) === null);
  expect(text(`${view}-summary`)).not.toBe('');
});

it('takes the stream that was looked at, and stops what runs', async () => {
  await open('replay', 'lasting', 'order-4714');
  expect(page.find<HTMLInputElement>('[data-test=lab-stream]')?.value).toBe('order-4714');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=job-progress]'));
  page.press('Escape');
  await page.until(() => !page.find('[data-test=job-progress]'));
  expect(page.find('[data-test=replay-summary]')).toBeNull();
  expect(page.find('[data-test=error-card]')).toBeNull();
});

it('says where an invariant breaks, which version breaks it, and what the smallest history is', async () => {
  await open('invariants');
  await page.until(() => page.all('[data-test=invariant]').length === 3);
  expect(page.find('[data-test=invariant]')?.dataset['state']).toBe('notRun');
  choose('invariants-handler', 'order@1.0.0');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=invariant]')?.dataset['state'] === 'broken');
  await page.until(() => text('last-good').includes('v 3'));
  expect(text('first-break')).toBe('v 4');
  expect(text('guarantee')).toBe('This answer is exact: every state was looked at.');
  page.press('v');
  await page.until(() => text('version-outcomes').includes('order@1.0.0 is the first version that breaks it'));
  page.press('m');
  await page.until(() => text('minimal').includes('none of them can be left out'));
  expect(text('minimal')).toContain('2 events left out');
  page.press('o');
  await page.until(() => page.find('.page')?.dataset['view'] === 'history');
});

it.each([
  ['nothing had the focus', null, put],
  ['a row of the first view was chosen', '[data-test=stream-list]', put],
  ['a handler was chosen', null, choose],
])('asks a condition of one’s own, and opens what broke it first as a difference, where %s', async (_, first, take) => {
  await open('invariants', 'sample', null, first);
  take('invariants-handler', 'order@1.0.0');
  await page.until(() => page.all('[data-test=invariant]').length === 3);
  page.press('n');
  await page.until(() => document.activeElement?.matches('[data-test=invariant-condition]'));
  page.type('state.paid <= 1000');
  page.press('Ctrl+Enter');
  await page.until(() => page.all('[data-test=invariant]').length === 4);
  await page.until(() => document.activeElement?.matches('[data-test=violation-list]'));
  page.press('Enter');
  await page.until(() => page.find('.page')?.dataset['view'] === 'history');
  expect(
    page.find('[role=tab][aria-selected=true][data-test$=diff]') ?? page.find('[data-test=tab-diff]'),
  ).not.toBeNull();
});

it('goes on among the invariants after a handler was taken out of the list, so that letters are keys at once', async () => {
  await open('invariants');
  await page.until(() => page.all('[data-test=invariant]').length === 3);
  choose('invariants-handler', 'order@1.0.0', false);
  expect(document.activeElement?.matches('[data-test=invariants-handler]'), 'the next arrow chooses too').toBe(true);
  choose('invariants-handler', 'order@1.0.0');
  await page.until(() => document.activeElement?.matches('[data-test=invariant][aria-selected=true]'));
  page.press('Ctrl+Enter');
  await page.until(() => text('last-good').includes('v 3'));
  await page.until(() => document.activeElement?.matches('[data-test=violation-list]'));
  page.press('m');
  await page.until(() => text('minimal').includes('2 events left out'));
});

it('goes on in what broke after a handler was passed by keys and run, and says where nothing broke', async () => {
  await open('invariants');
  await page.until(() => page.all('[data-test=invariant]').length === 3);
  choose('invariants-handler', 'order@1.0.0', false);
  page.press('Ctrl+Enter');
  await page.until(() => text('last-good').includes('v 3'));
  await page.until(() => document.activeElement?.matches('[data-test=violation-list], [data-test=invariant]'));
  page.press(']');
  page.press('m');
  await page.until(() => page.texts('[data-test=notice]')[0] !== '' || text('minimal') !== '');
});

it('keeps a condition that is refused written, and drops what was said of it when it is edited', async () => {
  await open('invariants');
  await page.until(() => page.all('[data-test=invariant]').length === 3);
  page.press('n');
  await page.until(() => document.activeElement?.matches('[data-test=invariant-condition]'));
  page.type('total(state) > 0');
  page.press('Enter');
  await page.until(() => text('error-card').includes('no function total'));
  expect(page.all('[data-test=invariant]')).toHaveLength(3);
  await page.until(() => document.activeElement?.matches('[data-test=invariant-condition]'));
  page.type('state.total > 0');
  expect(page.find('[data-test=error-card]')).toBeNull();
  page.press('Enter');
  await page.until(() => page.all('[data-test=invariant]')[3]?.dataset['state'] === 'ok');
});

it('keeps what was found in sight while a condition is written that is refused', async () => {
  await open('invariants');
  choose('invariants-handler', 'order@1.0.0');
  await page.until(() => page.all('[data-test=invariant]').length === 3);
  page.press('Ctrl+Enter');
  await page.until(() => text('last-good').includes('v 3'));
  const breaks = text('violation-list');
  page.press('n');
  await page.until(() => document.activeElement?.matches('[data-test=invariant-condition]'));
  page.type('total(state) > 0');
  page.press('Ctrl+Enter');
  await page.until(() => text('error-card').includes('no function total'));
  expect([text('violation-list'), text('first-break')]).toEqual([breaks, 'v 4']);
});

it('goes from a finding of a run to the event that it is about', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample' } });
  const { compareHandlers } = backend;
  const where = { stream: 'order-4714', version: '3', position: null };
  vi.spyOn(backend, 'compareHandlers').mockImplementation(async (...asked) => {
    const finding = { code: 'undecodable', severity: 'error' as const, count: 1, detail: 'it ends too soon', ...where };
    return { ...(await compareHandlers(...asked)), findings: [finding] };
  });
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=rail-replay]'));
  page.press('Ctrl+4');
  await page.until(() => page.find('[data-test=replay]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('button[data-test=finding-chip]'));
  page.find('[data-test=finding-chip]')?.click();
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '3');
  expect(text('scope-header')).toContain('order-4714');
});

it('says where an answer is not exact, and of an invariant how much depends on it', async () => {
  await open('invariants', 'undecodable');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=invariant]')?.dataset['state'] === 'inexact');
  expect(page.texts('[data-test=invariant] .state')[0]).toBe('holds where asked');
  expect(text('guarantee')).toContain('not exact');
  expect(text('severity')).toBe('must hold');
});

it('says that everything is revealed, and not that one place is', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample' } });
  const revealed = [
    { stream: null, part: null, path: '/customer' },
    { stream: null, part: null, path: '' },
  ];
  vi.spyOn(backend, 'maskState').mockResolvedValue({ hasRules: true, revealed });
  page = openPage({}, backend);
  await page.until(() => text('status-revealed') === 'everything revealed');
});

it('shows nothing more of what is hidden again meanwhile, and works on', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: { ...LAUNCH, store: 'sample' } });
  const revealed = [{ stream: null, part: null, path: '/customer' }];
  vi.spyOn(backend, 'maskState').mockResolvedValue({ hasRules: true, revealed });
  vi.spyOn(backend, 'conceal').mockResolvedValue({ hasRules: true, revealed: [] });
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=rail-replay]'));
  await page.until(() => text('status-revealed') === '1 place revealed');
  page.press('Ctrl+4');
  await page.until(() => page.find('[data-test=replay]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=pair-row]'));
  page.find('[data-test=status-conceal]')?.click();
  await page.until(() => !page.find('[data-test=status-revealed]'));
  expect(page.find('[data-test=replay]')).not.toBeNull();
  expect(page.find('[data-test=pair-row]')).toBeNull();
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=pair-row]'));
});
