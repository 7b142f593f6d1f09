// How the parts of the page reach the commands: one door, given to all of them as context.

import { getContext, setContext } from 'svelte';
import { errorOf } from '../backend/backend';
import { keysOf, type Keymap } from '../keymap/keymap';
import type { Layout } from '../keymap/keys';
import type { Desk } from '../model/desk.svelte';
import { countAction } from './actions';
import type { Reach } from './command';
import { commandOf } from './registry';

export interface Bus {
  /** Runs a command if it can run now. One that needs a value and gets none asks for it. */
  run(id: string, value?: string): void;
  /** Its first keys as they are shown; empty: it has none. */
  keys(id: string): string;
  title(id: string): string;
  /** Why it cannot run now; `null` when it can. */
  blocked(id: string): string | null;
}

/** `keymap` and `layout` are asked each time: both change while the window is open. */
export function busOf(desk: Desk, reach: Reach, keymap: () => Keymap, layout: () => Layout): Bus {
  return {
    run(id, value = '') {
      const command = commandOf(id);
      if (!command) return;
      const blocked = command.blocked(desk);
      if (blocked !== null) {
        // What does nothing says why.
        if (!command.isQuiet) desk.say(blocked);
        return;
      }
      countAction(id);
      if (command.choices && value === '') {
        desk.openOverlay('palette', '', id);
        return;
      }
      void attempt(desk, () => command.run(desk, reach, value));
    },
    keys: (id) => keysOf(keymap(), id, layout())[0] ?? '',
    title: (id) => commandOf(id)?.title ?? '',
    blocked: (id) => commandOf(id)?.blocked(desk) ?? null,
  };
}

export function provideBus(bus: Bus): void {
  setContext(KEY, bus);
}

export function useBus(): Bus {
  return getContext<Bus>(KEY);
}

const KEY = 'commands';

async function attempt(desk: Desk, act: () => void | Promise<void>): Promise<void> {
  try {
    await act();
  } catch (reason) {
    desk.failure = errorOf(reason);
  }
}
