// Keys as text: how a stroke is called, how a person may write it, how it is shown. Pure; it knows no command.
//
// One form is compared, `Mod+Alt+Shift+k`: letters in lower case, other keys by the browser's names, `Space` for the
// space bar, `code:KeyW` for a physical key. `Mod` is Ctrl, and Cmd on a Mac.

export type Platform = 'mac' | 'other';

/** What a key event says, independent of the browser's object. */
export interface Stroke {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** The names of a stroke, nearest first: its physical key, where it has no modifier, then its letter or sign. */
export function namesOfStroke(stroke: Stroke, platform: Platform): string[] {
  const isMac = platform === 'mac';
  const name = keyOf(stroke);
  const key = name === ' ' ? 'Space' : name.length === 1 ? name.toLowerCase() : name;
  const lead = [
    (isMac ? stroke.metaKey : stroke.ctrlKey) ? 'Mod' : '',
    isMac && stroke.ctrlKey ? 'Ctrl' : '',
    !isMac && stroke.metaKey ? 'Meta' : '',
    stroke.altKey ? 'Alt' : '',
    // A sign such as `?` already needs Shift on most keyboards: its name carries none.
    stroke.shiftKey && !isSign(key) ? 'Shift' : '',
  ].filter(Boolean);
  return lead.length === 0 ? [`code:${stroke.code}`, key] : [[...lead, key].join('+')];
}

/** The name of a key. X calls Tab with Shift another key, which browser engines have no name for. */
export function keyOf({ code, key }: Pick<Stroke, 'key' | 'code'>): string {
  return key === 'Unidentified' && code === 'Tab' ? 'Tab' : key;
}

/** Whether a stroke writes or edits text. Such strokes belong to the text field that has the focus. */
export function isText(stroke: Stroke): boolean {
  if (stroke.ctrlKey || stroke.metaKey || stroke.altKey) return false;
  const key = keyOf(stroke);
  return key.length === 1 || EDITING.has(key);
}

/** Whether a stroke chooses among what is offered. Such strokes belong to the radio button, box or slider that has the focus. */
export function isChoice(stroke: Stroke): boolean {
  const key = keyOf(stroke);
  return isText(stroke) && (key === ' ' || EDITING.has(key));
}

/** Whether keys are one letter, digit or sign without a modifier. */
export function isLetterKey(keys: string): boolean {
  const bare = keys.replace(/^Shift\+/, '');
  return bare.length === 1 || bare.startsWith('code:');
}

/** Reads keys as a person writes them (`Ctrl+Shift+P`, `esc`, `Cmd+K`) into the form that is compared; or `null`. */
export function parseKeys(text: string, platform: Platform): string | null {
  const parts = text.trim() === '+' ? ['+'] : text.split('+').map((part) => part.trim());
  const last = parts.pop();
  if (last === undefined || last === '') return null;
  const found = new Set<string>();
  for (const part of parts) {
    const modifier = MODIFIERS[part.toLowerCase()]?.[platform];
    if (modifier === undefined || found.has(modifier)) return null;
    found.add(modifier);
  }
  const key = parseKey(last);
  if (key === null || (found.has('Shift') && isSign(key)) || (found.size > 0 && key.startsWith('code:'))) return null;
  return [...ORDER.filter((modifier) => found.has(modifier)), key].join('+');
}

/** Keys that one press means at once: the physical `code:KeyW` and the letter `w` are one slot. */
export function slotOfKeys(keys: string): string {
  return keys.replace('code:Key', '').toLowerCase();
}

/** Letters of physical keys on this person's keyboard, as far as they were pressed: `KeyW` to `z`. */
export type Layout = ReadonlyMap<string, string>;

/** Keys as they are shown: `Ctrl K`. A physical key shows its letter of the present layout. */
export function readable(keys: string, platform: Platform, layout: Layout = new Map()): string {
  const shown = keys.replace(/code:(Key([A-Z]))/, (_, code: string, letter: string) => layout.get(code) ?? letter);
  if (shown === '+') return '+';
  return shown
    .split('+')
    .map((part) => SHOWN[part]?.[platform] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');
}

const EDITING = new Set([
  ...['Backspace', 'Delete', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'],
  ...['Home', 'End', 'PageUp', 'PageDown', 'Enter', 'Tab'],
]);
const ORDER = ['Mod', 'Ctrl', 'Meta', 'Alt', 'Shift'];

const MODIFIERS: Record<string, Record<Platform, string>> = {
  mod: { mac: 'Mod', other: 'Mod' },
  ctrl: { mac: 'Ctrl', other: 'Mod' },
  control: { mac: 'Ctrl', other: 'Mod' },
  cmd: { mac: 'Mod', other: 'Meta' },
  command: { mac: 'Mod', other: 'Meta' },
  meta: { mac: 'Mod', other: 'Meta' },
  super: { mac: 'Mod', other: 'Meta' },
  alt: { mac: 'Alt', other: 'Alt' },
  option: { mac: 'Alt', other: 'Alt' },
  shift: { mac: 'Shift', other: 'Shift' },
};

const KEYS: Record<string, string> = {
  ...{ left: 'ArrowLeft', right: 'ArrowRight', up: 'ArrowUp', down: 'ArrowDown' },
  ...{ arrowleft: 'ArrowLeft', arrowright: 'ArrowRight', arrowup: 'ArrowUp', arrowdown: 'ArrowDown' },
  ...{ esc: 'Escape', escape: 'Escape', enter: 'Enter', return: 'Enter', tab: 'Tab', space: 'Space' },
  ...{ backspace: 'Backspace', del: 'Delete', delete: 'Delete', insert: 'Insert', plus: '+' },
  contextmenu: 'ContextMenu',
  ...{ home: 'Home', end: 'End', pageup: 'PageUp', pagedown: 'PageDown', pgup: 'PageUp', pgdn: 'PageDown' },
};

const SHOWN: Record<string, Record<Platform, string>> = {
  Mod: { mac: '⌘', other: 'Ctrl' },
  Alt: { mac: '⌥', other: 'Alt' },
  Shift: { mac: '⇧', other: 'Shift' },
  Meta: { mac: '⌘', other: 'Super' },
  ArrowLeft: { mac: '←', other: '←' },
  ArrowRight: { mac: '→', other: '→' },
  ArrowUp: { mac: '↑', other: '↑' },
  ArrowDown: { mac: '↓', other: '↓' },
  Escape: { mac: 'Esc', other: 'Esc' },
  ContextMenu: { mac: 'Menu', other: 'Menu' },
  PageUp: { mac: 'Page up', other: 'Page up' },
  PageDown: { mac: 'Page down', other: 'Page down' },
};

function parseKey(text: string): string | null {
  if (/^code:Key[A-Z]$/.test(text)) return text;
  if ([...text].length === 1) return text.toLowerCase();
  const name = text.toLowerCase();
  return /^f([1-9]|1\d|2[0-4])$/.test(name) ? name.toUpperCase() : (KEYS[name] ?? null);
}

// Digits and signs: what Shift makes of them differs from keyboard to keyboard.
function isSign(key: string): boolean {
  return key.length === 1 && key.toLowerCase() === key.toUpperCase();
}
