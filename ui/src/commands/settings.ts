// What can be set, from the palette: every line of the settings page, zoom, and what a store is.

import { environmentWords } from '../model/connections.svelte';
import type { Desk } from '../model/desk.svelte';
import { changeOf, SETTINGS, valueOf, type Setting } from '../model/setting';
import { zoneNames } from '../base/zone.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

const ENVIRONMENTS = ['production', 'staging', 'test', 'development', 'local'] as const;

export const SETTING_COMMANDS: readonly Command[] = [
  ...SETTINGS.map((setting) =>
    command(
      'Settings',
      ['global'],
      `setting.${setting.key}`,
      `${setting.title}…`,
      (d, _, value) => set(d, setting, value),
      {
        ...{ words: `setting preference ${setting.words}`, choices: (desk: Desk) => choicesOf(desk, setting) },
      },
    ),
  ),
  command('Settings', ['global'], 'setting.undo', S.settings.undo, undo, {
    ...{ words: 'take back', blocked: (d) => (d.preferences.canUndo ? null : S.settings.nothingToUndo) },
  }),
  command('Settings', ['global'], 'setting.clearCache', S.settings.clearCache, clearCache, {
    words: 'disk space index free',
  }),
  command('Settings', ['global'], 'setting.unbindKeys', 'Give keys back to their default…', unbindKeys, {
    ...{ words: 'binding shortcut remove', choices: ownKeys },
  }),
  zoom('view.zoomIn', 'Larger interface', 1, ['Mod+=']),
  zoom('view.zoomOut', 'Smaller interface', -1, ['Mod+-']),
  zoom('view.zoomReset', 'Interface at its usual size', 0, ['Mod+0']),
  command('Store', ['global'], 'connection.classify', 'Say what this store is…', classify, {
    ...{ words: 'environment production staging test development local', choices: environments },
    blocked: (desk) => (desk.store ? null : S.blocked.store),
  }),
];

function choicesOf({ settings }: Desk, { choices, key }: Setting): Choice[] {
  const present = valueOf(settings, key);
  const all = key === 'timeZone' ? zoneChoices() : choices;
  return all.map(({ value, title }) => ({ value, title, note: value === present ? S.settings.present : '' }));
}

function zoneChoices() {
  return zoneNames().map((zone) => ({ value: zone, title: zone }));
}

function set(desk: Desk, { key }: Setting, value: string): Promise<void> {
  return desk.set(changeOf(key, value));
}

function undo(desk: Desk): Promise<void> {
  return desk.undoSetting();
}

async function clearCache(desk: Desk): Promise<void> {
  const { size } = await desk.backend.clearCache(null);
  desk.say(S.settings.cleared(size));
}

// A binding is told by its context and its keys, a line each.
function ownKeys({ settings }: Desk): Choice[] {
  return settings.keys.map(({ command: id, context, keys }) => ({
    value: `${context}\n${keys}`,
    title: keys,
    note: [context, id ?? S.settings.keys.takenAway].join(' · '),
  }));
}

async function unbindKeys(desk: Desk, _: Reach, value: string): Promise<void> {
  const own = desk.settings.keys.find(({ context, keys }) => `${context}\n${keys}` === value);
  if (own) await desk.preferences.unbindKeys(own);
}

function zoom(id: string, title: string, direction: -1 | 0 | 1, keys: string[]): Command {
  const run = (desk: Desk) => desk.set({ zoomPercent: desk.preferences.zoomStep(direction) });
  return command('View', ['global'], id, title, run, { keys, words: 'zoom scale text size' });
}

function environments(desk: Desk): Choice[] {
  const present = desk.environment;
  const note = (value: string | null) => (value === present ? S.settings.present : '');
  return [
    ...ENVIRONMENTS.map((value) => ({ value, title: S.environment.choices[value], note: note(value) })),
    { value: 'none', title: environmentWords(desk.store?.opened.location ?? '', null).text, note: note(null) },
  ];
}

function classify(desk: Desk, _: Reach, value: string): Promise<void> {
  return desk.classify(ENVIRONMENTS.find((one) => one === value) ?? null);
}
