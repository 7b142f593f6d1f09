// Case files.

import { caseWritingOf } from '../model/case.svelte';
import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Command } from './command';

export const CASE: readonly Command[] = [
  command('Notebook', ['global'], 'case.save', 'Save notes and what is open as a case file…', save, {
    ...{ keys: ['Mod+Shift+e'], words: 'evidence share export keep offline reopen', blocked: saveBlocked },
  }),
  command('Notebook', ['global'], 'case.cancel', 'Stop writing the case file', cancel, {
    ...{ words: 'abort', blocked: (d) => (writing(d)?.isWriting ? null : S.case.blocked.notWriting), isQuiet: true },
  }),
];

function writing({ store }: Desk) {
  return store ? caseWritingOf(store) : null;
}

function saveBlocked({ store }: Desk): string | null {
  if (!store) return S.blocked.store;
  if (store.opened.case) return S.case.blocked.isCase;
  return caseWritingOf(store).isWriting ? S.case.blocked.writing : null;
}

async function save(desk: Desk): Promise<void> {
  if (desk.store) await caseWritingOf(desk.store).write(desk.store, desk);
}

async function cancel(desk: Desk): Promise<void> {
  if (desk.store) await writing(desk)?.cancel(desk.store);
}
