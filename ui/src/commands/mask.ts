// Revealing what masking rules hide, and hiding it again.

import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Command } from './command';

const hasRules = ({ history }: Desk) => (history?.masking.hasRules ? null : S.redacted.noRules);
const isRevealed = ({ store }: Desk) => (store?.masking.revealedCount ? null : S.redacted.nothingRevealed);

export const MASK: readonly Command[] = [
  command('Inspect', ['history', 'tree'], 'inspect.reveal', 'Reveal the hidden field…', revealField, {
    ...{ words: 'mask masking redacted sensitive show', blocked: isRedacted },
  }),
  command('Inspect', ['history'], 'inspect.revealAll', 'Reveal everything hidden in this store…', revealAll, {
    ...{ words: 'mask masking redacted sensitive show', blocked: hasRules },
  }),
  command('Inspect', ['global'], 'inspect.conceal', 'Hide again what was revealed last', (d) => conceal(d, false), {
    ...{ words: 'mask masking undo reveal', blocked: isRevealed },
  }),
  command('Inspect', ['global'], 'inspect.concealAll', 'Hide again all that was revealed', (d) => conceal(d, true), {
    ...{ words: 'mask masking undo reveal', blocked: isRevealed },
  }),
];

function isRedacted({ history }: Desk): string | null {
  return history?.rowAt(history.activeRow)?.isRedacted ? null : S.redacted.notRedacted;
}

function revealField({ history }: Desk): void {
  const row = history?.rowAt(history.activeRow);
  if (!history || !row) return;
  const { lens } = history;
  const part = lens === 'payload' || lens === 'metadata' ? lens : 'state';
  history.masking.ask({ stream: history.opened.stream, part, path: row.pointer });
}

function revealAll({ history }: Desk): void {
  history?.masking.ask({ stream: null, part: null, path: '' });
}

async function conceal({ store }: Desk, isAll: boolean): Promise<void> {
  await store?.masking.conceal(isAll);
}
