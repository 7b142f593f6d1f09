// Opening a stream of an open store. It must not know where in the window it goes.

import type { HistoryNews } from './news.svelte';
import { OpenHistory } from './open_history.svelte';
import { boundsOfWhole, type OpenStore } from './open_store.svelte';
import { moveTo } from './opening.svelte';

/**
 * Opens a stream; the caller puts it in its place. Its handler is the one that a person chose, or the one at hand for its
 * category, which only opening it may tell.
 */
export async function openHistory(
  store: OpenStore,
  stream: string,
  at: string | null,
  chosen: string | null,
  news: HistoryNews,
): Promise<OpenHistory> {
  const { backend } = store;
  const known = store.categoryOf(stream);
  let handler = chosen ?? (known === null ? null : store.handlerFor(known));
  let opened = await backend.openHistory(store.opened.session, stream, at, handler, news.hear);
  const fitting = handler ?? store.handlerFor(opened.category);
  if (fitting !== handler) {
    await backend.closeHistory(opened.history);
    handler = fitting;
    opened = await backend.openHistory(store.opened.session, stream, at, handler, news.hear);
  }
  const whole = { axis: 'position' as const, from: '', to: '', columns: 1 };
  const positions = opened.events > 0 ? boundsOfWhole(await backend.historyDensity(opened.history, whole)) : null;
  const history = new OpenHistory(store, opened, handler, positions, news);
  if (at !== null) await moveTo(history, at);
  return history;
}
