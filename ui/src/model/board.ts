// What a view that is read late keeps for a store: commands and keys reach it by these few words, so that they need not
// know it before it is there.

import type { Masked } from './masking.svelte';
import type { OpenStore } from './open_store.svelte';

export interface Board extends Masked {
  /** Rows of its list. */
  move(by: number): void;
  open(): void | Promise<void>;
  /** Runs one of its own actions. */
  act(action: string): void | Promise<void>;
  /** Why an action cannot run now; `null` when it can. */
  blocked(action: string): string | null;
  close(): Promise<void>;
}

/** The board of a store by its name, made when it is first looked at. */
export function boardOf<Kind extends Board>(
  store: OpenStore,
  name: string,
  kind: abstract new (...parts: never[]) => Kind,
  make: () => Kind,
): Kind {
  const known = store.boards.get(name);
  if (known instanceof kind) return known;
  const board = make();
  store.boards = new Map(store.boards).set(name, board);
  return board;
}
