// The keys as a page of the documentation. Pure.

import { CONTEXTS, type Command, type Context } from '../commands/command';
import { S } from '../strings';
import { keymapOf } from './keymap';
import { sheetOf } from './sheet';

/** Markdown with a table for each context. */
export function keyboardPage(commands: readonly Command[]): string {
  const keymap = keymapOf(commands, [], 'other');
  const order: Context[] = ['global', ...CONTEXTS.filter((context) => context !== 'global')];
  const sections = sheetOf(commands, keymap, order, '', new Map()).map(({ context, lines }) => {
    const rows = lines.map(({ command, keys, title }) => {
      const shown = keys.map((key) => `\`${key.replaceAll('|', '\\|')}\``).join(', ');
      return `| ${title} | ${shown} | \`${command}\` |`;
    });
    return [
      `## ${S.keys.contexts[context]} (\`${context}\`)`,
      '',
      '| what | keys | command |',
      '| --- | --- | --- |',
      ...rows,
    ];
  });
  return [...INTRODUCTION, ...sections.flatMap((lines) => ['', ...lines]), ''].join('\n');
}

const INTRODUCTION = [
  '# Keyboard',
  '',
  'Everything that the window can do is a command, and every command is in the palette (`Ctrl K`).',
  'In the window `?` or `F1` shows these keys, those of the present view first, and finds them by words or by keys.',
  'On a Mac `Ctrl` reads `Cmd`.',
  'This page is written from the commands themselves: `npx vitest run src/keymap --update` in `ui/` renews it.',
  '',
  '## Keys of your own',
  '',
  'Write them into `settings.toml`, whose path the sheet of keys shows, one table a context:',
  '',
  '```toml',
  'letter_keys = true         # false: single letters, digits and signs run no commands',
  '',
  '[keys.global]',
  '"Ctrl+Shift+L" = "go.link.copy"',
  '',
  '[keys.history]',
  '"n" = "cursor.next"        # besides the arrow keys, which stay',
  '"v" = false                # takes the key away from what it runs by default',
  '```',
  '',
  'The nearest context wins: the tree of fields before the history before everywhere.',
  'A binding of yours wins over a default one with the same keys in the same context.',
  'Keys are written like `Ctrl+Shift+P`, `Alt+Left`, `F6`, `Space`, `?` or `g`; `code:KeyW` names a physical key, whatever letter it carries.',
  'What cannot be used (no such command, no such keys, the same keys twice) is told when the window opens; the rest holds.',
  'After editing, run “Read the settings file again” from the palette.',
];
