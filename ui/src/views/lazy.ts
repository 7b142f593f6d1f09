// The views that are seldom looked at: each is read when it shows for the first time, so that the window starts small.

import type { Component } from 'svelte';
import type { Desk } from '../model/desk.svelte';
import type { OpenStore } from '../model/open_store.svelte';
import type { View } from '../model/view';

/** What each of them gets. */
export interface ViewProps extends Record<string, unknown> {
  desk: Desk;
  theme: string;
  keys: (command: string) => string;
  run: (command: string, value?: string) => void;
}

/** What those get that are of what one store shows. */
export interface StoreViewProps extends Record<string, unknown> {
  desk: Desk;
  store: OpenStore;
  theme: string;
}

export const LAZY: Partial<Record<View, () => Promise<Component<ViewProps>>>> = {
  compare: async () => (await import('./compare/Compare.svelte')).default,
  lanes: async () => (await import('./Lanes.svelte')).default,
  integrity: async () => (await import('./evidence/IntegrityView.svelte')).default,
  settings: async () => (await import('./settings/Settings.svelte')).default,
};

/** Another store has another one of these. */
export const OF_STORE: Partial<Record<View, () => Promise<Component<StoreViewProps>>>> = {
  replay: async () => (await import('./lab/Replay.svelte')).default,
  handlers: async () => (await import('./handlers/Handlers.svelte')).default,
  invariants: async () => (await import('./lab/Invariants.svelte')).default,
  gate: async () => (await import('./gate/Gate.svelte')).default,
  sandbox: async () => (await import('./lab/Sandbox.svelte')).default,
  reports: async () => (await import('./evidence/Reports.svelte')).default,
  notebook: async () => (await import('./notebook/Notebook.svelte')).default,
  search: async () => (await import('./search/Search.svelte')).default,
};
