// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { openPage, type Page } from './page.test-kit';

let page: Page;
afterEach(() => page.close());

const STREAM = { store: 'sample.db', stream: 'order-4711', at: 'v3', handler: null, layout: null };
const items = () => page.all('[data-test=context-menu] [role=menuitem]').map(({ dataset }) => dataset['id']);

function rightClick(element: HTMLElement | null): void {
  const click = { button: 2, bubbles: true, cancelable: true, clientX: 9, clientY: 9 };
  element?.dispatchEvent(new MouseEvent('contextmenu', click));
}

it('opens on the plot and in the list of events, with what can be done with the event at A', async () => {
  page = openPage({ launch: STREAM });
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 3');
  rightClick(page.find('[data-test=event-list]'));
  await page.until(() => items().includes('go.link.copy'));
  expect(items()).toEqual(
    expect.arrayContaining(['cursor.setB', 'evidence.bookmark', 'list.onlyType', 'inspect.event', 'go.link.copy']),
  );
  const titles = page.texts('[data-test=context-menu] [role=menuitem]');
  expect(document.activeElement).toBe(page.all('[role=menuitem]')[0]);
  page.press('ArrowUp');
  expect(document.activeElement).toBe(page.all('[role=menuitem]').at(-1));
  page.press('Home');
  // No key of the page works behind it.
  page.press('b');
  expect(page.find('[data-test=cursor-b-label]')).toBeNull();
  expect(titles.some((title) => /Ctrl|[A-Z]$/.test(title))).toBe(true);
  page
    .all('[role=menuitem]')
    .find((item) => item.dataset['id'] === 'cursor.setB')
    ?.click();
  await page.until(() => page.texts('[data-test=cursor-b-label]')[0] === 'B v 3');
  expect(page.find('[data-test=context-menu]')).toBeNull();
  rightClick(page.find('[data-menu=event] [data-part=ruler]'));
  await page.until(() => page.find('[data-test=context-menu]'));
  page.press('Escape');
  await page.until(() => page.find('[data-test=context-menu]') === null);
});

it('closes when a person clicks elsewhere, and opens nowhere else', async () => {
  page = openPage({ launch: STREAM });
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 3');
  rightClick(page.find('[data-test=inspector-header]'));
  rightClick(page.find('[data-test=event-list]'));
  await page.until(() => page.find('[data-test=context-menu]'));
  document.body.dispatchEvent(new Event('pointerdown', { bubbles: true }));
  await page.until(() => page.find('[data-test=context-menu]') === null);
  rightClick(page.find('[data-test=inspector-header]'));
  await new Promise((resolve) => requestAnimationFrame(resolve));
  expect(page.find('[data-test=context-menu]')).toBeNull();
});

it('shows only events of the type at A, from the menu, and calls none hidden before the rows came', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000, launch: STREAM });
  const read = backend.eventRows.bind(backend);
  let answer = () => {};
  const isAnswered = new Promise<void>((resolve) => (answer = resolve));
  backend.eventRows = async (history, query) => {
    if (query.types.length > 0) await isAnswered;
    return read(history, query);
  };
  page = openPage({}, backend);
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 3');
  rightClick(page.find('[data-test=event-list]'));
  await page.until(() => items().includes('list.onlyType'));
  page
    .all('[role=menuitem]')
    .find((item) => item.dataset['id'] === 'list.onlyType')
    ?.click();
  await page.until(() => page.find('footer.filter'));
  expect(page.texts('footer.filter')[0]).not.toContain('hidden');
  answer();
  await page.until(() => page.texts('footer.filter')[0]?.includes('of 15'));
  expect(page.texts('footer.filter')[0]).not.toContain('hidden');
});

/** The state of a moment, its first field chosen with the keys. */
async function openState(): Promise<HTMLElement> {
  page = openPage({ launch: STREAM });
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 3');
  page.press('2');
  await page.until(() => page.find('[data-test=state-rows] [role=row]'));
  const tree = page.find('[data-test=state-rows]');
  if (!tree) throw new Error('there is no tree');
  tree.focus();
  page.press('ArrowDown');
  return tree;
}

it('opens on a field of the state, with what can be done with the chosen field', async () => {
  const tree = await openState();
  expect(tree.dataset['menu']).toBe('field');
  // What holds others has no value to search for: the first that holds none has.
  for (let row = 0; row < 9 && !items().includes('search.value'); row += 1) {
    page.press('Escape');
    tree.focus();
    page.press('ArrowDown');
    rightClick(tree);
    await page.until(() => items().includes('inspect.copyPath'));
  }
  const all = ['inspect.copyValue', 'inspect.copyPath', 'inspect.copyJson', 'search.value', 'inspect.why'];
  expect(items()).toEqual([
    ...all,
    ...['inspect.blame', 'inspect.fieldHistory', 'inspect.pinField', 'cursor.nextChange', 'cursor.prevChange'],
  ]);
  page
    .all('[role=menuitem]')
    .find((item) => item.dataset['id'] === 'search.value')
    ?.click();
  const field = await page.until(() => page.find<HTMLInputElement>('[data-test=search-text]'));
  await page.until(() => field.value !== '');
  expect(field.value).not.toContain('"');
});

it('offers of a value in an event nothing that acts on the field of the state chosen before', async () => {
  const tree = await openState();
  rightClick(tree);
  await page.until(() => items().includes('inspect.why'));
  page.press('Escape');
  page.press('5');
  const values = await page.until(() => page.find('[data-test=state-rows][data-menu=payload]'));
  // Rows of the event and what is said of it below come together.
  await page.until(() => / B /.test(page.texts('footer.foot')[0] ?? ''));
  values.focus();
  page.press('ArrowDown');
  rightClick(values);
  await page.until(() => items().includes('inspect.copyPath'));
  const own = ['inspect.copyValue', 'inspect.copyPath', 'search.value'];
  expect(items().filter((id) => !own.includes(id ?? ''))).toEqual([]);
  page.press('Escape');

  const json = vi.spyOn(page.backend, 'stateJson');
  values.focus();
  page.press('Ctrl+Shift+j');
  await page.until(() => page.texts('[data-test=notice]')[0]?.includes('no state'));
  expect([json.mock.calls, page.copied]).toEqual([[], []]);

  page.press('Shift+F10');
  const said = () => page.texts('[role=option]').join('\n');
  await page.until(() => said().includes('Copy the path of the focused field'));
  expect(said()).not.toContain('Pin the focused field as a lane');
  expect(said()).not.toContain('as JSON');
  expect(said()).toContain('Show the raw columns');
});

it('offers the same with the keys of a menu', async () => {
  for (const key of ['Shift+F10', 'ContextMenu']) {
    const tree = await openState();
    tree.focus();
    page.press(key);
    const said = () => page.texts('[role=option]').join('\n');
    await page.until(() => said().includes('Copy the path of the focused field'));
    expect(said()).toContain('Pin the focused field as a lane');
    expect(said()).toContain('Every value of the focused field');
    page.close();
  }
});
