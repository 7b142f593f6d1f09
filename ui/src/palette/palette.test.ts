// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../app/page.test-kit';
import { BackendError } from '../backend/backend';
import type { AppErrorWire } from '../backend/bindings';
import { fakeBackend } from '../backend/fake';
import type { Bus } from '../commands/bus';
import { Desk, type Place } from '../model/desk.svelte';
import { placeItem } from './items';
import { palette as late } from './late.svelte';

let page: Page;

afterEach(async () => {
  await page.close();
});

const ITEM = '[data-test=omnibox-item]';

async function openHistory(): Promise<void> {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4711', at: null, handler: null, layout: null } });
  await page.until(() => page.find('[data-view=history] [data-test=cursor-a]'));
  await page.until(() => page.find('[data-test=index-status]') && !page.find('[data-test=jobs]'));
}

async function openStore(): Promise<void> {
  await page.until(() => page.find('[data-test=sample-open]'));
  page.press('Ctrl+k');
  page.type('/srv/orders.db');
  page.press('Enter');
  await page.until(() => page.find('[data-test=index-status]') && !page.find('[data-test=jobs]'));
}

/** A twin whose search answers when the test says so. */
function gated() {
  const twin = fakeBackend({ sampleEvents: 2_000 });
  const find = twin.find.bind(twin);
  let settle: (() => void) | null = null;
  let failure: AppErrorWire | null = null;
  let isOpen = false;
  twin.find = async (...query) => {
    if (!isOpen) await new Promise<void>((resolve) => (settle = resolve));
    if (failure) throw new BackendError(failure);
    return find(...query);
  };
  const gate = {
    open() {
      isOpen = true;
      failure = null;
      settle?.();
    },
    fail(error: AppErrorWire) {
      failure = error;
      settle?.();
    },
  };
  return { twin, gate };
}

function names(): string[] {
  return page.texts(`${ITEM} .name`);
}

function chosen(): string {
  return page.texts(`${ITEM}[aria-selected=true] .name`)[0] ?? '';
}

it('opens on Ctrl+K, keeps the keyboard inside, and gives the focus back', async () => {
  await openHistory();
  const before = page.find('[data-test=cursor-a]');
  before?.focus();
  page.press('Ctrl+k');
  const field = page.find('[data-test=omnibox-input]');
  expect(document.activeElement).toBe(field);
  const behind = [...(page.find('[data-view]')?.children ?? [])].filter((part) => !part.matches('[data-overlay]'));
  const band = page.find('[data-test=env-band]');
  expect(behind.filter((part) => !(part as HTMLElement).inert)).toEqual(
    behind.filter((part) => part === band || part.matches('[role=status]')),
  );
  page.press('Tab');
  expect(document.activeElement).toBe(field);
  page.press('Escape');
  expect(page.find('[data-test=palette]')).toBeNull();
  await page.until(() => document.activeElement === before);
  expect(behind.some((part) => (part as HTMLElement).inert)).toBe(false);
});

it('tells assistive technology what is offered and what is chosen', async () => {
  await openHistory();
  page.press('Ctrl+k');
  const field = page.find('[data-test=omnibox-input]');
  expect(field?.getAttribute('role')).toBe('combobox');
  expect(field?.getAttribute('aria-controls')).toBe('palette-list');
  const active = () => document.getElementById(field?.getAttribute('aria-activedescendant') ?? '');
  expect(active()?.getAttribute('role')).toBe('option');
  const first = active();
  page.press('ArrowDown');
  expect(active()).not.toBe(first);
  expect(active()?.getAttribute('aria-selected')).toBe('true');
  for (const group of page.all('#palette-list [role=group]')) expect(group.getAttribute('aria-label')).not.toBe('');
});

it('finds streams in the engine and opens one by keyboard alone, also when typed faster than it answers', async () => {
  await openHistory();
  page.press('Ctrl+k');
  page.type('4712');
  page.press('Enter');
  await page.until(() => page.texts('[data-test=scope-header] h1')[0] === 'order-4712');
  expect(page.find('[data-test=palette]')).toBeNull();
});

it('keeps the chosen item when later results arrive', async () => {
  const { twin, gate } = gated();
  page = openPage({}, twin);
  await openStore();
  page.press('Ctrl+k');
  page.type('order');
  expect(names()[0]).toMatch(/^Sort|^Open/);
  page.press('ArrowDown');
  const kept = chosen();
  gate.open();
  await page.until(() => names().includes('order-4711'));
  expect(chosen()).toBe(kept);
});

it('says which moment a text means before anybody goes there', async () => {
  await openHistory();
  page.press('g');
  page.type(':2026-08-03 14:00');
  await page.until(() => page.texts(`${ITEM} .note`)[0]?.startsWith('as of 2026-08-03 14:00'));
  page.type(':v3');
  await page.until(() => page.texts(`${ITEM} .note`)[0]?.startsWith('v 3 · #'));
  page.press('Enter');
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 3');
});

it('sets B and A by a range', async () => {
  await openHistory();
  page.press('g');
  page.type(':2..9');
  page.press('Enter');
  await page.until(() => page.texts('[data-test=cursor-b-label]')[0] === 'B v 2');
  expect(page.texts('[data-test=cursor-a-label]')).toEqual(['A v 9']);
});

it('filters by an expression, and never the state', async () => {
  await openHistory();
  const before = page.find('[data-test=state-header]')?.dataset['version'];
  page.press('Ctrl+k');
  page.type('=type:Pay*');
  expect(page.texts(`${ITEM} .note`)[0]).toMatch(/PaymentFailed/);
  page.press('Enter');
  await page.until(() => page.texts('.filter')[0]?.includes('of 15'));
  expect(page.find('[data-test=state-header]')?.dataset['version']).toBe(before);
});

it('goes to the last event of a type by the second action', async () => {
  await openHistory();
  page.press('Ctrl+k');
  page.type('@OrderPlaced');
  expect(chosen()).toBe('OrderPlaced');
  page.press('Ctrl+Enter');
  await page.until(() => page.texts('[data-test=cursor-a-label]')[0] === 'A v 1');
});

it('offers all actions of an item and leaves them one step at a time', async () => {
  await openHistory();
  page.press('Ctrl+k');
  page.type('#4711');
  await page.until(() => names().includes('order-4711'));
  page.press('Ctrl+.');
  expect(names()).toEqual(['Open', 'Open in a new tab', 'Add to lanes', 'Open at its start', 'Copy its id']);
  page.press('Escape');
  expect(chosen()).toBe('order-4711');
  page.press('Ctrl+.');
  page.press('ArrowUp');
  page.press('Enter');
  await page.until(() => page.copied.includes('order-4711'));
  await page.until(() => page.texts('[data-test=notice]')[0] === 'Copied');
});

it('offers what can be done with what is selected, wherever the focus is', async () => {
  await openHistory();
  page.press('Ctrl+.');
  expect(names()).toContain('Copy a link to this place');
  page.press('Escape');
  page.press('Shift+F10');
  page.type('set b');
  page.press('Enter');
  await page.until(() => page.texts('[data-test=cursor-b-label]')[0] === 'B v 15');
});

it('closes at once where a key opened it to ask for a value, and leads back where a choice in it did', async () => {
  await openHistory();
  page.press('Ctrl+.');
  page.press('Escape');
  expect(page.find('[data-test=palette]')).toBeNull();
  page.press('Ctrl+Shift+p');
  page.type('>actions on what is selected');
  page.press('Enter');
  await page.until(() => names().includes('Copy a link to this place'));
  page.press('Escape');
  expect(page.find('[data-test=palette]')).not.toBeNull();
  page.press('Escape');
  expect(page.find('[data-test=palette]')).toBeNull();
});

it('goes to the previous kind of results with the key that X sends for Shift+Tab', async () => {
  await openHistory();
  page.press('Ctrl+k');
  page.type('order');
  await page.until(() => page.all('[role=group]').length > 2);
  const first = chosen();
  page.press('Tab');
  expect(chosen()).not.toBe(first);
  const back = { key: 'Unidentified', code: 'Tab', shiftKey: true, bubbles: true, cancelable: true };
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', back));
  await page.until(() => chosen() === first);
});

it('asks for the value of a command that needs one', async () => {
  await openHistory();
  page.press('Ctrl+Shift+p');
  page.type('>another handler');
  page.press('Enter');
  await page.until(() => names().includes('order@1.0.0'));
  page.press('Escape');
  expect(page.find('[data-test=palette]')).not.toBeNull();
  page.type('order@1.0.0');
  expect(page.texts(`${ITEM} .note`)[0]).toContain('Fold with another handler');
  page.press('Enter');
  await page.until(() => page.find<HTMLSelectElement>('[data-test=handler]')?.value.endsWith('order@1.0.0'));
});

it('begins anew where a command of the palette asks in the palette', async () => {
  await openHistory();
  page.press('Ctrl+k');
  page.type('>Filter what is');
  const names = () => page.texts(ITEM)[0] ?? '';
  await page.until(() => names().includes('Filter what is listed'));
  page.press('Enter');
  await page.until(() => page.find<HTMLInputElement>('[data-test=omnibox-input]')?.value === '=');
  expect(document.activeElement).toBe(page.find('[data-test=omnibox-input]'));
});

it('lists what cannot run with the reason, and does not run it', async () => {
  page = openPage();
  await page.until(() => page.find('[data-test=sample-open]'));
  page.press('Ctrl+k');
  page.type('>swap a and');
  expect(page.texts(`${ITEM}[aria-disabled=true]`)).toEqual(['Swap A and B Open a stream first V']);
  page.press('Enter');
  expect(page.find('[data-test=palette]')).not.toBeNull();
});

it('says what to do when nothing is found', async () => {
  await openHistory();
  page.press('Ctrl+k');
  page.type('#no-such-stream');
  await page.until(() => page.find('[data-test=palette-nothing]'));
  expect(page.texts('[data-test=palette-nothing]')[0]).toMatch(/No stream id holds “no-such-stream” .*shorter part/);
  page.type('>no such command');
  expect(page.texts('[data-test=palette-nothing]')[0]).toBe('No command is called “no such command”');
});

it('says that it searches when the engine takes its time, and what failed when it fails', async () => {
  const { twin, gate } = gated();
  page = openPage({}, twin);
  await openStore();
  page.press('Ctrl+p');
  page.type('#47');
  await page.until(() => page.texts('[data-test=palette-searching]')[0]?.match(/^Searching [\d,]+ streams…$/));
  gate.fail({ code: 'corrupt', message: 'the index is damaged', hint: 'Build it again.', choices: [] });
  await page.until(() => page.find('[data-test=error-card]'));
  expect(page.texts('[data-test=error-card] .why')).toEqual(['The index is damaged']);
  gate.open();
  page.find('[data-test=error-retry]')?.click();
  await page.until(() => names().includes('order-4711'));
});

it('shows its prefixes', async () => {
  await openHistory();
  page.press('Ctrl+k');
  page.type('?');
  expect(names()).toEqual(['>', '#', '@', ':', '=', '?']);
  page.press('ArrowDown');
  page.press('Enter');
  expect(page.find<HTMLInputElement>('[data-test=omnibox-input]')?.value).toBe('#');
});

it('loses no letter that is typed before it has been read, and takes none for a command', async () => {
  await openHistory();
  const label = page.texts('[data-test=cursor-a-label]')[0];
  late.view = null;
  page.press('Ctrl+k');
  for (const letter of ['>', 'h', 'e', 'l']) page.press(letter);
  expect(page.find('[data-test=palette]')).toBeNull();
  await late.read();
  await page.until(() => page.find<HTMLInputElement>('[data-test=omnibox-input]')?.value === '>hel');
  expect(page.texts('[data-test=cursor-a-label]')[0]).toBe(label);
});

it('is a list of choices only while there are some', async () => {
  await openHistory();
  page.press('Ctrl+k');
  await page.until(() => page.find('[role=listbox] [role=option]'));
  const box = page.find('[data-test=omnibox-input]');
  expect([box?.ariaExpanded, box?.getAttribute('aria-controls')]).toEqual(['true', 'palette-list']);
  page.type('>no such thing to do');
  await page.until(() => page.find('[data-test=palette-nothing]'));
  expect(page.find('[role=listbox]')).toBeNull();
  expect([box?.ariaExpanded, box?.getAttribute('aria-controls')]).toEqual(['false', null]);
  // What is said of choices stands beside them.
  page.type('>');
  await page.until(() => page.find('[role=listbox]'));
  expect(page.all('[role=listbox] > :not([role=group])')).toEqual([]);
});

it('offers a place once, and not again among the values of commands', async () => {
  await openHistory();
  for (const version of ['v3', 'v5']) {
    page.press('Ctrl+k');
    page.type(`:${version}`);
    await page.until(() => names()[0]?.includes(version));
    page.press('Enter');
    await page.until(() => page.texts('[data-test=cursor-a-label]')[0]?.endsWith(version.slice(1)));
  }
  page.press('Ctrl+k');
  page.type('order-4711');
  await page.until(() => page.texts(ITEM).some((text) => text.includes('v 3')));
  expect(page.texts(ITEM).filter((text) => text.includes('Go to where you were'))).toEqual([]);
});

it('tells places apart by handler and layout too', () => {
  const place: Place = {
    ...{ document: 1, view: 'history', store: { location: '/srv/orders.db', name: 'orders.db', layout: 'emmett' } },
    stream: { id: 'order-4711', category: 'order', handler: 'order@1.0.0' },
    ...{ a: 3, b: null, lens: 'state', axis: 'time', window: null, focus: null, types: [], label: 'v 3' },
    ...{ asOf: null, asked: null, lanes: null, streams: null, compared: null, look: null },
  };
  const newer = { ...place, stream: { id: 'order-4711', category: 'order', handler: 'order@2.1.0' } };
  const mapped = { ...place, store: { location: '/srv/orders.db', name: 'orders.db', layout: 'own' } };
  page = openPage();
  const scene = { desk: new Desk(page.backend), bus: {} as Bus, copy: () => undefined };
  const items = [place, newer, mapped].map((one) => placeItem(scene, one));
  expect(new Set(items.map(({ id }) => id)).size).toBe(3);
  expect(items.map(({ note }) => note.split(' · ')[2])).toEqual(['order@1.0.0', 'order@2.1.0', 'order@1.0.0']);
});

it('lists a finding once that the store and the open stream tell of', async () => {
  page = openPage({ launch: { store: 'orders.db', stream: 'order-4713', at: null, handler: null, layout: null } });
  await page.until(() => page.find('[data-view=history] [data-test=cursor-a]'));
  await page.until(() => page.find('[data-test=index-status]') && !page.find('[data-test=jobs]'));
  page.press('Ctrl+k');
  page.type('undecodable');
  await page.until(() => names().some((name) => name.startsWith('undecodable-payload')));
  expect(names().filter((name) => name.startsWith('undecodable-payload'))).toHaveLength(1);
  page.press('Escape');
  page.press('Ctrl+k');
  page.type('>Go to a finding');
  page.press('Enter');
  await page.until(() => names().length > 0);
  expect(names().filter((name) => name.startsWith('undecodable-payload'))).toHaveLength(1);
});

it('shows an item once whoever tells of it', async () => {
  const { twin, gate } = gated();
  gate.open();
  const find = twin.find.bind(twin);
  twin.find = async (...query) => (await find(...query)).slice(0, 1).flatMap((hit) => [hit, hit]);
  page = openPage({}, twin);
  await openStore();
  page.press('Ctrl+k');
  page.type('#order-4711');
  await page.until(() => names().includes('order-4711'));
  expect(names().filter((name) => name === 'order-4711')).toHaveLength(1);
  expect(page.find('[data-test=error-card]')).toBeNull();
});

it('gives way to what failed when it breaks, runs nothing that is typed on, and leaves the keys alive', async () => {
  const { twin, gate } = gated();
  gate.open();
  const find = twin.find.bind(twin);
  twin.find = async (...query) =>
    (await find(...query)).map((hit) => ({
      ...hit,
      get category(): string {
        throw new Error('no category');
      },
    }));
  page = openPage({}, twin);
  await openStore();
  page.press('Ctrl+k');
  page.type('#order-4711');
  await page.until(() => page.find('[data-test=error-card]'));
  expect(page.find('[data-test=palette]')).toBeNull();
  // Each of these is a command of the overview.
  for (const key of ['g', 'r', 'p', 'ArrowDown', 'Enter']) page.press(key);
  expect(page.find('[data-test=range]')).toBeNull();
  expect(page.find('[data-test=error-card]')).not.toBeNull();
  page.press('Escape');
  await page.until(() => page.find('[data-test=error-card]') === null);
  twin.find = find;
  page.press('Ctrl+k');
  await page.until(() => page.find('[data-test=palette]'));
  page.press('Escape');
  page.press('Ctrl+,');
  await page.until(() => page.find('[data-test=settings]'));
});

it('reads a time as of the zone that is shown, and names it', async () => {
  const backend = fakeBackend({ sampleEvents: 2_000 });
  const start = await backend.start();
  const settings = { ...start.settings, timeZone: 'Europe/Berlin' };
  vi.spyOn(backend, 'start').mockResolvedValue({
    ...{ ...start, settings },
    launch: { store: 'sample.db', stream: 'order-4711', at: null, handler: null, layout: null },
  });
  page = openPage({}, backend);
  await page.until(() => page.find('[data-test=cursor-a-label]'));
  page.press('g');
  page.type(':2026-08-03 15:58');
  await page.until(() => names()[0] === 'Go to 2026-08-03 15:58:00+02:00 (Europe/Berlin)');
  page.type(':2026-03-29 02:30');
  expect(names()).toEqual(['Go to 2026-03-29 02:30:00 Europe/Berlin']);
});
