// What if: branches of a stream. The board is read with its view: these commands reach it by name.

import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Command, type Shape } from './command';

const branch = (isWhole: boolean) => async (desk: Desk) =>
  (await import('../model/sandbox.svelte')).branchHere(desk, isWhole);

const SANDBOX_OF = (action: string, title: string, keys: readonly string[] = [], shape: Shape = {}): Command =>
  command(
    'Sandbox',
    ['sandbox'],
    `sandbox.${action}`,
    title,
    ({ store }) => store?.boards.get('sandbox')?.act(action),
    {
      ...{ keys, ...shape },
      blocked: ({ store }) =>
        store?.boards.get('sandbox')?.blocked(action) ?? (store?.boards.has('sandbox') ? null : ''),
    },
  );

export const SANDBOX: readonly Command[] = [
  command('Sandbox', ['history'], 'sandbox.branchWithout', 'Branch here without this event', branch(false), {
    ...{ words: 'what if sandbox skip leave out', blocked: ({ history }) => (history?.a ? null : S.blocked.start) },
  }),
  command('Sandbox', ['history'], 'sandbox.branchHere', 'Open this stream in a sandbox', branch(true), {
    words: 'what if branch',
  }),
  SANDBOX_OF('skip', 'Leave this event out', ['x', 'Delete']),
  SANDBOX_OF('edit', 'Edit the payload of this event…', ['e']),
  SANDBOX_OF('time', 'Record this event at another time…', ['t']),
  SANDBOX_OF('imagine', 'Imagine an event after this one…', ['i']),
  SANDBOX_OF('earlier', 'Put this event one earlier', ['Alt+ArrowUp']),
  SANDBOX_OF('later', 'Put this event one later', ['Alt+ArrowDown']),
  SANDBOX_OF('undo', 'Take the last edit back', ['Mod+z']),
  SANDBOX_OF('redo', 'Do the edit again', ['Mod+Shift+z']),
  SANDBOX_OF('apply', 'Apply the edit that is written', ['Mod+Enter']),
  SANDBOX_OF('prev', 'Previous event of both lines', ['ArrowLeft', 'ArrowUp'], { isQuiet: true }),
  SANDBOX_OF('next', 'Next event of both lines', ['ArrowRight', 'ArrowDown'], { isQuiet: true }),
  SANDBOX_OF('prevTurn', 'Previous row at which they begin to differ', ['['], { isQuiet: true }),
  SANDBOX_OF('nextTurn', 'Next row at which they begin to differ', [']'], { isQuiet: true }),
  SANDBOX_OF('whole', 'Show what is equal in both lines too', ['a']),
  SANDBOX_OF('stop', 'Stop folding, or leave the editor', ['Escape'], { isQuiet: true }),
  SANDBOX_OF('close', 'Close the sandbox'),
];
