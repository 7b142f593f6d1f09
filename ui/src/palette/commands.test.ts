// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { busOf } from '../commands/bus';
import { COMMANDS } from '../commands/registry';
import { keymapOf, keysOf } from '../keymap/keymap';
import { Desk } from '../model/desk.svelte';
import { commandItems } from './items';

it('finds every command by its title, with its keys, also one that cannot run now', () => {
  const desk = new Desk(fakeBackend({ sampleEvents: 1 }));
  const keymap = keymapOf(COMMANDS, [], 'other');
  const layout = new Map<string, string>();
  const reach = {
    focusRegion() {},
    cancelShown: () => false,
    focusRecent() {},
    copy: async () => {},
    pageSize: () => 1,
    run() {},
    palette: null,
  };
  const bus = busOf(
    desk,
    reach,
    () => keymap,
    () => layout,
  );
  for (const { id, title } of COMMANDS) {
    const found = commandItems({ desk, bus, copy() {} }, title).find((item) => item.id === `command:${id}`);
    expect(found?.title, id).toBe(title);
    expect(found?.keys, id).toBe(keysOf(keymap, id, layout)[0] ?? '');
  }
});
