// Links of the present place, and going where one says.

import type { AppErrorWire, ComparedPlace, ComparisonSide, Recent } from '../backend/bindings';
import { cursorOfEvent, fileName } from '../base/format';
import { nanosFromRfc3339, rfc3339FromNanos } from '../base/instant';
import type { OpenDocument } from '../model/document.svelte';
import type { OpenHistory } from '../model/open_history.svelte';
import type { OpenStore } from '../model/open_store.svelte';
import { MOST_LANES } from '../model/limits';
import { compare } from '../model/opening.svelte';
import { S } from '../strings';
import { linkText, readLink, type CompareLink, type LanesLink, type Link } from './link';

/** The window, as far as links need it. */
export interface Window {
  readonly view: string;
  readonly store: OpenStore | null;
  readonly history: OpenHistory | null;
  readonly recents: readonly Recent[];
  failure: AppErrorWire | null;
  readonly documents: { readonly present: OpenDocument };
  openStore(location: string): Promise<OpenDocument | null>;
  openStream(
    stream: string,
    at: string | null,
    look: { base: string | null; tab: string | null },
    document: OpenDocument,
  ): Promise<void>;
  openOverlay(overlay: 'palette', text: string): void;
  show(view: 'overview' | 'lanes' | 'compare', document: OpenDocument): void;
  leave(): void;
}

/** The present place as a link; `null` where there is nothing to link to. Rejects when a version cannot be told. */
export async function linkHere({ history, store, view }: Window): Promise<string | null> {
  if (!store) return null;
  const nothing = { stream: null, category: null, at: null, base: null, lens: null, lanes: null, compare: null };
  const link = { ...nothing, store: store.opened.name };
  const { place } = store.lanes;
  if (view === 'lanes' && place) {
    const at = place.instant === null ? null : rfc3339FromNanos(BigInt(place.instant));
    return linkText({ ...link, lanes: { streams: place.streams, clock: place.clock, chosen: place.chosen, at } });
  }
  const compared = view === 'compare' ? store.comparing?.place : null;
  if (compared) return linkText({ ...link, ...comparedLink(compared, store) });
  if (view !== 'history' || !history) return linkText(link);
  const { stream, category } = history.opened;
  const fixed = history.asOf === null ? null : rfc3339FromNanos(history.asOf);
  const [at, base] = await Promise.all([
    fixed ?? history.asked ?? cursorOf(history, history.a),
    cursorOf(history, history.b),
  ]);
  return linkText({ ...link, stream, category, at, base, lens: history.tab === 'state' ? null : history.tab });
}

/** Where the store of a link may be: the open one, else the recent ones of that name. */
export function storesOfLink(
  { recents, store }: { recents: readonly Recent[]; store: { opened: { location: string; name: string } } | null },
  name: string,
): string[] {
  if (store?.opened.name === name) return [store.opened.location];
  return recents.map((recent) => recent.location).filter((location) => fileName(location) === name);
}

/** Goes where a link from outside says, in a document of its own: what a person looks at stays where it is. */
export async function receiveLink(window: Window & { addDocument(): void }, text: string): Promise<void> {
  const link = readLink(text);
  const isKnown = link !== null && storesOfLink(window, link.store).length > 0;
  if (isKnown && window.store !== null) window.addDocument();
  await followLink(window, text);
}

/** Goes where a link says. `location`: which of several stores of its name is meant. */
export async function followLink(window: Window, text: string, location: string | null = null): Promise<void> {
  const link = readLink(text);
  const known = link ? storesOfLink(window, link.store) : [];
  const where = location ?? known[0];
  window.failure = null;
  if (!link) {
    window.failure = { code: 'invalidInput', message: S.place.noLink(text), hint: S.place.linkShape, choices: [] };
  } else if (where === undefined) {
    window.failure = { code: 'notFound', message: S.place.noStore(link.store), hint: S.place.openFirst, choices: [] };
  } else if (location === null && known.length > 1) {
    // Which one is for the person to say.
    window.openOverlay('palette', text);
  } else {
    const isOpen = window.store?.opened.location === where;
    const document = isOpen ? window.documents.present : await window.openStore(where);
    // Where a person went on meanwhile, it is a document that does not show.
    if (document?.store) await showIn(document, document.store, link, window);
  }
}

async function showIn(document: OpenDocument, store: OpenStore, link: Link, window: Window): Promise<void> {
  if (link.lanes) {
    await takeLanes(store, link.lanes, window);
    window.show('lanes', document);
  } else if (link.compare && link.stream !== null) {
    window.leave();
    await compare(store, comparedOf(link, link.compare, store));
    window.show('compare', document);
  } else if (link.stream === null) window.show('overview', document);
  else await window.openStream(link.stream, link.at, { base: link.base, tab: link.lens }, document);
}

async function takeLanes(store: OpenStore, { streams, clock, chosen, at }: LanesLink, window: Window): Promise<void> {
  const instant = at === null ? null : nanosFromRfc3339(at);
  const place = { streams: streams.slice(0, MOST_LANES), clock, chosen, from: null, to: null };
  window.leave();
  await store.lanes.take({ ...place, instant: instant === null ? null : `${instant}` });
}

function comparedLink({ base, current, ignoresOrder, preset }: ComparedPlace, store: OpenStore): Partial<Link> {
  const name = ({ handler }: ComparisonSide) => {
    const known = store.handlers.find(({ reference }) => reference === handler);
    return known ? handlerName(known) : null;
  };
  const [handler, against] = [name(current), name(base)];
  const stream = base.stream === current.stream ? null : base.stream;
  const compare = { preset, stream, handler, against: against === handler ? null : against, ignoresOrder };
  const category = store.comparing?.opened?.current.category ?? null;
  return { stream: current.stream, category, at: current.at, base: base.at, compare };
}

function comparedOf(link: Link, { preset, stream, handler, against, ignoresOrder }: CompareLink, store: OpenStore) {
  const reference = (name: string | null) =>
    store.handlers.find((known) => handlerName(known) === name)?.reference ?? null;
  const current = { stream: link.stream ?? '', at: link.at ?? 'head', handler: reference(handler) };
  const base = {
    ...{ stream: stream ?? current.stream, at: link.base ?? 'head' },
    handler: against === null ? current.handler : reference(against),
  };
  return { preset, base, current, ignoresOrder };
}

function handlerName({ name, version }: { name: string; version: string }): string {
  return version === '' ? name : `${name}@${version}`;
}

/** How a link writes a moment: by its version, or by its position where the store keeps no versions. */
async function cursorOf(history: OpenHistory, moment: number | null): Promise<string | null> {
  if (moment === null) return null;
  if (moment === 0) return 'start';
  const known = history.versionOf(moment);
  if (known !== null && known !== '') return `v${known}`;
  const { row } = await history.store.backend.eventDetail(history.opened.history, moment);
  return cursorOfEvent(row);
}
