// How a person wants the trees of one stream: what is folded, and whether only what changed is shown. It is kept by path
// over every move of the cursors.

import type { Lens } from '../backend/bindings';

/** Containers are open down to this depth unless a person wants otherwise. */
export const OPEN_DEPTH = 2;
/** The engine opens no more than it can show at once. */
const DEEPEST = 64;

export class TreeLook {
  openDepth = $state(OPEN_DEPTH);
  onlyChanges = $state(false);
  /** Which of the events that upcasters made of one is shown. */
  part = $state(0);
  readonly #toggled = new Map<Lens, Set<string>>();

  toggle(lens: Lens, path: string): void {
    const toggled = this.#toggled.get(lens) ?? new Set();
    if (toggled.has(path)) toggled.delete(path);
    else toggled.add(path);
    this.#toggled.set(lens, toggled);
  }

  toggledIn(lens: Lens): string[] {
    return [...(this.#toggled.get(lens) ?? [])];
  }

  /** Opens everything, or nothing but the outermost. What was folded one by one counts no more. */
  fold(isOpen: boolean): void {
    this.openDepth = isOpen ? DEEPEST : 0;
    this.#toggled.clear();
  }
}
