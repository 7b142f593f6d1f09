// The documents of the window, one a tab.

import type { Desk } from '../model/desk.svelte';
import type { OpenDocument } from '../model/document.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

const hasMany = (desk: Desk) => (desk.documents.all.length > 1 ? null : S.documents.only);

export const DOCUMENT: readonly Command[] = [
  command('Go', ['global'], 'document.new', 'New tab', (d) => d.addDocument(), {
    ...{ keys: ['Mod+t'], words: 'document add' },
  }),
  command('Go', ['global'], 'document.open', 'Open a stream in a new tab…', openBeside, {
    ...{ words: 'document beside', blocked: (d) => (d.store ? null : S.blocked.store), isQuiet: true },
  }),
  command('Go', ['global'], 'document.close', 'Close the tab', (d, _, value) => d.closeDocument(named(d, value)), {
    ...{ keys: ['Mod+w'], words: 'document', blocked: (d) => (d.store || !hasMany(d) ? null : S.documents.only) },
  }),
  command('Go', ['global'], 'document.next', 'Next tab', (d) => d.activate(d.documents.beside(1)), {
    ...{ keys: ['Mod+Tab', 'Mod+PageDown'], words: 'document', blocked: hasMany },
  }),
  command('Go', ['global'], 'document.prev', 'Previous tab', (d) => d.activate(d.documents.beside(-1)), {
    ...{ keys: ['Mod+Shift+Tab', 'Mod+PageUp'], words: 'document', blocked: hasMany },
  }),
  command('Go', ['global'], 'document.choose', 'Go to a tab…', (d, _, value) => d.activate(named(d, value)), {
    ...{ words: 'document switch', blocked: hasMany, choices: tabs },
  }),
];

function openBeside(desk: Desk, _: Reach, stream: string): void | Promise<void> {
  return stream === '' ? desk.openOverlay('palette', '#') : desk.openBeside(stream);
}

// A document is told by its number; without one the present is meant.
function named({ documents }: Desk, number: string): OpenDocument {
  return documents.all.find((one) => `${one.number}` === number) ?? documents.present;
}

function tabs({ documents }: Desk): Choice[] {
  return documents.all
    .filter((one) => one !== documents.present)
    .map((one) => ({ value: `${one.number}`, title: one.title, note: one.store?.opened.location ?? '' }));
}
