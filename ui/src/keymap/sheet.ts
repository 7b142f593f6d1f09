// What the sheet of keys lists. Pure.

import type { Command, Context } from '../commands/command';
import { keysOf, type Keymap } from './keymap';
import type { Layout } from './keys';

export interface SheetLine {
  command: string;
  title: string;
  /** As they are shown. */
  keys: string[];
  /** Whether a person chose one of them. */
  isOwn: boolean;
}

export interface SheetSection {
  context: Context;
  lines: SheetLine[];
}

/** The keys of each context, in the given order; with a text, those whose words or keys hold all of its words. */
export function sheetOf(
  commands: readonly Pick<Command, 'id' | 'title' | 'words'>[],
  keymap: Keymap,
  order: readonly Context[],
  text: string,
  layout: Layout,
): SheetSection[] {
  const wanted = text
    .toLowerCase()
    .split(/[\s+]+/)
    .filter(Boolean);
  return order
    .map((context) => ({
      context,
      lines: commands
        .map(({ id, title, words }) => ({
          ...{ command: id, title, words, keys: keysOf(keymap, id, layout, context) },
          isOwn: keymap.bindings.some((one) => one.isOwn && one.command === id && one.context === context),
        }))
        .filter((line) => line.keys.length > 0 && holds(line, wanted))
        .map(({ command, title, keys, isOwn }) => ({ command, title, keys, isOwn })),
    }))
    .filter((section) => section.lines.length > 0);
}

// A word of one letter is a key or a whole word, not a part of a longer one.
function holds(line: { title: string; words: string; keys: string[] }, wanted: readonly string[]): boolean {
  const text = `${line.title} ${line.words}`.toLowerCase();
  const whole = new Set(text.split(/\s+/));
  const keys = line.keys.map((key) => key.toLowerCase().split(' '));
  const isIn = (word: string) =>
    keys.some((parts) => parts.includes(word)) || whole.has(word) || (word.length > 1 && text.includes(word));
  const isBeginning = (word: string) => keys.some((parts) => parts.some((part) => part.startsWith(word)));
  return wanted.every((word) => isIn(word) || (word.length > 1 && isBeginning(word)));
}
