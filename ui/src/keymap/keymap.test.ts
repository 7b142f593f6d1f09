import { expect, it } from 'vitest';
import { COMMANDS } from '../commands/registry';
import { keyboardPage } from './document.test-kit';
import { clashes, commandFor, complaint, defaultBindings, keymapOf, keysOf, type OwnBinding } from './keymap';
import { parseKeys, type Platform, type Stroke } from './keys';
import { sheetOf } from './sheet';

const PLATFORMS: Platform[] = ['mac', 'other'];
const DEFAULT = keymapOf(COMMANDS, [], 'other');

function stroke(key: string, code = '', more: Partial<Stroke> = {}): Stroke {
  return { key, code, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more };
}

function own(context: string, keys: string, command: string | null): OwnBinding {
  return { context, keys, command };
}

it('gives no keys to two commands in one context, on any platform', () => {
  for (const platform of PLATFORMS) expect(clashes(keymapOf(COMMANDS, [], platform).bindings)).toEqual([]);
});

it('would notice a clash, also of a letter with the physical key of it', () => {
  const twice = [
    { keys: 'b', command: 'cursor.setB', context: 'history' as const, isOwn: false },
    { keys: 'code:KeyB', command: 'cursor.swap', context: 'history' as const, isOwn: false },
  ];
  expect(clashes(twice)).toEqual(['history: b runs cursor.setB and cursor.swap']);
});

it('writes all default keys in the form that is compared', () => {
  for (const { keys, command } of defaultBindings(COMMANDS)) {
    for (const platform of PLATFORMS) expect(parseKeys(keys, platform), command).toBe(keys);
  }
});

it('lets the nearest context win', () => {
  const down = stroke('ArrowDown', 'ArrowDown');
  expect(commandFor(DEFAULT, down, ['tree', 'history', 'global'])).toBe('row.next');
  expect(commandFor(DEFAULT, down, ['history', 'global'])).toBe('cursor.next');
  expect(commandFor(DEFAULT, down, ['welcome', 'global'])).toBe('connection.recent.next');
  expect(commandFor(DEFAULT, down, ['settings', 'global'])).toBeNull();
});

it('keeps W A S D a cluster on other keyboards', () => {
  expect(commandFor(DEFAULT, stroke('z', 'KeyW'), ['history'])).toBe('timeline.zoomIn');
  expect(commandFor(DEFAULT, stroke('q', 'KeyA'), ['history'])).toBe('timeline.panLeft');
});

it('puts the bindings of a person over the defaults', () => {
  const keymap = keymapOf(
    COMMANDS,
    [own('history', 'n', 'cursor.next'), own('history', 'W', 'cursor.swap'), own('history', 'v', null)],
    'other',
  );
  expect(keymap.problems).toEqual([]);
  expect(commandFor(keymap, stroke('n', 'KeyN'), ['history'])).toBe('cursor.next');
  expect(commandFor(keymap, stroke('w', 'KeyW'), ['history'])).toBe('cursor.swap');
  expect(commandFor(keymap, stroke('w', 'KeyW'), ['overview'])).toBe('timeline.zoomIn');
  expect(commandFor(keymap, stroke('v', 'KeyV'), ['history'])).toBeNull();
  expect(keysOf(keymap, 'cursor.next')).toEqual(['N', '→', '↓']);
  expect(clashes(keymap.bindings)).toEqual([]);
});

it('tells what of them cannot be used, and uses the rest', () => {
  const keymap = keymapOf(
    COMMANDS,
    [
      own('histories', 'n', 'cursor.next'),
      own('history', 'Hyper+n', 'cursor.next'),
      own('history', 'n', 'cursor.nxt'),
      own('overview', 'n', 'cursor.next'),
      own('palette', 'j', 'palette.next'),
      own('lone', '', 'go.back'),
      own('history', 'Ctrl+y', 'cursor.next'),
      own('history', 'Control+Y', 'cursor.prev'),
    ],
    'other',
  );
  expect(keymap.problems).toHaveLength(7);
  expect(keymap.problems.join('\n')).toMatch(/no such context[^]*no keys[^]*cursor\.nxt[^]*holds only in history/);
  expect(keymap.problems.at(-1)).toBe(
    '[keys.history] Control+Y = "cursor.prev": the same keys as Ctrl+y = "cursor.next"',
  );
  expect(commandFor(keymap, stroke('y', 'KeyY', { ctrlKey: true }), ['history'])).toBe('cursor.prev');
  const told = complaint(keymap, '/home/ada/settings.toml');
  expect(told?.message).toMatch(/^7 key bindings of yours cannot be used: /);
  expect(told?.hint).toContain('/home/ada/settings.toml');
  expect(complaint(DEFAULT, '')).toBeNull();
});

it('switches single letters off as a group, and leaves a way to the sheet of keys', () => {
  const keymap = keymapOf(COMMANDS, [own('history', 'n', 'cursor.next')], 'other', false);
  for (const key of ['n', 'g', '?', '2', 'w'])
    expect(commandFor(keymap, stroke(key), ['history', 'global'])).toBeNull();
  expect(commandFor(keymap, stroke('F1'), ['history', 'global'])).toBe('view.shortcuts');
  expect(commandFor(keymap, stroke('ArrowRight'), ['history'])).toBe('cursor.next');
});

it('lists each bound command under each of its contexts, in the order asked for', () => {
  const sections = sheetOf(COMMANDS, DEFAULT, ['history', 'global'], '', new Map());
  expect(sections.map((section) => section.context)).toEqual(['history', 'global']);
  const lines = sections.flatMap((section) => section.lines.map((line) => line.command));
  for (const { command, context } of DEFAULT.bindings) {
    if (context === 'history' || context === 'global') expect(lines, command).toContain(command);
  }
});

it('finds lines of the sheet by words and by keys', () => {
  const found = (text: string) =>
    sheetOf(COMMANDS, DEFAULT, ['history', 'global'], text, new Map()).flatMap((section) =>
      section.lines.map((line) => line.command),
    );
  expect(found('ctrl k')).toEqual(['go.palette']);
  expect(found('Ctrl+K')).toEqual(['go.palette']);
  expect(found('swap')).toEqual(['cursor.swap']);
  expect(found('permalink')).toEqual(['go.link.copy']);
  expect(found('nothing of that kind')).toEqual([]);
});

it('stands in the documentation as it is', async () => {
  await expect(keyboardPage(COMMANDS)).toMatchFileSnapshot('../../../docs/keyboard.md');
});
