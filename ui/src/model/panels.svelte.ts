// The shares of panels that a person chose, by the name of the border between them. They outlive the window.

import { getContext, setContext } from 'svelte';
import type { WindowPlaces } from '../backend/bindings';

export class Panels {
  #shares = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Whether a list is shown beside what it leads to. */
  isListShown = $state(true);
  /** Whether a list lies over it, where there is no room for both. */
  isDrawerOpen = $state(false);

  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** From 0 to 1; `null` where nobody chose one. */
  share(name: string): number | null {
    return this.#shares.get(name) ?? null;
  }

  /** `null`: the share of the design again. */
  set(name: string, share: number | null): void {
    const shares = new Map(this.#shares);
    if (share === null) shares.delete(name);
    else shares.set(name, share);
    this.#shares = shares;
    this.#changed();
  }

  /** Shows or hides the list; `isNarrow`: as a drawer. */
  switchList(isNarrow: boolean): void {
    if (isNarrow) this.isDrawerOpen = !this.isDrawerOpen;
    else this.isListShown = !this.isListShown;
    this.#changed();
  }

  take({ isListHidden, panels }: WindowPlaces): void {
    this.#shares = new Map(panels?.map(({ name, perMille }) => [name, perMille / 1000]));
    this.isListShown = isListHidden !== true;
  }

  /** As they are written down for the next start. */
  get written(): Pick<WindowPlaces, 'isListHidden' | 'panels'> {
    const panels = [...this.#shares].map(([name, share]) => ({ name, perMille: Math.round(share * 1000) }));
    return { panels, isListHidden: !this.isListShown };
  }
}

export function providePanels(panels: Panels): void {
  setContext(KEY, panels);
}

export function usePanels(): Panels {
  return getContext<Panels>(KEY);
}

const KEY = 'panels';
