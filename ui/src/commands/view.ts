// How the window looks, its keys, and Esc.

import type { Theme } from '../backend/bindings';
import type { Desk } from '../model/desk.svelte';
import { command, type Command, type Reach } from './command';
import { stopSearching } from './search';

export const VIEW: readonly Command[] = [
  theme('dark', 'Dark theme'),
  theme('light', 'Light theme'),
  theme('system', 'Theme of the system'),
  command('View', ['global'], 'view.density', 'Switch between comfortable and compact rows', (d) => d.switchDensity(), {
    words: 'row height',
  }),
  command('View', ['history'], 'view.list', 'Show or hide the list', (d) => d.panels.switchList(innerWidth < 900), {
    ...{ keys: ['Mod+b'], words: 'events drawer panel' },
  }),
  command('View', ['global'], 'view.shortcuts', 'Keyboard shortcuts', (d) => d.openOverlay('shortcuts'), {
    ...{ keys: ['?', 'F1'], words: 'keys sheet help bindings' },
  }),
  command('View', ['global'], 'view.letterKeys', 'Switch single-letter keys on or off', (d) => d.switchLetterKeys(), {
    words: 'keyboard shortcuts accessibility',
  }),
  command('View', ['global'], 'view.readSettings', 'Read the settings file again', (d) => d.readSettings(), {
    words: 'reload keys bindings keymap toml',
  }),
  command('View', ['global'], 'view.settingsPath', 'Copy the path of the settings file', copyPath, {
    words: 'keys bindings keymap toml edit',
  }),
  command('View', ['global'], 'view.settingsOpen', 'Open the settings file', (d) => d.backend.openSettings(), {
    words: 'edit keys bindings keymap toml',
  }),
  command(
    'View',
    ['global'],
    'view.settingsFolder',
    'Open the folder of the settings file',
    (d) => d.backend.openSettingsFolder(),
    { words: 'directory toml config connections' },
  ),
  command('View', ['global'], 'view.escape', 'Close, stop or let go', escape, { keys: ['Escape'], isQuiet: true }),
];

function theme(name: Theme, title: string): Command {
  return command('View', ['global'], `view.theme.${name}`, title, (desk) => desk.setTheme(name), {
    words: 'colours appearance',
  });
}

async function copyPath(desk: Desk, reach: Reach): Promise<void> {
  await reach.copy(desk.preferences.file);
}

// Esc does the least destructive next thing.
async function escape(desk: Desk, reach: Reach): Promise<void> {
  const { history } = desk;
  if (desk.overlay !== 'none') {
    if (!(reach.palette?.leave() ?? false)) desk.closeOverlay();
  } else if ((desk.opening ?? desk.openingStream) !== null) await desk.cancelOpening();
  else if (history && (history.waiting.now === 'late' || history.waiting.now === 'slow')) history.stop();
  else if (reach.cancelShown('focused')) return;
  else if (desk.panels.isDrawerOpen) desk.panels.isDrawerOpen = false;
  else if (desk.failure) desk.failure = null;
  else if (stopSearching(desk)) return;
  else if (desk.view === 'history' && history?.types.length) history.setTypes([]);
  else if (desk.view === 'history' && history && history.b !== null) history.setB(null);
  else if (desk.view === 'history' && history?.drawers.whyAsked) history.drawers.askWhy(null);
  else if (desk.view === 'history' && history && history.drawers.knownAbout !== null) history.drawers.closeKnown();
  else if (desk.view === 'history' && history?.fields.listed) history.fields.unlist();
  else if (desk.view === 'overview' && desk.store?.range) desk.store.setRange(null);
  else if (desk.view === 'overview' && desk.store?.order.matching) desk.store.setOrder({ matching: '' });
  // What took minutes is not meant while there is anything else to let go of.
  else reach.cancelShown('last');
}
