// What the twin keeps for a person: settings, keys, what stores are, what the window showed.

import type { Backend } from '../backend';
import type * as wire from '../bindings';

export type PreferencesBackend = Pick<
  Backend,
  'saveSettings' | 'bindKeys' | 'unbindKeys' | 'rememberWindow' | 'cacheUse' | 'clearCache' | 'dress'
>;

export class FakePreferences {
  settings: wire.Settings;
  shown: wire.WindowPlaces | null;
  #cache = '1.2 GB';
  readonly #purged = new Set<string>();

  constructor(settings: wire.Settings, shown: wire.WindowPlaces | null) {
    this.settings = settings;
    this.shown = shown;
  }

  /** Keys and environments stay as they are, as in the file. */
  save(settings: wire.Settings): void {
    const { environments = [], keys = [] } = this.settings;
    this.settings = { ...settings, environments, keys };
  }

  bind(binding: wire.KeyBinding): void {
    this.unbind(binding.context, binding.keys);
    this.settings = { ...this.settings, keys: [...(this.settings.keys ?? []), binding] };
  }

  unbind(context: string, keys: string): void {
    const kept = (this.settings.keys ?? []).filter((one) => one.context !== context || one.keys !== keys);
    this.settings = { ...this.settings, keys: kept };
  }

  classify(location: string, environment: wire.Environment | null): void {
    const others = (this.settings.environments ?? []).filter((one) => one.location !== location);
    const environments = environment === null ? others : [...others, { location, environment }];
    this.settings = { ...this.settings, environments };
  }

  cacheUse(connection: string | null): wire.CacheUse {
    const folder = '/home/ada/.cache/refold';
    if (connection === null) return { folder, size: this.#cache, told: '' };
    const isThere = !this.#purged.has(connection);
    const told = isThere
      ? '1,000 events as of 2026-11-20T09:00:00.000Z, up to position 1000, with their payloads'
      : 'nothing of it could be looked at without the server';
    return { folder: `${folder}/servers/${connection}`, size: isThere ? '1.2 MB' : '0 B', told };
  }

  clearCache(connection: string | null): void {
    if (connection === null) this.#cache = '0 B';
    else this.#purged.add(connection);
  }
}

/** The twin with what it keeps for a person. */
export function withPreferences<Rest extends object>(twin: Rest, of: FakePreferences): Rest & PreferencesBackend {
  const answers: PreferencesBackend = {
    saveSettings: async (settings) => of.save(settings),
    bindKeys: async (binding) => of.bind(binding),
    unbindKeys: async (context, keys) => of.unbind(context, keys),
    rememberWindow: async (shown) => {
      of.shown = shown;
    },
    cacheUse: async (connection) => of.cacheUse(connection),
    clearCache: async (connection) => {
      of.clearCache(connection);
      return of.cacheUse(connection);
    },
    dress: async (_title, _theme, zoomPercent) => {
      // A page in a browser has no frame of its own.
      document.documentElement.style.zoom = zoomPercent === 100 ? '' : `${zoomPercent}%`;
    },
  };
  // The methods of the twin stand on its prototype: what is added goes onto the object itself.
  return Object.assign(twin, answers);
}
