// What a person has set: read at the start, applied at once, written down at once, and taken back when they wish.

import type { Backend } from '../backend/backend';
import type { AppErrorWire, AppStart, Environment, KeyBinding, Settings } from '../backend/bindings';
import { S } from '../strings';

export const DEFAULTS: Required<Settings> = {
  ...{ theme: 'system', density: 'comfortable', diffColours: 'blueOrange', zoomPercent: 100, wheel: 'zooms' },
  ...{ diffLayout: 'unified', diffExtent: 'changes' },
  ...{ timeZone: 'UTC', timeFormat: 'iso', firstTab: 'state', letterKeys: true, announceMoves: true },
  ...{ reducedMotion: false, rendering: 'auto', trustPrograms: false, role: null, keys: [], environments: [] },
};

const LEAST_PERCENT = 80;
const MOST_PERCENT = 200;
const ZOOM_STEP = 10;

export class Preferences {
  current = $state.raw<Required<Settings>>(DEFAULTS);
  /** Path of the settings file. */
  file = $state('');
  /** What is wrong with the file. */
  failure = $state.raw<AppErrorWire | null>(null);

  readonly #backend: Backend;
  #before = $state.raw<readonly Required<Settings>[]>([]);

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  take({ settings, settingsFile, settingsFailure, settingsProblems }: AppStart): void {
    this.current = { ...DEFAULTS, ...settings };
    this.file = settingsFile;
    this.failure = settingsFailure ?? told(settingsProblems, settingsFile);
  }

  /** Takes over what a person wrote into the file meanwhile. */
  async read(): Promise<void> {
    this.take(await this.#backend.start());
  }

  /** Rejects where it cannot be saved; it holds in this window all the same. */
  async set(change: Partial<Settings>): Promise<void> {
    this.#before = [...this.#before, this.current];
    await this.#apply({ ...this.current, ...change });
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  /** Takes the last change back. Keys and environments stay: each has a way back of its own. */
  async undo(): Promise<void> {
    const before = this.#before.at(-1);
    if (!before) return;
    this.#before = this.#before.slice(0, -1);
    const { environments, keys } = this.current;
    await this.#apply({ ...before, environments, keys });
  }

  /** `direction` 0: the size of the design. */
  zoomStep(direction: -1 | 0 | 1): number {
    if (direction === 0) return 100;
    return Math.min(MOST_PERCENT, Math.max(LEAST_PERCENT, this.current.zoomPercent + direction * ZOOM_STEP));
  }

  async bindKeys(binding: KeyBinding): Promise<void> {
    await this.#backend.bindKeys(binding);
    await this.read();
  }

  async unbindKeys({ context, keys }: KeyBinding): Promise<void> {
    await this.#backend.unbindKeys(context, keys);
    await this.read();
  }

  /** What a person said that a store is; `null`: nothing. */
  environmentOf(location: string): Environment | null {
    return this.current.environments.find((one) => one.location === location)?.environment ?? null;
  }

  async classify(location: string, environment: Environment | null): Promise<void> {
    await this.#backend.classify(location, environment);
    await this.read();
  }

  async #apply(settings: Required<Settings>): Promise<void> {
    this.current = settings;
    await this.#backend.saveSettings(settings);
  }
}

function told(problems: readonly string[], file: string): AppErrorWire | null {
  if (problems.length === 0) return null;
  const message = `${S.settings.problems}: ${problems.join(' · ')}`;
  return { code: 'invalidInput', message, hint: S.settings.correct(file), choices: [] };
}
