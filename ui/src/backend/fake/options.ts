// How a twin starts: its seed, what it remembers of an earlier start, how slow it is.

import type * as wire from '../bindings';
import type { Faults } from './faults';

export interface FakeOptions {
  seed: number;
  /** Events of the store that `makeSample` makes. */
  sampleEvents: number;
  recents: wire.Recent[];
  /** Those of them whose file is not there. */
  gone: string[];
  connections: wire.Connection[];
  launch: wire.Launch | null;
  settings: wire.Settings;
  settingsFile: string;
  settingsFailure: wire.AppErrorWire | null;
  settingsProblems: string[];
  /** What the window showed at its last start. */
  places: wire.WindowPlaces | null;
  /** Milliseconds before every answer. */
  delayMillis: number;
  /** What fails, is slow or never answers. */
  faults: Faults;
  /** Where events called `link` are links that a later start hands over. */
  links: EventTarget;
}
