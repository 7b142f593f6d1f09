// A store that is not followed any more, read anew as it is now. What is open of it stays open where it still is.

import { S } from '../strings';
import type { Desk } from './desk.svelte';

/** Tries the store of the present document again: one that is out of reach is looked at, of another one all is read. */
export async function reconnect(desk: Desk): Promise<void> {
  const { live } = desk.store ?? {};
  if (!live) return;
  if (live.lost && !live.lost.isAnother) await live.lookNow();
  else await reread(desk);
}

// The store is closed with the last document that lets go of it, and opened anew by the first that shows it again.
async function reread(desk: Desk): Promise<void> {
  const { documents, store } = desk;
  const shown = documents.present;
  desk.leave();
  const kept = documents.all
    .filter((document) => document.store === store)
    .map((document) => ({ document, handler: document.handler, places: document.places }));
  desk.failure = null;
  for (const { document } of kept) await documents.setStore(document, null);
  for (const { document, handler, places } of kept) {
    documents.activate(document);
    await desk.goToPlace(...places);
    document.handler = handler;
  }
  documents.activate(shown);
  // What failed of it says so itself.
  if (desk.store && !desk.failure) desk.say(S.live.wasReadAnew(desk.store.opened.name));
}
