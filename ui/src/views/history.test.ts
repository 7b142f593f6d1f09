// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import type { Backend } from '../backend/backend';
import { fakeBackend } from '../backend/fake';

let page: Page;
afterEach(() => page.close());

it('leads from the tabs of the inspector into what they show, by one key', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: null, handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '15');
  for (const [key, tab] of [
    ['1', 'story'],
    ['2', 'state'],
    ['4', 'blame'],
    ['5', 'event'],
    ['6', 'raw'],
    ['7', 'causation'],
  ] as const) {
    page.press(key);
    const door = await page.until(() => page.find(`[data-test=tab-${tab}][aria-selected=true]`));
    await page.until(() => page.find('#inspector-panel [tabindex="0"]'));
    await page.until(() => {
      door.focus();
      page.press('ArrowDown');
      return document.activeElement?.closest('#inspector-panel');
    });
  }
  page.press('2');
  await page.until(() => page.find('[data-test=tab-state][aria-selected=true]'));
  await page.until(() => page.find('[data-test=state-rows]')?.dataset['version'] === '15');
  page.find('[data-test=tab-state]')?.focus();
  page.press('ArrowDown');
  expect(document.activeElement?.getAttribute('role')).toBe('treegrid');
  // A field is chosen then: the keys that need one say nothing else.
  page.press('Alt+Shift+c');
  await page.until(() => page.copied.length > 0);
});

it.each([
  ['1.1.0', []],
  ['1.1.0-rc1', ['not the newest']],
])('asks the order of the handlers whether %s is the newest', async (version, told) => {
  const folder = '/home/ada/shop/handlers/order';
  const launch = { store: 'orders.db', stream: 'order-4711', at: null, handler: `${folder}@${version}`, layout: null };
  const twin = fakeBackend({ sampleEvents: 2_000, launch });
  const opened = await twin.openStore('orders.db', null);
  const handlers = ['1.1.0', '1.1.0-rc1'].map((one) => ({
    ...{ reference: `${folder}@${one}`, name: 'order', version: one, category: 'order' },
  }));
  vi.spyOn(twin, 'openStore').mockResolvedValue({ ...opened, handlers });
  page = openPage({}, twin);
  const select = await page.until(() => page.find<HTMLSelectElement>('[data-test=handler]'));
  expect(select.value).toBe(`${folder}@${version}`);
  expect(page.texts('[data-test=not-newest]')).toEqual(told);
});

it('says of both cursors which event they are at', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v8', handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '8');
  // Whoever comes back to a stream sees that this is not its newest event.
  expect(page.texts('[data-test=scope-header]')[0]).toContain('at 8 of 15 events');
  page.press('b');
  page.press('ArrowLeft');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '7');
  const said = (which: string) => page.find(`[data-test=cursor-${which}]`)?.getAttribute('aria-valuetext') ?? '';
  await page.until(() => /^version 7 of 15, \w+, 2026-/.test(said('a')));
  await page.until(() => /^version 8 of 15, \w+, 2026-/.test(said('b')));
});

/** Lets calls wait until the test lets them go on. */
function held<Name extends 'causation' | 'eventDetail' | 'fieldLane'>(backend: Backend, name: Name) {
  const own = backend[name].bind(backend) as (...given: unknown[]) => Promise<unknown>;
  const gates: (() => void)[] = [];
  vi.spyOn(backend, name as 'causation').mockImplementation((async (...given: unknown[]) => {
    await new Promise<void>((go) => gates.push(go));
    return await own(...given);
  }) as unknown as Backend['causation']);
  return gates;
}

const labelled = () => page.find('[data-test=state-header]')?.dataset['version'];

it('names the event whose causes it shows, however long those of the next one take', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v15', handler: null, layout: null } });
  await page.until(() => labelled() === '15');
  page.press('7');
  await page.until(() => page.find('[data-test=causation]')?.dataset['moment'] === '15');
  const frame = page.backend.stateFrame.bind(page.backend);
  const framed: number[] = [];
  vi.spyOn(page.backend, 'stateFrame').mockImplementation(async (history, query) => {
    const answer = await frame(history, query);
    framed.push(query.moment);
    return query.moment === 14 ? { ...answer, incompleteSince: '3', fault: 'rule 4 failed' } : answer;
  });
  const marks = () => [page.find('[data-test=incomplete]') !== null, page.find('[data-test=fault]') !== null];
  const gates = held(page.backend, 'causation');
  page.press('ArrowLeft');
  await page.until(() => page.find('[data-test=causation-behind]'));
  expect(page.find('[data-test=cursor-a]')?.getAttribute('aria-valuenow')).toBe('14');
  expect([labelled(), page.find('[data-test=causation]')?.dataset['moment']]).toEqual(['15', '15']);
  expect(page.texts('[data-test=state-header]')[0]).toMatch(/^showing /);
  // What the state at 14 lacks is not said of the event at 15.
  await page.until(() => framed.includes(14));
  expect(marks()).toEqual([false, false]);
  gates.forEach((go) => go());
  await page.until(() => page.find('[data-test=causation]')?.dataset['moment'] === '14' && labelled() === '14');
  expect(page.find('[data-test=causation-behind]')).toBeNull();
  await page.until(() => marks().every(Boolean));
});

it('shows what upcasters make of the event that the label names, also where that at A did not come', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v15', handler: null, layout: null } });
  await page.until(() => labelled() === '15');
  page.press('5');
  const lens = await page.until(() => page.find('[data-test=segment-upcast]'));
  lens.click();
  const shown = () => page.find('[data-test=upcast-none], [data-test=upcast-chain]');
  await page.until(shown);
  const asked = vi.spyOn(page.backend, 'upcast');
  vi.spyOn(page.backend, 'stateFrame').mockRejectedValue(new Error('torn'));
  page.press('ArrowLeft');
  await page.until(() => page.find('[data-test=error-card]'));
  expect([labelled(), shown() !== null, asked.mock.calls]).toEqual(['15', true, []]);
});

it.each([
  ['5', 'event'],
  ['6', 'raw'],
])('shows an event beneath its own label alone (key %s)', async (key, tab) => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v15', handler: null, layout: null } });
  await page.until(() => labelled() === '15');
  page.press(key);
  await page.until(() => page.find(`[data-test=tab-${tab}][aria-selected=true]`) && labelled() === '15');
  const panel = () => page.find('#inspector-panel')?.textContent ?? '';
  await page.until(() => panel().length > 100);
  const before = panel();
  const gates = held(page.backend, 'eventDetail');
  page.press('ArrowLeft');
  await page.until(() => /^showing /.test(page.texts('[data-test=state-header]')[0] ?? ''));
  await page.until(() => gates.length > 0);
  expect([labelled(), panel()]).toEqual(['15', before]);
  gates.forEach((go) => go());
  await page.until(() => labelled() === '14' && panel() !== before);
});

it('tells of the chart of a field nothing that is of the chart of another one', async () => {
  const width = vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(400);
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: 'v15', handler: null, layout: null } });
  await page.until(() => labelled() === '15');
  vi.spyOn(page.backend, 'fieldLane')
    .mockRejectedValueOnce(new Error('torn'))
    .mockReturnValue(new Promise(() => {}));
  const list = async (path: string) => {
    const tree = await page.until(() => page.find('[data-test=state-rows]'));
    tree.focus();
    page.press('Home');
    for (let row = 0; row < 60 && page.texts('.foot .focus')[0] !== path; row += 1) page.press('ArrowDown');
    expect(page.texts('.foot .focus')).toEqual([path]);
    page.press('h');
    await page.until(() => page.texts('[data-test=field-history] h2')[0] === path);
    await page.until(() => page.find('[data-test=export-field]') && page.find('[data-test=field-history] canvas'));
  };
  const card = () => page.find('[data-test=field-history] [data-test=error-card]');
  await list('/totals/total');
  await page.until(card);
  await list('/totals/paid');
  expect(card()).toBeNull();
  width.mockRestore();
});
