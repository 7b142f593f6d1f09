// @vitest-environment jsdom
// What every view says when the engine cannot answer it: what failed, where the content would be, and a way to try again
// that works once the engine answers.

import { afterEach, expect, it, vi } from 'vitest';
import { BackendError, type Backend, type FileDrop } from '../backend/backend';
import type { StoreNews } from '../backend/bindings';
import { fakeBackend } from '../backend/fake';
import { Faults } from '../backend/fake/faults';
import { openPage, type Page } from './page.test-kit';

let page: Page;
afterEach(() => page.close());

const CARD = '[data-test=error-card]';
const store = (stream: string | null) => ({ store: 'sample.db', stream, at: null, handler: null, layout: null });
const QUIET = {
  ...{
    events: 2_000,
    newEvents: 0,
    size: null,
    eventsPerSecond: 0,
    isOutdated: false,
    back: null,
    heldBack: null,
    histories: [],
    lost: null,
  },
  asOf: '2026-08-14T09:31:07Z',
};

const CHANGED = 'the store changed while it was read: another program wrote to it: /home/ada/shops/orders.db';
const LOST: StoreNews = {
  ...QUIET,
  lost: {
    error: { code: 'unreachable', message: CHANGED, hint: 'open it again', choices: [] },
    ...{ since: QUIET.asOf, retryInMillis: 1_000, isAnother: false },
  },
};

const ANOTHER: StoreNews = { ...LOST, lost: LOST.lost && { ...LOST.lost, isAnother: true } };

interface Case {
  /** What fails. */
  method: keyof Backend;
  stream?: string;
  /** How a person gets to where it is asked for. */
  go?: () => void | Promise<void>;
}

const CASES: Case[] = [
  { method: 'streams' },
  { method: 'overview' },
  { method: 'storeFindings' },
  { method: 'watchStore' },
  { method: 'find', go: () => palette('order-47') },
  { method: 'eventRows', stream: 'order-4711' },
  { method: 'stateFrame', stream: 'order-4711' },
  { method: 'story', stream: 'order-4711', go: () => page.press('1') },
  { method: 'causation', stream: 'order-4711', go: () => page.press('7') },
  { method: 'notebook', go: () => command('Notebook') },
  { method: 'search', go: () => search('SKU') },
  { method: 'searchRows', go: () => search('SKU') },
  { method: 'cacheUse', go: () => page.press('Ctrl+,') },
];

it.each(CASES)('$method fails, is told of, and is tried again', async ({ method, stream, go }) => {
  const faults = new Faults();
  faults.set(method, 'disconnected');
  page = openPage({ launch: store(stream ?? null), faults });
  await page.until(() => page.find(`[data-test=${stream ? 'state-header' : 'scope-header'}]`));
  await go?.();
  const card = await page.until(() => page.find(CARD));
  expect(page.all(CARD)).toHaveLength(1);
  expect(card.dataset['code']).toBe('unreachable');
  expect(page.texts(`${CARD} .why`)[0]).toBe('The file is gone: /home/ada/shops/orders.db');
  expect(page.texts(`${CARD} .what`)[0]).toContain('Look whether the path or address is right');

  faults.set(method, null);
  page.find('[data-test=error-retry]')?.click();
  await page.until(() => page.find(CARD) === null);
});

it('keeps what it has read, says of when that is, and copies no folder', async () => {
  const faults = new Faults();
  page = openPage({ launch: store('order-4711'), faults });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  page.press('1');
  await page.until(() => page.find('[data-test=story-lines]'));
  faults.set('*', 'denied');
  page.press('Home');
  const card = await page.until(() => page.find(CARD));
  expect(card.dataset['code']).toBe('denied');
  // The label goes on saying what is shown.
  expect(page.find('[data-test=state-header]')?.dataset['version']).toBe('15');
  expect(page.find('[data-test=env-band]')?.textContent).toContain('READ-ONLY');

  page.find('[data-test=error-details]')?.click();
  const detail = await page.until(() => page.find('[data-test=error-detail]')?.textContent);
  expect(detail).toContain('Access was denied (denied)');
  expect(detail).not.toContain('/home/ada');
  page.find('[data-test=error-copy]')?.click();
  await page.until(() => page.copied.length > 0);
  expect(page.copied).toEqual([detail]);
});

it('leaves what failed in one view behind in another', async () => {
  page = openPage({ launch: { ...store(null), store: 'refold://nowhere.db/order-4711' } });
  await page.until(() => page.find(CARD));
  page.press('Ctrl+,');
  await page.until(() => page.find('[data-test=settings]'));
  expect(page.find(CARD)).toBeNull();
});

it('says at length that a store is out of reach where events are shown, and in a word elsewhere', async () => {
  page = openPage({ launch: { ...store(null), store: 'lost.db' } });
  await page.until(() => page.find(CARD));
  page.press('Ctrl+,');
  await page.until(() => page.find('[data-test=settings]'));
  expect(page.find(CARD)).toBeNull();
  await page.until(() => page.texts('[data-test=status-bar]')[0]?.includes('Disconnected'));
});

it('says once that the store is away, and no more of it once it is back', async () => {
  const { faults, twin, tell, looked } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]'));
  faults.set('openHistory', 'disconnected');
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() => page.find(CARD));
  expect(looked).toHaveBeenCalled();

  tell(LOST);
  await page.until(() => page.texts(`${CARD} h2`).join() === 'The store changed while it was read');
  expect(page.texts(`${CARD} .why`)).toEqual(['Another program wrote to it: /home/ada/shops/orders.db']);
  faults.set('openHistory', null);
  tell(QUIET);
  await page.until(() => page.find(CARD) === null);
});

it('reads a store anew that holds other events than are shown, where it is', async () => {
  const { twin, tell, looked, listeners } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]'));
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  page.press('ArrowLeft');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '14');
  const [closed, opened] = [vi.spyOn(twin, 'closeStore'), vi.spyOn(twin, 'openStore')];
  tell(ANOTHER);
  await page.until(() => page.find(`${CARD} [data-test=error-retry]`));
  expect(page.texts('[data-test=scope-header] [data-test=shown-as-of]')).toEqual(['as of 2026-08-14 09:31:07Z']);
  // No fault of a network, which trying again would mend.
  await page.until(() => page.find('[data-test=connection]'));
  const status = page.texts('[data-test=status-bar]')[0];
  expect(status).toContain('Changed under the window Read it anew');
  expect(status).not.toMatch(/Disconnected|retrying/);
  expect(page.texts(`${CARD} [data-test=error-retry]`)).toEqual(['Read it anew']);
  page.find(`${CARD} [data-test=error-retry]`)?.click();
  await page.until(() => listeners.length === 2 && page.find(CARD) === null);
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '14');
  expect([closed.mock.calls.length, opened.mock.calls.length, looked.mock.calls.length]).toEqual([1, 1, 0]);
  await page.until(() => page.texts('[data-test=notice]')[0]?.includes('was read anew'));
});

it.each(['Ctrl+1', 'Ctrl+8'])('reads it anew from the view of %s, and keeps the stream behind it', async (view) => {
  const { twin, tell, listeners } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]'));
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  page.press('ArrowLeft');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '14');
  page.press(view);
  const shown = await page.until(() => page.find('.page:not([data-view=history])')?.dataset['view']);
  tell(ANOTHER);
  await page.until(() => page.find(`${CARD} [data-test=error-retry]`));
  page.find(`${CARD} [data-test=error-retry]`)?.click();
  await page.until(() => page.texts('[data-test=notice]')[0]?.includes('was read anew'));
  expect([listeners.length, page.find('.page')?.dataset['view']]).toEqual([2, shown]);
  page.press('Ctrl+2');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '14');
});

it('says which stream did not open while the store is away, and opens it once it is back', async () => {
  const { faults, twin, tell } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]') && page.find('[data-test=follow]'));
  page.press('Ctrl+l');
  await page.until(() => page.texts('[data-test=follow]').join() === 'Live');
  faults.set('openHistory', 'disconnected');
  tell(LOST);
  await page.until(() => page.texts('[data-test=follow]').join() === 'Live once it is back');
  expect(page.find('[data-test=follow]')?.classList.contains('live')).toBe(false);
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() => page.texts(`${CARD} .what`)[0]?.includes('order-4711 did not open'));
  // Said once: a notice would lie over what the status bar says of the same.
  expect(page.texts('[data-test=notice]').join('')).toBe('');
  faults.set('openHistory', null);
  tell(QUIET);
  await page.until(() => page.texts('[data-test=scope-header] h1')[0] === 'order-4711');
  expect(page.find(CARD)).toBeNull();
  expect(page.texts('[data-test=follow]').join()).toBe('Live');
});

it('says what failed at another store while this one is away, and goes on once it is back', async () => {
  const { faults, twin, tell, listeners } = watchedTwin();
  let drop: (dropped: FileDrop) => void = () => {};
  vi.spyOn(twin, 'onFileDrop').mockImplementation((listener) => {
    drop = listener;
    return () => {};
  });
  page = openPage({}, twin);
  // While a store is being opened, no other is.
  await page.until(() => listeners.length === 1 && page.find('[data-test=follow]'));
  drop({ kind: 'dropped', paths: ['/srv/shop/other.db'] });
  await page.until(() => listeners.length === 2 && page.find('[data-test=scope-header]'));
  tell(LOST);
  await page.until(() => codes().join() === 'unreachable');
  // The store before it is damaged by now.
  faults.set('openStore', 'corrupt');
  page.press('Alt+ArrowLeft');
  await page.until(() => codes().join() === 'corrupt,unreachable');
  tell(QUIET);
  await page.until(() => codes().join() === 'corrupt');
});

it('says what failed where nothing else tells at length that the store is away', async () => {
  const { faults, twin, tell } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]'));
  page.press('Ctrl+,');
  await page.until(() => page.find('[data-test=settings]'));
  tell(LOST);
  await page.until(() => page.texts('[data-test=status-bar]')[0]?.includes('Disconnected'));
  expect(codes()).toEqual([]);
  faults.set('openHistory', 'disconnected');
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() => codes().join() === 'unreachable');
  expect(page.find('[data-test=settings]')).not.toBeNull();
  tell(QUIET);
  await page.until(() => codes().length === 0);
});

it('says once beside the state that the store is away, and reads the state once it is back', async () => {
  const { faults, twin, tell } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]'));
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  faults.set('stateFrame', 'disconnected');
  page.press('ArrowLeft');
  await page.until(() => codes().join() === 'unreachable');
  tell(LOST);
  await page.until(() => page.texts(`${CARD} h2`).join() === 'The store changed while it was read');
  faults.set('stateFrame', null);
  tell(QUIET);
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '14');
  await page.until(() => page.find(CARD) === null);
});

it('tells how far a stream is that takes its time to open, and gives it up', async () => {
  page = openPage({ launch: { ...store(null), store: 'slow.db' } });
  await page.until(() => page.find('[data-test=scope-header]'));
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() =>
    page.texts('[data-test=opening-stream]')[0]?.match(/^Opening order-4711 .* of 2,000 events · \d+ %/),
  );
  page.press('Escape');
  await page.until(() => page.find('[data-test=opening-stream]') === null);
  expect([page.find('.page')?.dataset['view'], page.texts(CARD)]).toEqual(['overview', []]);
});

it('tells one story of a store that was cut, wherever it is met', async () => {
  const { faults, twin, tell } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]') && page.find('[data-test=follow]'));
  const message = 'the file is damaged: it was cut short: /home/ada/shops/orders.db';
  const damaged: StoreNews = {
    ...LOST,
    lost: LOST.lost && {
      ...LOST.lost,
      error: { code: 'corrupt', message, hint: 'copy it again from where it came', choices: [] },
    },
  };
  // A stream that is asked for before whoever watches the store has looked, and a search.
  faults.set('openHistory', 'disconnected');
  await palette('#order-4711');
  await page.until(() => page.find('[data-test=omnibox-item]'));
  page.press('Enter');
  await page.until(() => page.find(CARD));
  tell(damaged);
  await page.until(() => page.texts(`${CARD} .why`)[0]?.includes('cut short'));
  expect(page.texts(`${CARD} .what`)).toEqual(['Copy it again from where it came']);
  faults.set('search', 'disconnected');
  await search('SKU');
  await page.until(() => page.find('.page')?.dataset['view'] === 'search');
  await page.until(() => page.find('[data-test=search-status]')?.dataset['phase'] === 'failed');
  expect(page.all(CARD)).toHaveLength(1);
});

it('says in the status bar that a store was written to, and reads it anew', async () => {
  const { twin, tell, listeners } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]') && page.find('[data-test=follow]'));
  const status = () => page.texts('[data-test=status-bar]')[0] ?? '';
  expect(status()).toContain('Connected');
  tell({ ...QUIET, isOutdated: true });
  await page.until(() => status().includes('written to since'));
  expect(status()).not.toContain('Connected');
  page.find('[data-test=retry-now]')?.click();
  await page.until(() => listeners.length === 2);
});

it('says once that the settings file keeps stores closed, and offers to read it again', async () => {
  const settingsFile = '/home/ada/.config/refold/settings.toml';
  const message = `the settings file is no TOML (line 3): ${settingsFile}`;
  const broken = { code: 'invalidInput' as const, message, hint: 'correct or remove that file', choices: [] };
  const twin = fakeBackend({ sampleEvents: 200, launch: store(null), settingsFile, settingsFailure: broken });
  const refused = vi.spyOn(twin, 'openStore').mockRejectedValue(new BackendError(broken));
  page = openPage({}, twin);
  const again = await page.until(() => page.find(`${CARD} [data-test=settings-again]`));
  expect(page.all(CARD)).toHaveLength(1);
  expect(page.find('[data-test=error-retry], [data-test=error-other]')).toBeNull();
  refused.mockRestore();
  const start = await twin.start();
  vi.spyOn(twin, 'start').mockResolvedValue({ ...start, settingsFailure: null });
  again.click();
  await page.until(() => page.find('[data-view=overview] [data-test=scope-header]'));
  expect(page.find(CARD)).toBeNull();
});

it('tells how far a large store is that is opened, and gives it up', async () => {
  page = openPage({ launch: store(null) });
  await page.until(() => page.find('[data-view=overview] [data-test=scope-header]'));
  const desk = page.backend;
  const opened = vi.spyOn(desk, 'openStore');
  const cancelled = vi.spyOn(desk, 'cancelJob');
  await palette('>Open a file');
  vi.spyOn(desk, 'pickFile').mockResolvedValue('/tmp/large.jsonl');
  page.press('Enter');
  const told = () => page.texts('[data-test=opening-store]')[0] ?? '';
  await page.until(() => /^Opening large.jsonl .* of 523(\.0)? MB · \d+ %/.test(told()));
  page.press('Escape');
  await page.until(() => page.find('[data-test=opening-store]') === null);
  expect(cancelled).toHaveBeenCalledOnce();
  await expect(opened.mock.results[0]?.value).rejects.toMatchObject({ wire: { code: 'cancelled' } });
  expect([page.find('.page')?.dataset['view'], page.texts(CARD)]).toEqual(['overview', []]);
});

it('stops with Escape whatever shows that it can be cancelled', async () => {
  page = openPage({ launch: { ...store(null), store: 'slow-unindexed.db' } });
  await page.until(() => page.find('[data-view=overview] [data-test=job-cancel]'));
  page.press('Escape');
  await page.until(() => page.find('[data-test=job-progress]') === null);
  await page.until(() => page.texts('main')[0]?.includes('The index was not built'));
});

it('lets go of all else with Escape before work that took long, but of that first where it has the focus', async () => {
  page = openPage({ launch: { ...store(null), store: 'slow-unindexed.db' } });
  const cancelled = vi.spyOn(page.backend, 'cancelJob');
  const cancel = await page.until(() => page.find('[data-view=overview] [data-test=job-cancel]'));
  const torn = { code: 'notFound' as const, message: 'no dialog can be shown', hint: '', choices: [] };
  vi.spyOn(page.backend, 'pickFile').mockRejectedValue(new BackendError(torn));
  const fail = async () => {
    await palette('>Open a file');
    page.press('Enter');
    return page.until(() => page.find(CARD));
  };
  await fail();
  page.press('Escape');
  await page.until(() => page.find(CARD) === null);
  expect([cancelled.mock.calls, page.find('[data-test=job-cancel]') !== null]).toEqual([[], true]);

  await fail();
  cancel.focus();
  page.press('Escape');
  await page.until(() => page.find('[data-test=job-progress]') === null);
  expect(codes()).toEqual(['notFound']);
});

const codes = () => page.all(CARD).map((card) => card.dataset['code']);

/** A twin of which the test says how its store is. */
function watchedTwin() {
  const faults = new Faults();
  const twin = fakeBackend({ sampleEvents: 2_000, launch: store(null), faults });
  const listeners: ((news: StoreNews) => void)[] = [];
  vi.spyOn(twin, 'watchStore').mockImplementation((_, news) => {
    listeners.push(news);
    return Promise.resolve();
  });
  const looked = vi.spyOn(twin, 'lookNow').mockResolvedValue();
  return {
    faults,
    twin,
    looked,
    listeners,
    tell: (news: StoreNews) => listeners.forEach((listener) => listener(news)),
  };
}

async function palette(text: string): Promise<void> {
  page.press('Ctrl+k');
  page.type(text);
}

async function command(title: string): Promise<void> {
  await palette(`>${title}`);
  page.press('Enter');
}

async function search(text: string): Promise<void> {
  page.press('Ctrl+Shift+f');
  await page.until(() => page.find('[data-test=search-text]'));
  page.find('[data-test=search-text]')?.focus();
  page.type(text);
  const form = page.find('[data-test=search-text]')?.closest('form');
  form?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
}

it('says that events are held back for as long as they are', async () => {
  const { twin, tell } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]'));
  tell({ ...QUIET, heldBack: { behind: '4,711', last: '4,713', since: '2026-08-14T09:31:07Z' } });
  const said = () => page.texts('[data-test=held-back]').join();
  await page.until(() => said() === 'events behind #4,711 are held back since 2026-08-14 09:31:07Z');
  tell(QUIET);
  await page.until(() => said() === '');
});

it('shows the store itself once its server is back', async () => {
  const { twin, tell } = watchedTwin();
  page = openPage({}, twin);
  await page.until(() => page.find('[data-test=scope-header]'));
  const of = { kind: 'PostgreSQL 15.18', evidence: [], size: '1 MB', findings: [] };
  tell({ ...QUIET, back: { ...of, since: QUIET.asOf, readOnly: ['the role may not write'] } });
  await page.until(() => page.texts('[data-test=back]').join().includes('2026-08-14 09:31:07Z'));
  expect(page.texts('[data-test=env-band]').join()).toContain('the role may not write');
  expect(page.texts('[data-test=status-bar]').join()).toContain('PostgreSQL 15.18');
});
