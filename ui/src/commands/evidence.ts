// Anchors, store health, reports and checking them. Their boards are read with their views: these commands reach them by
// name.

import type { Desk } from '../model/desk.svelte';
import type { View } from '../model/view';
import { S } from '../strings';
import { command, type Command, type Group } from './command';

const INTEGRITY = of('integrity', 'Integrity');
const REPORT = of('reports', 'Reports');

export const EVIDENCE: readonly Command[] = [
  command('Reports', ['global'], 'evidence.report', 'Report on what is looked at', report, {
    ...{ keys: ['Mod+e'], words: 'audit evidence pdf export bundle', blocked: hasStore },
  }),
  command('Integrity', ['global'], 'evidence.verifyFile', 'Verify a report, an anchor or a proof…', verifyFile, {
    words: 'bundle check signature',
  }),
  command('Integrity', ['global'], 'evidence.chain', 'The hash chain that the store keeps itself', chain, {
    ...{
      words: 'own chain verify tamper',
      blocked: (d) => hasStore(d) ?? (d.store?.opened.hasChain ? null : S.blocked.chain),
    },
  }),
  INTEGRITY('section', 'Anchors, store health or a folder of evidence', ['s']),
  INTEGRITY('run', 'Verify, or look at the health of the store', ['Mod+Enter']),
  INTEGRITY('anchor', 'Make an anchor', ['n'], 'tamper proof'),
  INTEGRITY('folder', 'Choose where anchors lie…', ['f']),
  INTEGRITY('stop', 'Stop what runs on the store', ['Escape']),
  INTEGRITY('prev', 'Previous anchor', ['[']),
  INTEGRITY('next', 'Next anchor', [']']),
  INTEGRITY('open', 'Open the event of the finding in History', ['o']),
  REPORT('run', 'Make the report', ['Mod+Enter']),
  REPORT('preview', 'Read the pages of the report before it is made', ['p'], 'look draft'),
  REPORT('paths', 'List what a report would hold and hide', ['d'], 'dry run redaction mask'),
  REPORT('about.events', 'Report on events', ['1'], 'kind about'),
  REPORT('about.verification', 'Report on an anchor', ['2'], 'kind about tamper verification'),
  REPORT('about.invariants', 'Report on invariants', ['3'], 'kind about conditions'),
  REPORT('about.comparison', 'Report on two handlers', ['4'], 'kind about comparison versions'),
  REPORT('about.subject', 'Report on one person', ['5'], 'kind about subject access gdpr'),
  REPORT('take', 'Take the stream and the moments that are open', ['t']),
  REPORT('out', 'Choose where reports go…', ['f']),
  REPORT('redact', 'Choose masking rules…', ['r'], 'redaction redact'),
  REPORT('read', 'Open the report that was made', ['o'], 'pdf html read pages'),
  REPORT('folder', 'Open the folder of the report that was made', ['Shift+o'], 'files directory'),
  REPORT('verify', 'Verify the report that was made', ['v']),
  REPORT('stop', 'Stop the report', ['Escape']),
];

function of(view: View, group: Group) {
  return (action: string, title: string, keys: readonly string[] = [], words = ''): Command =>
    command(group, [view], `${view}.${action}`, title, ({ store }) => store?.boards.get(view)?.act(action), {
      ...{ keys, words, blocked: (d) => hasStore(d) ?? d.store?.boards.get(view)?.blocked(action) ?? null },
    });
}

function hasStore({ store }: Desk): string | null {
  return store ? null : S.blocked.store;
}

async function report(desk: Desk): Promise<void> {
  const { store } = desk;
  if (!store) return;
  const { reportsOf } = await import('../model/reporting.svelte');
  await reportsOf(desk, store).takeShown();
  desk.show('reports');
}

async function chain(desk: Desk): Promise<void> {
  const { showChain } = await import('../model/integrity.svelte');
  showChain(desk);
}

/** `folder`: the one to check; without it a person is asked. */
async function verifyFile(desk: Desk, _: unknown, folder: string): Promise<void> {
  const { showBundle } = await import('../model/integrity.svelte');
  await showBundle(desk, folder);
}
