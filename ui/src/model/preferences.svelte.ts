// What a person has set: read at the start, applied at once, written down at once, and taken back when they wish.

import type { Backend } from '../backend/backend';
import type { AppErrorWire, AppStart, Settings } from '../backend/bindings';

export const DEFAULTS: Required<Settings> = { theme: 'system', density: 'comfortable', letterKeys: true, keys: [] };

export class Preferences {
  current = $state.raw<Required<Settings>>(DEFAULTS);
  /** Path of the settings file. */
  file = $state('');
  /** Why the file cannot be read. */
  failure = $state.raw<AppErrorWire | null>(null);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  take({ settings, settingsFile, settingsFailure }: AppStart): void {
    this.current = { ...DEFAULTS, ...settings };
    this.file = settingsFile;
    this.failure = settingsFailure;
  }

  /** Takes over what a person wrote into the file meanwhile. */
  async read(): Promise<void> {
    this.take(await this.#backend.start());
  }

  /** Rejects where it cannot be saved; it holds in this window all the same. */
  async set(change: Partial<Settings>): Promise<void> {
    this.current = { ...this.current, ...change };
    await this.#backend.saveSettings(this.current);
  }
}
