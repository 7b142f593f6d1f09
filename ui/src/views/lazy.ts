// The views that are seldom looked at: each is read when it shows for the first time, so that the window starts small.

import type { Component } from 'svelte';
import type { Desk } from '../model/desk.svelte';
import type { View } from '../model/view';

/** What each of them gets. */
export interface ViewProps extends Record<string, unknown> {
  desk: Desk;
  theme: string;
  keys: (command: string) => string;
  run: (command: string, value?: string) => void;
}

export const LAZY: Partial<Record<View, () => Promise<Component<ViewProps>>>> = {
  compare: async () => (await import('./compare/Compare.svelte')).default,
  lanes: async () => (await import('./Lanes.svelte')).default,
  replay: async () => (await import('./lab/ReplayView.svelte')).default,
  invariants: async () => (await import('./lab/InvariantsView.svelte')).default,
  gate: async () => (await import('./gate/GateView.svelte')).default,
  sandbox: async () => (await import('./lab/SandboxView.svelte')).default,
  reports: async () => (await import('./evidence/ReportsView.svelte')).default,
  integrity: async () => (await import('./evidence/IntegrityView.svelte')).default,
  settings: async () => (await import('./settings/Settings.svelte')).default,
  notebook: async () => (await import('./notebook/NotebookView.svelte')).default,
  search: async () => (await import('./search/SearchView.svelte')).default,
};
