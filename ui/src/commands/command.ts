// What a command is. Every action of the window is one, so that buttons, menus, palette, keys, the sheet of keys and
// tests all speak of the same things. It must not know how any of them looks.

import type { Desk } from '../model/desk.svelte';
import { VIEWS, type View } from '../model/view';
import { S } from '../strings';

/** Where a command holds. A place of the page inside another one is nearer: `tree` before `history` before `global`. */
export type Context = View | 'global' | 'grid' | 'tree' | 'editor' | 'palette';
export const CONTEXTS: readonly Context[] = [
  'global',
  ...VIEWS.map(({ id }) => id),
  ...(['grid', 'tree', 'editor', 'palette'] as const),
];

export const GROUPS = [
  'Go',
  'Store',
  'Cursor',
  'Timeline',
  'Play',
  'List',
  'Search',
  'Notebook',
  'Compare',
  'Inspect',
  'Replay',
  'Handlers',
  'Invariants',
  'Upcasters',
  'Sandbox',
  'Reports',
  'Integrity',
  'Rows',
  'View',
  'Settings',
  'Palette',
] as const;
export type Group = (typeof GROUPS)[number];

/** One thing that a command can be run with, such as a handler or an event type. */
export interface Choice {
  /** What `run` gets. */
  value: string;
  title: string;
  note: string;
  /** The command that it stands for, whose keys it shows. */
  command?: string;
}

export interface Command {
  id: string;
  /** What it does, in words, sentence case. Ends in `…` when it asks for more. */
  title: string;
  group: Group;
  contexts: readonly Context[];
  /** Its keys in each of its contexts, in the form of `keymap/keys.ts`. */
  keys: readonly string[];
  /** Other words that people use for it. */
  words: string;
  /** Why it cannot run now, in a sentence; `null` when it can. */
  blocked: (desk: Desk) => string | null;
  /** What it can be run with; such a command asks when it is run without. */
  choices?: (desk: Desk) => Choice[];
  run: (desk: Desk, reach: Reach, value: string) => void | Promise<void>;
  /** Found in the palette only by its words: a list of everything would only be longer with it. */
  isQuiet: boolean;
}

/** What commands need of the page itself. */
export interface Reach {
  focusRegion(step: 1 | -1): void;
  /** Moves the focus along the recent stores. */
  focusRecent(step: 1 | -1): void;
  copy(text: string): Promise<void>;
  /** Cancels the work that has the focus, or that is shown last. `false`: there is none. */
  cancelShown(which: 'focused' | 'last'): boolean;
  /** The rows of a page of the list that has the focus. */
  pageSize(): number;
  /** Runs another command. */
  run(id: string): void;
  /** The open palette, which some keys are for. */
  palette: PaletteKeys | null;
}

/** What keys do in the palette. */
export interface PaletteKeys {
  move(by: number): void;
  moveGroup(by: 1 | -1): void;
  choose(action: number): void;
  showActions(): void;
  /** One step out: of actions, of a command's choices. `false` when there was none. */
  leave(): boolean;
}

type Run = Command['run'];
type Blocked = Command['blocked'];

export interface Shape {
  keys?: readonly string[];
  words?: string;
  blocked?: Blocked;
  choices?: Command['choices'];
  isQuiet?: boolean;
}

/** A command of some contexts. Outside of them it says where it would hold. */
export function command(
  group: Group,
  contexts: readonly Context[],
  id: string,
  title: string,
  run: Run,
  { keys = [], words = '', blocked = () => null, choices, isQuiet = false }: Shape = {},
): Command {
  return {
    ...{ id, title, group, contexts, keys, words, isQuiet, run },
    ...(choices ? { choices } : {}),
    blocked: (desk) => outside(contexts, desk) ?? blocked(desk),
  };
}

function outside(contexts: readonly Context[], desk: Desk): string | null {
  if (contexts.some((context) => holds(context, desk))) return null;
  if (contexts.includes('overview')) return desk.store ? S.blocked.overview : S.blocked.store;
  if (contexts.includes('palette')) return S.blocked.palette;
  const [context] = contexts;
  const view = VIEWS.find(({ id }) => id === (context === 'editor' ? 'handlers' : context));
  return view === undefined || view.id === 'history' ? S.blocked.history : S.blocked.view(view.title);
}

function holds(context: Context, desk: Desk): boolean {
  switch (context) {
    case 'global':
      return true;
    case 'palette':
      return desk.overlay === 'palette';
    case 'tree':
      return desk.view === 'history' && desk.history !== null;
    case 'editor':
      return desk.view === 'handlers' && desk.store !== null;
    case 'grid':
      return desk.view !== 'welcome' && desk.store !== null;
    default:
      // A view.
      return desk.view === context && desk.canShow(context);
  }
}
