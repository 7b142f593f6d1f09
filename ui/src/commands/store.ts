// Opening and closing stores, and the jobs that work on them.

import { countOf, fileName } from '../base/format';
import { dayText } from '../base/instant';
import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

export const STORE: readonly Command[] = [
  command('Store', ['global'], 'connection.open', 'Open a file…', (d) => d.openFile(), {
    ...{ keys: ['Mod+o'], words: 'store database sqlite jsonl csv choose' },
  }),
  command('Store', ['global'], 'connection.recent', 'Open a recent store…', openRecent, {
    ...{ words: 'database last', choices: recents },
  }),
  recent('connection.recent.next', 'Next recent store', 'ArrowDown', 1),
  recent('connection.recent.prev', 'Recent store before', 'ArrowUp', -1),
  command('Store', ['global'], 'connection.sample', 'Open the sample store', (d) => d.openSample(), {
    words: 'demo try orders shop',
  }),
  command('Store', ['global'], 'connection.forget', 'Forget a recent store…', forget, {
    ...{ words: 'remove list', choices: recents, isQuiet: true },
  }),
  command('Store', ['welcome'], 'connection.recall', 'List the store again that was forgotten', (d) => d.listAgain(), {
    ...{ words: 'undo bring back recent', blocked: ({ forgotten }) => (forgotten ? null : S.blocked.noForgotten) },
  }),
  command('Store', ['welcome'], 'connection.as', 'Open what failed with another layout…', openAs, {
    ...{ blocked: hasFailed, choices: layouts },
  }),
  command('Store', ['welcome'], 'connection.layout', 'Open what failed with a layout file of yours', openWithFile, {
    ...{ words: 'mapping toml', blocked: hasFailed },
  }),
  command('Store', ['global'], 'connection.close', 'Close the store', (d) => d.leaveStore(), {
    blocked: (desk) => (desk.store ? null : S.blocked.store),
  }),
  command('Store', ['global'], 'job.index', 'Build the index', (d) => d.store?.index(), { blocked: indexBlocked }),
  command('Store', ['global'], 'job.cancel', 'Cancel the running job', cancelJobs, {
    ...{ words: 'stop index sample', blocked: jobsBlocked },
  }),
];

/** Enter opens the one that has the focus. */
function recent(id: string, title: string, key: string, step: 1 | -1): Command {
  return command('Store', ['welcome'], id, title, (_, reach) => reach.focusRecent(step), {
    ...{ keys: [key], isQuiet: true, blocked: (desk) => (desk.recents.length > 0 ? null : S.blocked.noRecents) },
  });
}

function recents(desk: Desk): Choice[] {
  return desk.recents.map(({ location, layoutTitle, events, openedAt }) => ({
    value: location,
    title: fileName(location),
    note: [location, layoutTitle, events === null ? '' : countOf(events, 'event', 'events'), dayText(openedAt)]
      .filter(Boolean)
      .join(' · '),
  }));
}

async function openRecent(desk: Desk, _: Reach, location: string): Promise<void> {
  await desk.openStore(location);
}

function hasFailed(desk: Desk): string | null {
  return desk.failedOpening ? null : S.blocked.noFailure;
}

function layouts({ failedOpening }: Desk): Choice[] {
  return (failedOpening?.error.choices ?? []).map((layout) => ({ value: layout, title: layout, note: '' }));
}

function openAs(desk: Desk, _: Reach, layout: string): Promise<void> {
  return openFailed(desk, layout);
}

async function openFailed(desk: Desk, layout: string): Promise<void> {
  if (desk.failedOpening) await desk.openStore(desk.failedOpening.location, layout);
}

async function openWithFile(desk: Desk): Promise<void> {
  const layout = await desk.backend.pickFile('layout');
  if (layout !== null) await openFailed(desk, layout);
}

function forget(desk: Desk, _: Reach, location: string): Promise<void> {
  return desk.forget(location);
}

function indexBlocked(desk: Desk): string | null {
  if (!desk.store) return S.blocked.store;
  if (desk.store.isReady) return S.blocked.indexed;
  return desk.store.isIndexing ? S.blocked.indexing : null;
}

function jobsBlocked({ jobs, opening, openingStream }: Desk): string | null {
  return jobs > 0 || (opening ?? openingStream) !== null ? null : S.blocked.noJob;
}

async function cancelJobs(desk: Desk): Promise<void> {
  if ((desk.opening ?? desk.openingStream) !== null) return await desk.cancelOpening();
  if (desk.sampleJob) await desk.backend.cancelJob(desk.sampleJob.job);
  await desk.store?.cancelIndex();
}
