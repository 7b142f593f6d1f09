import { expect, it } from 'vitest';
import { isChoice, isLetterKey, isText, namesOfStroke, parseKeys, readable, type Stroke } from './keys';

function stroke(key: string, code = '', more: Partial<Stroke> = {}): Stroke {
  return { key, code, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more };
}

it('names a stroke by its physical key first, then by its letter', () => {
  expect(namesOfStroke(stroke('z', 'KeyW'), 'other')).toEqual(['code:KeyW', 'z']);
  expect(namesOfStroke(stroke('C', 'KeyC', { shiftKey: true }), 'other')).toEqual(['Shift+c']);
  expect(namesOfStroke(stroke(' ', 'Space'), 'other')).toContain('Space');
});

it('knows Tab with Shift as X sends it, without a name', () => {
  const back = stroke('Unidentified', 'Tab', { shiftKey: true });
  expect(namesOfStroke(back, 'other')).toEqual(['Shift+Tab']);
  expect(namesOfStroke({ ...back, ctrlKey: true }, 'other')).toEqual(['Mod+Shift+Tab']);
  expect([isText(back), isText(stroke('Unidentified', 'Convert'))]).toEqual([true, false]);
});

it('leaves Shift out of signs, which need it on most keyboards', () => {
  expect(namesOfStroke(stroke('?', 'Slash', { shiftKey: true }), 'other')).toContain('?');
});

it('reads Ctrl as Cmd on a Mac and keeps the other modifier apart', () => {
  const ctrl = stroke('k', 'KeyK', { ctrlKey: true });
  const cmd = stroke('k', 'KeyK', { metaKey: true });
  expect([namesOfStroke(ctrl, 'other'), namesOfStroke(cmd, 'mac')]).toEqual([['Mod+k'], ['Mod+k']]);
  expect([namesOfStroke(cmd, 'other'), namesOfStroke(ctrl, 'mac')]).toEqual([['Meta+k'], ['Ctrl+k']]);
});

it('reads keys as people write them', () => {
  const read = (text: string) => parseKeys(text, 'other');
  expect(['ctrl+shift+p', 'Shift + Control + P', 'Mod+Shift+p'].map(read)).toEqual(Array(3).fill('Mod+Shift+p'));
  expect(['Alt+Left', 'esc', 'PgUp', 'f6', 'G', '?', 'space', '+', 'Ctrl+Plus'].map(read)).toEqual([
    ...['Alt+ArrowLeft', 'Escape', 'PageUp', 'F6', 'g', '?', 'Space', '+', 'Mod++'],
  ]);
  expect(parseKeys('Ctrl+K', 'mac')).toBe('Ctrl+k');
  expect(parseKeys('Cmd+K', 'mac')).toBe('Mod+k');
  expect(read('code:KeyW')).toBe('code:KeyW');
});

it('refuses what no stroke could be', () => {
  for (const text of ['', 'Ctrl+', 'Hyper+k', 'Ctrl+Ctrl+k', 'F25', 'word', 'Shift+1', 'Ctrl+code:KeyW']) {
    expect(parseKeys(text, 'other'), text).toBeNull();
  }
});

it('reads what it writes, as every stroke is named', () => {
  const strokes = [
    ...['a', 'z', '0', '?', '/', 'F6', 'Enter', 'Escape', 'ArrowUp', 'PageDown', 'Tab', ' ', '.'].map((key) =>
      stroke(key),
    ),
    ...[stroke('p', '', { ctrlKey: true, shiftKey: true }), stroke('ArrowLeft', '', { altKey: true })],
  ];
  for (const each of strokes) {
    const name = namesOfStroke(each, 'other').at(-1) ?? '';
    expect(parseKeys(name, 'other'), name).toBe(name);
  }
});

it('knows what a person who types means as text', () => {
  expect([stroke('b'), stroke('ArrowLeft'), stroke('Enter')].map(isText)).toEqual([true, true, true]);
  expect([stroke('b', '', { ctrlKey: true }), stroke('Escape'), stroke('F1')].map(isText)).toEqual([
    false,
    false,
    false,
  ]);
});

it('knows what chooses among radio buttons, which take no letters', () => {
  expect([stroke(' '), stroke('ArrowLeft'), stroke('Enter')].map(isChoice)).toEqual([true, true, true]);
  expect([stroke('b'), stroke('?'), stroke(' ', '', { ctrlKey: true })].map(isChoice)).toEqual([false, false, false]);
});

it('knows single letters, digits and signs', () => {
  expect(['g', 'Shift+g', '?', '0', 'code:KeyW'].map(isLetterKey)).toEqual(Array(5).fill(true));
  expect(['Mod+g', 'Escape', 'F6', 'Space', 'Alt+ArrowLeft', 'Shift+F6'].map(isLetterKey)).toEqual(
    Array(6).fill(false),
  );
});

it('shows keys as they are on the keyboard at hand', () => {
  expect(readable('Mod+Shift+p', 'other')).toBe('Ctrl Shift P');
  expect(readable('Mod+k', 'mac')).toBe('⌘ K');
  expect(readable('code:KeyW', 'other')).toBe('W');
  expect(readable('code:KeyW', 'other', new Map([['KeyW', 'Z']]))).toBe('Z');
  expect(readable('Mod+.', 'other')).toBe('Ctrl .');
});
