// Why a field has its value, why events left it as it was, and what of it was known when.

import type { Desk } from '../model/desk.svelte';
import type { WhyQuestion } from '../model/why.svelte';
import { S } from '../strings';
import { command, type Command } from './command';

const hasField = ({ history }: Desk) => (history === null || history.focus !== null ? null : S.blocked.noRow);
const isKnown = ({ history }: Desk) => (history && history.drawers.knownAbout !== null ? null : S.blocked.noKnown);
const isAsked = ({ history }: Desk) => (history?.drawers.whyAsked ? null : S.blocked.noWhy);

export const WHY: readonly Command[] = [
  command('Inspect', ['history'], 'inspect.why', 'Why the focused field has its value', ask('why'), {
    ...{ keys: ['y'], words: 'cause reason slice provenance rule made', blocked: hasField },
  }),
  command('Inspect', ['history'], 'inspect.whyNot', 'Why events left a field as it was', ask('whyNot'), {
    ...{ keys: ['Shift+y'], words: 'why not condition guard false absent missing rule' },
  }),
  command(
    'Inspect',
    ['history'],
    'inspect.known',
    'What was known and believed',
    ({ history }) => history?.drawers.askKnown(),
    {
      ...{ keys: ['Alt+y'] },
      words: 'corrections late bitemporal as of valid time occurred recorded believed',
    },
  ),
  command('Inspect', ['history'], 'inspect.closeKnown', 'Close known', ({ history }) => history?.drawers.closeKnown(), {
    blocked: isKnown,
  }),
  command('Inspect', ['history'], 'inspect.closeWhy', 'Close why', ({ history }) => history?.drawers.askWhy(null), {
    blocked: isAsked,
  }),
];

function ask(question: WhyQuestion) {
  return ({ history }: Desk): void => history?.drawers.askWhy({ question, path: history.focus, extent: 'toHere' });
}
