// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';

let page: Page;

afterEach(async () => {
  await page.close();
});

const LAUNCH = { store: 'orders.db', stream: 'order-4711', at: null, handler: null, layout: null };

async function open(settings = {}): Promise<void> {
  page = openPage({ launch: LAUNCH, settings });
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 15');
}

it('opens by ?, shows what holds here first, and gives the focus back', async () => {
  await open();
  const before = page.find('[data-test=cursor-a]');
  before?.focus();
  await openSheet('?');
  const sheet = page.find('[data-test=shortcuts]');
  expect([sheet?.getAttribute('role'), sheet?.getAttribute('aria-modal')]).toEqual(['dialog', 'true']);
  expect(document.getElementById(sheet?.getAttribute('aria-labelledby') ?? '')?.textContent).toBe('Keyboard');
  expect(document.activeElement).toBe(page.find('[data-test=shortcuts-search]'));
  expect(page.texts('[data-test=shortcuts] h2').slice(0, 3)).toEqual([
    ...['History holds here', 'In the tree of fields holds here', 'Everywhere'],
  ]);
  page.press('Escape');
  await page.until(() => document.activeElement === before);
});

it.each([
  ['Compare', 'Compare'],
  ['Lanes', 'Lanes'],
  ['Integrity', 'Integrity'],
])('shows the keys of %s first there', async (view, heading) => {
  await open();
  page.press('Ctrl+k');
  page.type(`>${view}`);
  page.press('Enter');
  await page.until(() => page.find('.page')?.dataset['view'] === view.toLowerCase());
  await openSheet('F1');
  expect(page.texts('[data-test=shortcuts] h2')[0]).toBe(`${heading} holds here`);
  expect(page.texts('[data-test=shortcuts] h2').filter((text) => text.startsWith('Welcome'))).toEqual(['Welcome']);
});

it('keeps Tab inside', async () => {
  await open();
  await openSheet('F1');
  const [close, last] = [page.find('[aria-label=Close]'), page.all('[data-test=shortcuts] footer button').at(-1)];
  last?.focus();
  page.press('Tab');
  const first = document.activeElement;
  expect(page.find('[data-test=shortcuts]')?.contains(first)).toBe(true);
  expect([page.find('[data-test=shortcuts-search]'), close]).toContain(first);
  page.press('Shift+Tab');
  expect(document.activeElement).toBe(last);
});

it('finds by words and by keys, and says what to do when nothing fits', async () => {
  await open();
  await openSheet('?');
  page.type('ctrl k');
  expect(page.texts('[data-test=shortcuts] dt')).toEqual(['Search or run a command']);
  page.type('swap a');
  expect(page.texts('[data-test=shortcuts] dt')).toEqual(['Swap A and B']);
  page.type('no such thing');
  expect(page.texts('[data-test=shortcuts-nothing]')).toEqual(['No command or key matches “no such thing” Show all']);
  page.find('[data-test=shortcuts-nothing] button')?.click();
  await page.until(() => page.all('[data-test=shortcuts] dt').length > 40);
});

it('runs a person’s own keys, shows them, and tells which cannot be used', async () => {
  const keys = [
    { context: 'history', keys: 'n', command: 'cursor.prev' },
    { context: 'history', keys: 'y', command: 'cursor.nowhere' },
  ];
  await open({ keys });
  expect(page.texts('[data-test=error-card] .why')[0]).toContain('no command is called cursor.nowhere');
  expect(page.texts('[data-test=error-card] .what')[0]).toContain('settings.toml');
  page.press('n');
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 14');
  await openSheet('?');
  page.type('previous event');
  expect(page.texts('[data-test=shortcuts] dd')[0]).toBe('your own N←↑');
  expect(page.texts('[data-test=key-problems] li')).toHaveLength(1);
});

it('switches single letters off for who needs that, and on again', async () => {
  await open({ letterKeys: false });
  page.press('b');
  expect(page.find('[data-test=cursor-b-label]')).toBeNull();
  await openSheet('F1');
  page.all('[data-test=shortcuts] .off button')[0]?.click();
  page.press('Escape');
  await page.until(() => page.find('[data-test=shortcuts]') === null);
  page.press('b');
  await page.until(() => page.find('[data-test=cursor-b-label]'));
});

it('shows the letters of the keyboard at hand for physical keys', async () => {
  await open();
  const pressed = new KeyboardEvent('keydown', { key: 'z', code: 'KeyW', bubbles: true, cancelable: true });
  document.body.dispatchEvent(pressed);
  await openSheet('?');
  page.type('zoom in');
  expect(page.texts('[data-test=shortcuts] dd')[0]).toBe('Z');
});

it('says why a key does nothing', async () => {
  await open();
  page.press('v');
  await page.until(() => page.texts('[data-test=notice]')[0] === 'Set B first');
});

// Its code comes when it is asked for first.
async function openSheet(key: string): Promise<void> {
  page.press(key);
  await page.until(() => document.activeElement === page.find('[data-test=shortcuts-search]'));
}
