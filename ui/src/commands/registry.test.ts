import { expect, it } from 'vitest';
import { CONTEXTS, GROUPS } from './command';
import { ACTIONS } from './menu';
import { COMMANDS, commandOf } from './registry';

const SOURCES: Record<string, string> = import.meta.glob(['../**/*.{svelte,ts}', '!../**/*.test.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

it('has each command once, with words, in contexts that exist', () => {
  const ids = COMMANDS.map((command) => command.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const command of COMMANDS) {
    expect(command.id).toMatch(/^[a-z]+(\.[a-zA-Z0-9]+)+$/);
    expect(command.title, command.id).toMatch(/^[A-Z0-9].*[^.]$/);
    expect(GROUPS, command.id).toContain(command.group);
    expect(command.contexts.length, command.id).toBeGreaterThan(0);
    for (const context of command.contexts) expect(CONTEXTS, command.id).toContain(context);
  }
});

it('has no two commands of one title', () => {
  const titles = COMMANDS.map((command) => command.title);
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
});

it('has no command that could write to a store', () => {
  const verbs = /\b(append|write|delete|insert|update|truncate|drop|repair|fix|migrate)\b/i;
  for (const { id, title, words } of COMMANDS) expect(`${id} ${title} ${words}`).not.toMatch(verbs);
});

it('says with an ellipsis that it asks for more', () => {
  for (const command of COMMANDS) if (command.choices) expect(command.title, command.id).toMatch(/…$/);
});

// Buttons, menus and tooltips name commands by text: each name must be one that exists.
it('knows every command that the page names', () => {
  const named = /\b(?:run|keys|blocked|title)\(\s*'([a-zA-Z.0-9]+)'|\bcommand="([a-zA-Z.0-9]+)"/g;
  const found: string[] = [];
  for (const source of Object.values(SOURCES)) {
    for (const [, called, given] of source.matchAll(named)) {
      const id = called ?? given ?? '';
      // Other things have titles and keys too; commands have a dot.
      if (id.includes('.')) found.push(id);
    }
  }
  expect(found.length).toBeGreaterThan(20);
  for (const id of found) expect(commandOf(id), id).toBeDefined();
});

it('has what the menu offers', () => {
  for (const id of Object.values(ACTIONS).flat()) expect(commandOf(id), id).toBeDefined();
});

it('is the only place where keys are bound', () => {
  const listens = /svelte:(window|document)[^>]*onkeydown|addEventListener\('key/;
  const windows = Object.keys(SOURCES).filter((file) => listens.test(SOURCES[file] ?? ''));
  // A field for a moment binds none: it writes out what was typed before the key reaches the window.
  expect(windows).toEqual(['../app/App.svelte', '../ui/moment_field.ts']);
});
