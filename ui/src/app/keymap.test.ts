import { expect, it } from 'vitest';
import { COMMANDS, commandOf } from './commands';
import { clashes, commandFor, isPlain, KEYMAP, keysText, type Stroke } from './keymap';

function stroke(key: string, code = '', more: Partial<Stroke> = {}): Stroke {
  return { key, code, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more };
}

it('gives no keys to two commands in one context', () => {
  expect(clashes(KEYMAP)).toEqual([]);
});

it('would notice a clash', () => {
  const twice = [
    { keys: 'b', command: 'cursor.setB', context: 'history' as const },
    { keys: 'B', command: 'cursor.swap', context: 'history' as const },
  ];
  expect(clashes(twice)).toHaveLength(1);
});

it('binds only commands that exist', () => {
  for (const { command } of KEYMAP) expect(commandOf(command), command).toBeDefined();
});

it('has each command once, with words, and a way to reach it', () => {
  const ids = COMMANDS.map((command) => command.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const command of COMMANDS) {
    expect(command.title, command.id).toMatch(/^[A-Z0-9]/);
    expect(command.title.endsWith('.'), command.id).toBe(false);
    expect(command.group, command.id).not.toBe('');
    const isBound = KEYMAP.some((binding) => binding.command === command.id);
    expect(isBound || !command.isSilent, command.id).toBe(true);
  }
});

it('has no command that could write to a store', () => {
  const verbs = /\b(append|write|delete|insert|update|truncate|drop|repair|fix|migrate)\b/i;
  for (const command of COMMANDS) expect(`${command.id} ${command.title}`).not.toMatch(verbs);
});

it('lets the nearest context win', () => {
  const down = stroke('ArrowDown', 'ArrowDown');
  expect(commandFor(down, ['tree', 'history', 'global'], 'other')).toBe('row.next');
  expect(commandFor(down, ['history', 'global'], 'other')).toBe('cursor.next');
  expect(commandFor(down, ['welcome', 'global'], 'other')).toBeNull();
});

it('reads Ctrl as Cmd on a Mac, and a shifted letter apart from a plain one', () => {
  expect(commandFor(stroke('k', 'KeyK', { ctrlKey: true }), ['global'], 'other')).toBe('go.palette');
  expect(commandFor(stroke('k', 'KeyK', { metaKey: true }), ['global'], 'mac')).toBe('go.palette');
  expect(commandFor(stroke('k', 'KeyK', { metaKey: true }), ['global'], 'other')).toBeNull();
  expect(commandFor(stroke('C', 'KeyC', { shiftKey: true }), ['history'], 'other')).toBe('cursor.prevChange');
  expect(commandFor(stroke('?', 'Slash', { shiftKey: true }), ['global'], 'other')).toBe('view.shortcuts');
});

it('keeps W A S D a cluster on other keyboards', () => {
  expect(commandFor(stroke('z', 'KeyW'), ['history'], 'other')).toBe('timeline.zoomIn');
  expect(commandFor(stroke('q', 'KeyA'), ['history'], 'other')).toBe('timeline.panLeft');
});

it('knows what a person who types means as text', () => {
  expect(isPlain(stroke('b', 'KeyB'))).toBe(true);
  expect(isPlain(stroke('b', 'KeyB', { ctrlKey: true }))).toBe(false);
  expect(isPlain(stroke('Escape', 'Escape'))).toBe(false);
});

it('writes keys as a person reads them', () => {
  expect(keysText('go.palette', 'other')).toBe('Ctrl K');
  expect(keysText('go.palette', 'mac')).toBe('⌘ K');
  expect(keysText('timeline.zoomIn', 'other')).toBe('W');
});
