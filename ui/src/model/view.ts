// The views of the window, once: the rail, the palette, the keys and the page all read this list. A new view is one
// line here and one in `views/lazy.ts`.

import type { IconName } from '../ui/sprite';

/** One view, and what has to be open for it. */
export interface ViewKind {
  id: string;
  title: string;
  icon: IconName;
  /** In the form of `keymap/keys.ts`. */
  keys: readonly string[];
  /** Other words that people use for it. */
  words: string;
  needs: 'nothing' | 'store' | 'stream';
  /** Which end of the rail it stands at. */
  end: 'top' | 'bottom';
}

export const VIEWS = [
  kind('overview', 'Overview', 'overview', 'store', 'top', { keys: ['Mod+1'], words: 'store streams' }),
  kind('history', 'History', 'history', 'stream', 'top', { keys: ['Mod+2'], words: 'stream events' }),
  kind('compare', 'Compare', 'compare', 'store', 'top', { keys: ['Mod+3'], words: 'difference two states beside' }),
  kind('lanes', 'Lanes', 'stream', 'store', 'top', { words: 'streams clock correlation together swim' }),
  kind('replay', 'Replay', 'replay', 'store', 'top', {
    ...{ keys: ['Mod+4'], words: 'lab compare handlers versions divergence' },
  }),
  kind('handlers', 'Handlers', 'handlers', 'store', 'top', {
    ...{ keys: ['Mod+5'], words: 'packages versions source rules reducer coverage types tests cases' },
  }),
  kind('invariants', 'Invariants', 'invariants', 'store', 'top', {
    ...{ keys: ['Mod+6'], words: 'check condition break bisect minimise' },
  }),
  kind('gate', 'Upcasters', 'filter', 'store', 'top', { words: 'gate upcast schema evolution lost dropped fails' }),
  kind('sandbox', 'Sandbox', 'edit', 'store', 'top', { words: 'what if branch edit skip' }),
  kind('search', 'Search the store', 'search', 'store', 'top', {
    ...{ keys: ['Mod+Shift+f'], words: 'find text payload metadata query events' },
  }),
  kind('notebook', 'Notebook', 'notebook', 'store', 'top', { words: 'notes bookmarks trail' }),
  kind('reports', 'Reports', 'report', 'store', 'top', { keys: ['Mod+7'], words: 'audit evidence pdf bundle' }),
  kind('integrity', 'Integrity', 'anchor', 'nothing', 'top', {
    ...{ keys: ['Mod+8'], words: 'anchor verify tamper health proof' },
  }),
  kind('welcome', 'Open another store', 'open', 'nothing', 'bottom', { words: 'welcome start recent' }),
  kind('settings', 'Settings', 'settings', 'nothing', 'bottom', { keys: ['Mod+,'], words: 'preferences options keys' }),
] as const;

export type View = (typeof VIEWS)[number]['id'];

/** What the inspector shows beside a history. */
export const TABS = ['story', 'state', 'diff', 'blame', 'event', 'raw', 'causation'] as const;
export type Tab = (typeof TABS)[number];

/** The view of a name that was written down somewhere, or `null` when there is none. */
export function viewOf(name: string): View | null {
  return VIEWS.find(({ id }) => id === name)?.id ?? null;
}

function kind<Id extends string>(
  id: Id,
  title: string,
  icon: IconName,
  needs: ViewKind['needs'],
  end: ViewKind['end'],
  { keys = [], words = '' }: { keys?: readonly string[]; words?: string },
) {
  return { id, title, icon, keys, words, needs, end };
}
