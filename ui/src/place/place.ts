// A place: everything that a view of the window is a function of. Pure.

import type { Axis, ComparedPlace, LanesPlace, StreamSelection, TimelineLook } from '../backend/bindings';
import type { Span } from '../timeline/axis';

/** The store that a place is in, and how it was opened. */
export interface PlaceStore {
  location: string;
  name: string;
  layout: string;
}

/** The stream that a place is in, and with what it is folded. */
export interface PlaceStream {
  id: string;
  category: string;
  /** As `openHistory` takes it. */
  handler: string;
}

export interface Place<View extends string = string, Lens extends string = string> {
  /** Number of the document that shows it. */
  document: number;
  view: View;
  /** `null` on the welcome page. */
  store: PlaceStore | null;
  /** `null` where the scope is the whole store. */
  stream: PlaceStream | null;
  /** Moments of the stream; `a` is 0 before its first event. */
  a: number;
  b: number | null;
  /** The instant that A was fixed at, RFC 3339; `null`: A is its event. */
  asOf: string | null;
  /** The cursor that A was asked for by, where events are missing between the event of A and it; `null`: A is its event. */
  asked: string | null;
  lens: Lens;
  axis: Axis;
  window: Span | null;
  /** JSON pointer of the focused field. */
  focus: string | null;
  /** Event types that the list shows; empty: all. */
  types: readonly string[];
  /** How A is written: the store's own version. */
  label: string;
  /** The streams on lanes and where their cursor is; `null` where none is. */
  lanes: LanesPlace | null;
  /** Which streams the list of them shows; `null` where it shows all in their usual order, or is not shown. */
  streams: StreamSelection | null;
  /** What stands side by side; `null` where nothing was compared yet. */
  compared: ComparedPlace | null;
  /** How the timeline is drawn; `null`: as usual. It refines a place. */
  look: TimelineLook | null;
}

/** Whether two places show the same: going from one to the other would be no step. */
export function samePlace(x: Place, y: Place): boolean {
  const isSameMoment =
    x.a === y.a && x.b === y.b && x.asOf === y.asOf && x.asked === y.asked && (x.lens === y.lens || x.stream === null);
  if (!sameView(x, y) || !isSameMoment) return false;
  if (x.view === 'compare') return sameCompared(x.compared, y.compared);
  return x.view !== 'lanes' || sameLanes(x.lanes, y.lanes);
}

/** Whether two places are one view of the same, wherever its cursors are: those move by themselves in what is followed. */
export function sameView(x: Place, y: Place): boolean {
  return x.document === y.document && x.view === y.view && sameScope(x, y);
}

/** What a place is of, as one text: another store, layout, stream or handler is another one. */
export function scopeText({ store, stream }: Place): string {
  return JSON.stringify([store?.location, store?.layout, stream?.id, stream?.handler]);
}

/** The latest places, each scope and moment once, without the present one. */
export function recentPlaces<P extends Place>(latestFirst: readonly P[], here: P, count: number): P[] {
  const found: P[] = [];
  for (const place of latestFirst) {
    if (found.length === count) break;
    const isKnown = [here, ...found].some((other) => sameScope(other, place) && other.a === place.a);
    if (place.store !== null && !isKnown) found.push(place);
  }
  return found;
}

// Where the cursor of the lanes is refines a place; which streams they show on which clock makes it another one.
function sameLanes(x: LanesPlace | null, y: LanesPlace | null): boolean {
  return x?.clock === y?.clock && x?.chosen === y?.chosen && x?.streams.join('\n') === y?.streams.join('\n');
}

// The view before anything was compared is no place to come back to. The order of elements refines one.
function sameCompared(x: ComparedPlace | null, y: ComparedPlace | null): boolean {
  if (x === null || y === null) return true;
  const text = ({ base, current, preset }: ComparedPlace) => JSON.stringify([preset, base, current]);
  return text(x) === text(y);
}

function sameScope(x: Place, y: Place): boolean {
  return scopeText(x) === scopeText(y);
}
