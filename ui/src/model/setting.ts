// What can be set, once: the settings page and the palette both read this list. Each has a line in the settings file.

import type { Settings } from '../backend/bindings';
import { SETTINGS_TEXTS as T } from '../strings/settings';

export type Section = keyof typeof T.sections;

/** The settings that are a choice among a few. */
export interface Setting {
  key: ChoiceKey;
  section: Section;
  title: string;
  note: string;
  words: string;
  choices: readonly { value: string; title: string }[];
}

export type ChoiceKey = Exclude<keyof Settings, 'keys' | 'environments' | 'zoomPercent'>;

const SWITCH = [
  { value: 'true', title: T.on },
  { value: 'false', title: T.off },
];

export const SETTINGS: readonly Setting[] = [
  choice('role', 'start', 'I am a', 'Sets a few of the settings below. Each can be changed afterwards', 'first lens', [
    ['developer', 'Developer'],
    ['analyst', 'Analyst'],
    ['auditor', 'Auditor'],
    ['onCall', 'Engineer on call'],
  ]),
  choice('theme', 'appearance', 'Theme', '', 'dark light colours', [
    ['dark', 'Dark'],
    ['light', 'Light'],
    ['system', 'As the system'],
  ]),
  choice('density', 'appearance', 'Rows', '', 'density compact height', [
    ['comfortable', 'Comfortable'],
    ['compact', 'Compact'],
  ]),
  choice('diffColours', 'appearance', 'Diff colours', 'Signs say the same, so that no colour has to', 'blindness', [
    ['blueOrange', 'Blue and orange'],
    ['greenRed', 'Green and red'],
  ]),
  choice('diffLayout', 'appearance', 'Differences', '', 'diff compare columns', [
    ['unified', 'Unified'],
    ['sideBySide', 'Side by side'],
  ]),
  choice('diffExtent', 'appearance', 'Differences show', '', 'diff compare', [
    ['changes', 'Only changes'],
    ['whole', 'The whole state'],
  ]),
  choice(
    'firstTab',
    'appearance',
    'First tab',
    'What the inspector shows of a stream that was just opened',
    'inspector',
    [
      ['story', 'Story'],
      ['state', 'State'],
      ['diff', 'Diff'],
      ['blame', 'Blame'],
      ['event', 'Event'],
      ['raw', 'Raw'],
      ['causation', 'Causation'],
    ],
  ),
  choice('wheel', 'timeline', 'Wheel over a timeline', 'With Ctrl it always zooms', 'scroll zoom pan', [
    ['zooms', 'Zooms'],
    ['pans', 'Pans'],
  ]),
  choice(
    'timeZone',
    'time',
    'Time zone',
    'Times and days are shown in it everywhere; each says its zone',
    'utc local',
    [],
  ),
  choice('timeFormat', 'time', 'Date format', '', 'iso day month', [
    ['iso', '2026-08-03'],
    ['dayFirst', '03.08.2026'],
    ['monthFirst', '08/03/2026'],
  ]),
  { ...onOff('letterKeys', 'keyboard', 'Single-letter keys', 'Letters, digits and signs run commands'), words: 'wcag' },
  onOff('announceMoves', 'access', 'Announce moves', 'A screen reader is told what a move of the cursor changed'),
  onOff('reducedMotion', 'access', 'Reduced motion', 'Nothing moves on its own, whatever the system says'),
  choice('rendering', 'advanced', 'Rendering', 'Holds from the next start on', 'gpu compositing software graphics', [
    ['auto', 'Automatic'],
    ['software', 'By the processor'],
    ['graphics', 'By the graphics processor'],
  ]),
  {
    ...onOff(
      'trustPrograms',
      'advanced',
      'Programs without walls',
      'Handlers that are programs also run where nothing keeps them in: they can then read and change what you can',
    ),
    words: 'sandbox process python trust',
  },
];

/** What a setting holds, as the value of one of its choices. */
export function valueOf(settings: Settings, key: ChoiceKey): string {
  return `${settings[key] ?? ''}`;
}

/** The change that choosing a value makes. A role brings more along. */
export function changeOf(key: ChoiceKey, value: string): Partial<Settings> {
  const read = value === 'true' ? true : value === 'false' ? false : value;
  // Each value is one of the choices above, which the type of the setting holds.
  const change = { [key]: read } as Partial<Settings>;
  return key === 'role' ? { ...change, ...ROLES[value] } : change;
}

const ROLES: Record<string, Partial<Settings>> = {
  developer: { density: 'comfortable', firstTab: 'state', timeZone: 'local' },
  analyst: { density: 'comfortable', firstTab: 'story', timeZone: 'local', letterKeys: true },
  auditor: { density: 'comfortable', firstTab: 'blame', timeZone: 'UTC', timeFormat: 'iso' },
  onCall: { density: 'compact', firstTab: 'diff', timeZone: 'UTC' },
};

function choice(
  key: ChoiceKey,
  section: Section,
  title: string,
  note: string,
  words: string,
  choices: [value: string, title: string][],
): Setting {
  return { key, section, title, note, words, choices: choices.map(([value, title]) => ({ value, title })) };
}

function onOff(key: ChoiceKey, section: Section, title: string, note: string): Setting {
  return { key, section, title, note, words: '', choices: SWITCH };
}
