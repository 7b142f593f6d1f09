// What can be done with the payload or the metadata of an event.

import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Command } from './command';

const isLookedAt = ({ history }: Desk) => (history?.tab === 'event' && history.payload.view ? null : S.blocked.noEvent);

export const PAYLOAD: readonly Command[] = [
  command('Inspect', ['history'], 'inspect.payload.all', 'Show all of a huge payload', showAll, {
    ...{ words: 'large whole tree', blocked: isHuge },
  }),
  command('Inspect', ['history'], 'inspect.payload.findNext', 'Find the next place in the payload', findNext, {
    ...{ words: 'search text', blocked: isLookedAt },
  }),
  command('Inspect', ['history'], 'inspect.saveBinary', 'Save the payload to a file…', save, {
    ...{ words: 'export bytes download', blocked: isLookedAt },
  }),
];

function isHuge(desk: Desk): string | null {
  return isLookedAt(desk) ?? (desk.history?.payload.view?.beginning ? null : S.blocked.noEvent);
}

function showAll({ history }: Desk): void {
  history?.payload.showAll();
}

async function findNext({ history }: Desk): Promise<void> {
  await history?.payload.find();
}

async function save({ history }: Desk): Promise<void> {
  await history?.payload.save();
}
