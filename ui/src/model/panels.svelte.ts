// The shares of panels that a person chose, by the name of the border between them. They outlive the window.

import { getContext, setContext } from 'svelte';

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
  }

  take(shares: readonly [name: string, share: number][]): void {
    this.#shares = new Map(shares);
  }

  get all(): [name: string, share: number][] {
    return [...this.#shares];
  }
}

export function providePanels(panels: Panels): void {
  setContext(KEY, panels);
}

export function usePanels(): Panels {
  return getContext<Panels>(KEY);
}

const KEY = 'panels';
