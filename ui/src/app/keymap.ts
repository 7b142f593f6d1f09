// Which keys run which command, as data with contexts. The nearest context wins. Pure: it knows no command's code.

/** Where a binding holds. Focus inside a `data-context` element of that name puts it before the view's own. */
export type Context = 'global' | 'welcome' | 'overview' | 'history' | 'grid' | 'tree';

export interface Binding {
  /** `Ctrl+Shift+KeyP` style; letters by physical key (`code:KeyW`) only for the W A S D cluster. */
  keys: string;
  command: string;
  context: Context;
}

/** What a key event says, independent of the browser's object. */
export interface Stroke {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

export type Platform = 'mac' | 'other';

export const KEYMAP: readonly Binding[] = [
  { keys: 'Mod+k', command: 'go.palette', context: 'global' },
  { keys: 'Mod+p', command: 'go.aggregate', context: 'global' },
  { keys: 'Mod+Shift+p', command: 'go.command', context: 'global' },
  { keys: 'Mod+o', command: 'connection.open', context: 'global' },
  { keys: 'Mod+1', command: 'go.view.overview', context: 'global' },
  { keys: 'Mod+2', command: 'go.view.history', context: 'global' },
  { keys: 'Alt+ArrowLeft', command: 'go.back', context: 'global' },
  { keys: 'Alt+ArrowRight', command: 'go.forward', context: 'global' },
  { keys: 'F6', command: 'go.region.next', context: 'global' },
  { keys: 'Shift+F6', command: 'go.region.prev', context: 'global' },
  { keys: '?', command: 'view.shortcuts', context: 'global' },
  { keys: 'F1', command: 'view.shortcuts', context: 'global' },
  { keys: 'Escape', command: 'view.escape', context: 'global' },

  { keys: 'ArrowLeft', command: 'cursor.prev', context: 'history' },
  { keys: 'ArrowRight', command: 'cursor.next', context: 'history' },
  { keys: 'ArrowUp', command: 'cursor.prev', context: 'history' },
  { keys: 'ArrowDown', command: 'cursor.next', context: 'history' },
  { keys: 'Shift+ArrowLeft', command: 'cursor.prev10', context: 'history' },
  { keys: 'Shift+ArrowRight', command: 'cursor.next10', context: 'history' },
  { keys: 'PageUp', command: 'cursor.prevPage', context: 'history' },
  { keys: 'PageDown', command: 'cursor.nextPage', context: 'history' },
  { keys: 'Home', command: 'cursor.first', context: 'history' },
  { keys: 'End', command: 'cursor.last', context: 'history' },
  { keys: 'c', command: 'cursor.nextChange', context: 'history' },
  { keys: 'Shift+c', command: 'cursor.prevChange', context: 'history' },
  { keys: 'b', command: 'cursor.setB', context: 'history' },
  { keys: 'Shift+b', command: 'cursor.clearB', context: 'history' },
  { keys: 'v', command: 'cursor.swap', context: 'history' },
  { keys: 'g', command: 'go.moment', context: 'history' },
  { keys: '2', command: 'inspect.state', context: 'history' },
  { keys: '3', command: 'inspect.diff', context: 'history' },
  { keys: '4', command: 'inspect.blame', context: 'history' },
  { keys: '5', command: 'inspect.event', context: 'history' },
  { keys: '6', command: 'inspect.raw', context: 'history' },

  ...(['overview', 'history'] as const).flatMap((context) => [
    { keys: 'code:KeyW', command: 'timeline.zoomIn', context },
    { keys: 'code:KeyS', command: 'timeline.zoomOut', context },
    { keys: 'code:KeyA', command: 'timeline.panLeft', context },
    { keys: 'code:KeyD', command: 'timeline.panRight', context },
    { keys: 't', command: 'timeline.axis.next', context },
    { keys: 'f', command: 'timeline.focus', context },
    { keys: '0', command: 'timeline.fitAll', context },
    { keys: 'z', command: 'timeline.zoomRange', context },
    { keys: 'Backspace', command: 'timeline.zoomBack', context },
  ]),

  { keys: 'ArrowUp', command: 'row.prev', context: 'grid' },
  { keys: 'ArrowDown', command: 'row.next', context: 'grid' },
  { keys: 'PageUp', command: 'row.prevPage', context: 'grid' },
  { keys: 'PageDown', command: 'row.nextPage', context: 'grid' },
  { keys: 'Home', command: 'row.first', context: 'grid' },
  { keys: 'End', command: 'row.last', context: 'grid' },
  { keys: 'Enter', command: 'row.open', context: 'grid' },

  { keys: 'ArrowUp', command: 'row.prev', context: 'tree' },
  { keys: 'ArrowDown', command: 'row.next', context: 'tree' },
  { keys: 'Enter', command: 'row.open', context: 'tree' },
  { keys: 'ArrowLeft', command: 'row.fold', context: 'tree' },
  { keys: 'ArrowRight', command: 'row.unfold', context: 'tree' },
  { keys: 'Mod+c', command: 'inspect.copyValue', context: 'tree' },
  { keys: 'Mod+Shift+c', command: 'inspect.copyPath', context: 'tree' },
];

/** The command of a stroke in the first context that binds it, or `null`. */
export function commandFor(stroke: Stroke, contexts: readonly Context[], platform: Platform): string | null {
  const names = namesOf(stroke, platform);
  for (const context of contexts) {
    // The physical key comes first: the W A S D cluster stays one on every keyboard.
    for (const name of names) {
      const found = KEYMAP.findLast((binding) => binding.context === context && binding.keys === name);
      if (found) return found.command;
    }
  }
  return null;
}

/** Strokes of a person who types: letters and signs alone. They never run a command while a text field has focus. */
export function isPlain(stroke: Stroke): boolean {
  return !stroke.ctrlKey && !stroke.metaKey && !stroke.altKey && !/^F\d+$/.test(stroke.key) && stroke.key !== 'Escape';
}

/** The first keys of a command, as a person reads them: `Ctrl K`. */
export function keysText(command: string, platform: Platform): string {
  const binding = KEYMAP.find((candidate) => candidate.command === command);
  return binding ? readable(binding.keys, platform) : '';
}

export function readable(keys: string, platform: Platform): string {
  return keys
    .replace('code:Key', '')
    .split('+')
    .map((part) => NAMES[part]?.[platform] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');
}

/** Bindings that fight for the same keys in the same context. */
export function clashes(bindings: readonly Binding[]): string[] {
  const seen = new Map<string, string>();
  const found: string[] = [];
  for (const { keys, command, context } of bindings) {
    const slot = `${context}: ${keys.replace('code:Key', '').toLowerCase()}`;
    const other = seen.get(slot);
    if (other !== undefined && other !== command) found.push(`${slot} runs ${other} and ${command}`);
    seen.set(slot, command);
  }
  return found;
}

const NAMES: Record<string, Record<Platform, string>> = {
  Mod: { mac: '⌘', other: 'Ctrl' },
  ArrowLeft: { mac: '←', other: '←' },
  ArrowRight: { mac: '→', other: '→' },
  ArrowUp: { mac: '↑', other: '↑' },
  ArrowDown: { mac: '↓', other: '↓' },
  Escape: { mac: 'Esc', other: 'Esc' },
};

function namesOf(stroke: Stroke, platform: Platform): string[] {
  const mod = platform === 'mac' ? stroke.metaKey : stroke.ctrlKey;
  const foreign = platform === 'mac' ? stroke.ctrlKey : stroke.metaKey;
  if (foreign) return [];
  const key = stroke.key.length === 1 ? stroke.key.toLowerCase() : stroke.key;
  // A sign such as `?` already needs Shift on most keyboards: its name carries none.
  const isSign = stroke.key.length === 1 && stroke.key.toLowerCase() === stroke.key.toUpperCase();
  const shift = stroke.shiftKey && !isSign ? 'Shift+' : '';
  const lead = `${mod ? 'Mod+' : ''}${stroke.altKey ? 'Alt+' : ''}${shift}`;
  return lead === '' ? [`code:${stroke.code}`, key] : [`${lead}${key}`];
}
