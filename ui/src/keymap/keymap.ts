// Which keys run which command: the defaults that the commands bring, and over them what a person wrote into the
// settings file. Contexts nest: the nearest one that binds a stroke wins. Pure; it runs no command.

import { countOf } from '../base/format';
import type { Command, Context } from '../commands/command';
import { CONTEXTS } from '../commands/command';
import { S } from '../strings';
import {
  isLetterKey,
  namesOfStroke,
  parseKeys,
  readable,
  slotOfKeys,
  type Layout,
  type Platform,
  type Stroke,
} from './keys';

export interface Binding {
  /** In the form that is compared, see `keys.ts`. */
  keys: string;
  command: string;
  context: Context;
  /** Whether a person chose it. */
  isOwn: boolean;
}

/** A binding as a person wrote it; `command` is `null` where they took the keys away. */
export interface OwnBinding {
  context: string;
  keys: string;
  command: string | null;
}

export interface Keymap {
  platform: Platform;
  bindings: readonly Binding[];
  /** What of a person's own bindings cannot be used, a sentence each. */
  problems: readonly string[];
}

type Bindable = Pick<Command, 'id' | 'title' | 'contexts' | 'keys'>;

/** The bindings that commands bring along. */
export function defaultBindings(commands: readonly Bindable[]): Binding[] {
  return commands.flatMap(({ id, contexts, keys }) =>
    contexts.flatMap((context) => keys.map((key) => ({ keys: key, command: id, context, isOwn: false }))),
  );
}

/** `hasLetterKeys`: whether single letters, digits and signs run commands at all. */
export function keymapOf(
  commands: readonly Bindable[],
  own: readonly OwnBinding[],
  platform: Platform,
  hasLetterKeys = true,
): Keymap {
  const problems: string[] = [];
  const slots = new Map<string, { binding: Binding | null; text: string }>();
  for (const written of own) {
    const text = `${written.keys} = ${written.command === null ? 'false' : `"${written.command}"`}`;
    const problem = problemOf(written, commands, platform);
    if (problem !== null) {
      problems.push(S.keys.problem(written.context, text, problem));
      continue;
    }
    const context = written.context as Context; // `problemOf` has looked.
    const keys = parseKeys(written.keys, platform) ?? '';
    const slot = slotOf(context, keys);
    const other = slots.get(slot);
    if (other) problems.push(S.keys.problem(context, text, S.keys.clash(other.text)));
    const binding = written.command === null ? null : { keys, command: written.command, context, isOwn: true };
    slots.set(slot, { binding, text });
  }
  const kept = defaultBindings(commands).filter(({ context, keys }) => !slots.has(slotOf(context, keys)));
  const bindings = [...kept, ...[...slots.values()].flatMap(({ binding }) => (binding ? [binding] : []))];
  return {
    platform,
    bindings: hasLetterKeys ? bindings : bindings.filter(({ keys }) => !isLetterKey(keys)),
    problems,
  };
}

/** The command of a stroke in the first of the contexts that binds it, or `null`. */
export function commandFor(keymap: Keymap, stroke: Stroke, contexts: readonly Context[]): string | null {
  const names = namesOfStroke(stroke, keymap.platform);
  for (const context of contexts) {
    // The physical key comes first: the W A S D cluster stays one on every keyboard.
    for (const name of names) {
      const found = keymap.bindings.find((binding) => binding.context === context && binding.keys === name);
      if (found) return found.command;
    }
  }
  return null;
}

/** All keys of a command as they are shown, own ones first, each once. `context`: only those that hold there. */
export function keysOf(keymap: Keymap, command: string, layout?: Layout, context?: Context): string[] {
  const bound = keymap.bindings.filter(
    (binding) => binding.command === command && (context === undefined || binding.context === context),
  );
  const sorted = [...bound.filter((binding) => binding.isOwn), ...bound.filter((binding) => !binding.isOwn)];
  return [...new Set(sorted.map((binding) => readable(binding.keys, keymap.platform, layout)))];
}

/** Bindings that fight for the same keys in the same context. */
export function clashes(bindings: readonly Binding[]): string[] {
  const seen = new Map<string, string>();
  const found: string[] = [];
  for (const { keys, command, context } of bindings) {
    const slot = slotOf(context, keys);
    const other = seen.get(slot);
    if (other !== undefined && other !== command) found.push(`${slot} runs ${other} and ${command}`);
    seen.set(slot, command);
  }
  return found;
}

/** What to tell a person about their own bindings; `null` when all can be used. */
export function complaint(keymap: Keymap, file: string) {
  const { problems } = keymap;
  if (problems.length === 0) return null;
  const message = S.keys.unusable(countOf(problems.length, 'key binding', 'key bindings'), problems.join(' · '));
  return { code: 'invalidInput' as const, message, hint: S.keys.correct(file), choices: [] };
}

function slotOf(context: Context, keys: string): string {
  return `${context}: ${slotOfKeys(keys)}`;
}

function problemOf(written: OwnBinding, commands: readonly Bindable[], platform: Platform): string | null {
  const context = CONTEXTS.find((name) => name === written.context);
  if (context === undefined) return S.keys.noContext(CONTEXTS.join(', '));
  const keys = parseKeys(written.keys, platform);
  if (keys === null) return S.keys.noKeys;
  if (written.command === null) return null;
  const command = commands.find(({ id }) => id === written.command);
  if (!command) return S.keys.noCommand(written.command);
  if (!command.contexts.includes(context) && !command.contexts.includes('global')) {
    return S.keys.elsewhere(command.title, command.contexts.join(', '));
  }
  return context === 'palette' && isLetterKey(keys) ? S.keys.typing : null;
}
