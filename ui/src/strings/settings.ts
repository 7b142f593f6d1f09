// Texts of the settings page, of environments, and of what came back from an earlier start.

import { countOf } from '../base/format';

export const SETTINGS_TEXTS = {
  title: 'Settings',
  filter: 'Filter settings',
  none: (text: string) => `No setting matches “${text}”`,
  clear: 'Show all',
  file: 'All of this is kept in',
  copyPath: 'Copy path',
  openFile: 'Open',
  openFolder: 'Open folder',
  undo: 'Undo the last setting',
  undone: (title: string) => `${title} is as it was before`,
  nothingToUndo: 'No setting was changed since the start',
  problems: 'Some lines of the settings file cannot be used; the rest holds',
  readAgain: 'Read the settings file again',
  correct: (file: string) => `Correct them in ${file}, then run “Read the settings file again”.`,
  on: 'On',
  off: 'Off',
  present: 'present',
  sections: {
    start: 'First choice',
    appearance: 'Appearance',
    timeline: 'Timeline',
    time: 'Time',
    keyboard: 'Keyboard',
    cache: 'Data and cache',
    access: 'Accessibility',
    advanced: 'Advanced',
  },
  zoom: 'Size of the interface',
  zoomNote: 'From 80 to 200 percent',
  larger: 'Larger',
  usualSize: 'Usual size',
  smaller: 'Smaller',
  cacheTitle: 'Indexes and copies of payloads',
  cacheNote: 'Made from your stores, and made again when they are opened. Stores themselves are never touched',
  cacheAt: (size: string, folder: string) => `${size} in ${folder}`,
  clearCache: 'Clear the cache',
  cleared: (size: string) => `The cache was cleared; ${size} are in use and stay`,
  keys: {
    title: 'Keys',
    note: 'Choose a command, press the keys, choose where they hold. Your own keys win over the default ones',
    command: 'Command',
    press: 'Press the new keys',
    pressed: 'Keys',
    where: 'Where they hold',
    bind: 'Bind',
    bound: (keys: string, title: string) => `${keys} runs “${title}” now`,
    clash: (keys: string, title: string) => `${keys} runs “${title}” there so far and would no longer`,
    own: 'Keys of your own',
    noOwn: 'You have bound no keys yet',
    remove: (keys: string) => `Give ${keys} back to the default`,
    takenAway: 'runs nothing',
    unusable: 'A single letter cannot be bound where a person types',
  },
};

export const ENVIRONMENT_TEXTS = {
  names: {
    production: 'PRODUCTION',
    staging: 'STAGING',
    test: 'TEST',
    development: 'DEVELOPMENT',
    local: 'LOCAL',
  },
  short: { production: 'PROD', staging: 'STAG', test: 'TEST', development: 'DEV', local: 'LOCAL' },
  unclassified: 'NOT CLASSIFIED · TREATED AS PRODUCTION',
  classify: 'Classify',
  file: 'File',
  assumed: 'Not classified, treated as production',
  noneWhy:
    'Nobody said yet whether this store is production, staging or something else: “Say what this store is…” does',
  fileWhy:
    'A file on this machine, opened by its path: it counts as local until “Say what this store is…” says otherwise',
  choices: {
    production: 'Production',
    staging: 'Staging',
    test: 'Test',
    development: 'Development',
    local: 'Local',
  },
  classified: (name: string, as: string) => `${name} counts as ${as} now`,
};

export const RESTORE_TEXTS = {
  lost: (places: string) => `Not everything that was open could be opened again: ${places}`,
  hint: 'What is gone was left out; the rest is as it was.',
  waiting: (documents: number, stores: string) =>
    `${countOf(documents, 'document', 'documents')} of ${stores} ${documents === 1 ? 'was' : 'were'} open when the window was closed`,
  waitingWhy: 'It counts as production: nothing is contacted before you say so.',
  putOff: 'It was given up or put off: it opens when you say so.',
  connect: 'Connect',
  open: 'Open',
  leave: 'Leave closed',
  nothingWaits: 'Nothing waits to be connected',
};
