// One field over the whole history: its lane over the timeline, and every value that it ever had.

import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Command, type Reach } from './command';

const hasField = ({ history }: Desk) => (history === null || history.focus !== null ? null : S.blocked.noRow);
const hasList = ({ history }: Desk) => (history?.fields.listed ? null : S.blocked.noFieldHistory);

export const FIELD: readonly Command[] = [
  command('Inspect', ['history'], 'inspect.pinField', 'Pin the focused field as a lane, or let it go', pin, {
    ...{ keys: ['p'], words: 'watch timeline', blocked: hasField },
  }),
  command('Inspect', ['history'], 'inspect.unpin', 'Let a pinned field go…', unpin, {
    words: 'lane watch',
    choices: ({ history }) => (history?.fields.lanes ?? []).map(({ path }) => ({ value: path, title: path, note: '' })),
  }),
  command('Inspect', ['history'], 'inspect.fieldHistory', 'Every value of the focused field', list, {
    ...{ keys: ['h'], words: 'history values chart', blocked: hasField },
  }),
  command('Inspect', ['history'], 'inspect.closeFieldHistory', 'Close the values of the field', close, {
    blocked: hasList,
  }),
  command('Inspect', ['history'], 'inspect.exportField', 'Export every value of the field as CSV…', write, {
    ...{ words: 'table file save', blocked: hasList },
  }),
];

function pin(desk: Desk): void {
  const { history } = desk;
  if (!history || history.focus === null) return;
  history.notice = history.fields.toggleLane(history.focus);
}

function unpin({ history }: Desk, _: Reach, path: string): void {
  if (history?.fields.lanes.some((lane) => lane.path === path)) history.fields.toggleLane(path);
}

function list({ history }: Desk): void {
  if (!history || history.focus === null) return;
  history.drawers.close();
  history.fields.list(history.focus);
}

function close({ history }: Desk): void {
  history?.fields.unlist();
}

async function write(desk: Desk): Promise<void> {
  const file = await desk.history?.fields.export();
  if (file) desk.say(S.scrubber.written(file));
}
