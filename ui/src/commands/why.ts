// Why a field has its value.

import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Command } from './command';

const hasField = ({ history }: Desk) => (history === null || history.focus !== null ? null : S.blocked.noRow);
const isAsked = ({ history }: Desk) => (history?.why.asked ? null : S.blocked.noWhy);

export const WHY: readonly Command[] = [
  command('Inspect', ['history'], 'inspect.why', 'Why the focused field has its value', ask, {
    ...{ keys: ['y'], words: 'cause reason slice provenance rule made', blocked: hasField },
  }),
  command('Inspect', ['history'], 'inspect.closeWhy', 'Close why the field has its value', close, { blocked: isAsked }),
];

function ask({ history }: Desk): void {
  if (!history || history.focus === null) return;
  history.fields.unlist();
  void history.why.ask(history.focus, history.a);
}

function close({ history }: Desk): void {
  history?.why.close();
}
