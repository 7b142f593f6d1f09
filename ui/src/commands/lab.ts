// The replay lab. Its boards are read with their views: these commands reach them by name.

import type { Desk } from '../model/desk.svelte';
import type { View } from '../model/view';
import { command, type Command, type Context, type Group } from './command';

const REPLAY = of('replay', 'Replay');
const HANDLER = of('handlers', 'Handlers');
const INVARIANT = of('invariants', 'Invariants');
const GATE = of('gate', 'Upcasters');

export const LAB: readonly Command[] = [
  REPLAY('run', 'Compare the two handlers', ['Mod+Enter']),
  REPLAY('again', 'Compare again, without what is kept'),
  REPLAY('stop', 'Stop the replay', ['Escape']),
  REPLAY('prev', 'Both states one event earlier', ['ArrowLeft']),
  REPLAY('next', 'Both states one event later', ['ArrowRight']),
  REPLAY('prevTurn', 'Previous divergence or agreement', ['[']),
  REPLAY('nextTurn', 'Next divergence or agreement', [']']),
  REPLAY('whole', 'Show what is equal too', ['e']),
  REPLAY('open', 'Open this moment of both states in History', ['o']),
  REPLAY('swap', 'Exchange left and right'),
  REPLAY('take', 'Take the stream and moment that were looked at'),
  HANDLER('prev', 'Previous version in the list', ['[']),
  HANDLER('next', 'Next version in the list', [']']),
  HANDLER('source', 'Show its source', ['1'], 'file lines'),
  HANDLER('coverage', 'Show which types of events it takes', ['2'], 'missing'),
  HANDLER('declares', 'Show its invariants and upcasters', ['3']),
  HANDLER('cases', 'Show its test cases', ['4']),
  HANDLER('test', 'Run the test cases with this version', ['Mod+Enter']),
  HANDLER('stop', 'Stop what runs', ['Escape']),
  HANDLER('fold', 'Fold the open stream with this version', ['f'], 'replay'),
  HANDLER('open', 'Open the first event of this type in History', ['o']),
  HANDLER('edit', 'Edit a draft of this version', ['e'], 'editor'),
  HANDLER('check', 'Keep the draft and check it', ['Mod+s'], 'save problems', ['handlers', 'editor']),
  HANDLER('changes', 'Show what the draft changes', ['d'], 'diff'),
  HANDLER('try', 'Try the draft on a stream', ['Mod+Enter'], 'run', ['editor']),
  HANDLER('case', 'Make a test case of what the draft is tried on…', ['t'], 'test expected'),
  HANDLER('add', 'Add a file to the draft…', ['n'], 'new'),
  HANDLER('rename', 'Rename the file of the draft…', ['F2'], '', ['handlers', 'editor']),
  HANDLER('remove', 'Remove the file of the draft', [], 'take away'),
  HANDLER('unremove', 'Bring the file back', [], 'undo remove'),
  HANDLER('follow', 'Have the manifest of the draft follow the package again', [], 'undo'),
  HANDLER('publish', 'Save the draft as a new version…'),
  HANDLER('discard', 'Throw the draft away', [], 'discard'),
  HANDLER('restore', 'Bring the draft back', [], 'undo discard'),
  INVARIANT('new', 'New invariant', ['n'], 'condition'),
  INVARIANT('run', 'Run all invariants', ['Mod+Enter']),
  INVARIANT('again', 'Run all invariants again, without what is kept'),
  INVARIANT('one', 'Run this invariant'),
  INVARIANT('stop', 'Stop checking', ['Escape']),
  INVARIANT('prev', 'Previous invariant', ['[']),
  INVARIANT('next', 'Next invariant', [']']),
  INVARIANT('open', 'Open the stream where it breaks', ['o']),
  INVARIANT('diff', 'Compare the last good state with the first broken one', ['3']),
  INVARIANT('versions', 'Ask every version of the handler', ['v'], 'bisect first'),
  INVARIANT('minimize', 'Find the smallest history that breaks it', ['m'], 'minimise'),
  INVARIANT('save', 'Save the smallest history as a test case…'),
  GATE('run', 'Send every event through the upcasters', ['Mod+Enter'], 'gate schema evolution'),
  GATE('stop', 'Stop sending events through', ['Escape']),
  GATE('open', 'Open the example in History', ['o']),
  GATE('whole', 'Show what the upcasters leave alone too', ['e']),
  GATE('take', 'Take the stream that was looked at'),
];

function of(view: View, group: Group) {
  return (
    action: string,
    title: string,
    keys: readonly string[] = [],
    words = '',
    contexts: readonly Context[] = [view],
  ): Command =>
    command(group, contexts, `${view}.${action}`, title, ({ store }) => store?.boards.get(view)?.act(action), {
      ...{ keys, words, blocked: ({ store }: Desk) => store?.boards.get(view)?.blocked(action) ?? null },
    });
}
