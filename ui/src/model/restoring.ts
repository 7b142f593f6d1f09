// The documents of the window as they are written down for its next start, and back. Pure.

import type { DocumentPlace } from '../backend/bindings';
import { bigFromText } from '../base/exact';
import { fileName } from '../base/format';
import type { Place } from './document.svelte';
import { TABS, viewOf } from './view';

export function written(place: Place): DocumentPlace {
  const { a, b, axis, focus, store, stream, types, view, window } = place;
  return {
    ...{ view, store: store?.location ?? null, layout: store?.layout ?? null },
    ...{ stream: stream?.id ?? null, category: stream?.category ?? null, handler: stream?.handler ?? null },
    ...{ a, b, lens: place.lens, axis, from: window ? `${window.from}` : null, to: window ? `${window.to}` : null },
    ...{ focus, types: [...types], asOf: place.asOf, asked: place.asked, lanes: place.lanes, streams: place.streams },
    ...{ compared: place.compared, look: place.look, sandbox: null },
  };
}

/** What this version does not know is as it is by default. */
export function placeFrom(kept: DocumentPlace, document: number): Place {
  const { a, axis, b, category, focus, handler, layout, store, stream, types } = kept;
  const from = bigFromText(kept.from ?? '');
  const to = bigFromText(kept.to ?? '');
  return {
    document,
    view: viewOf(kept.view) ?? (stream === null ? 'overview' : 'history'),
    store: store === null ? null : { location: store, name: fileName(store), layout: layout ?? '' },
    stream: stream === null ? null : { id: stream, category: category ?? '', handler: handler ?? '' },
    ...{ a, b, lens: TABS.find((tab) => tab === kept.lens) ?? 'state', axis, focus, types, label: '' },
    ...{ asOf: kept.asOf ?? null, asked: kept.asked ?? null, lanes: kept.lanes ?? null, streams: kept.streams ?? null },
    ...{ compared: kept.compared ?? null, look: kept.look ?? null },
    window: from !== null && to !== null && from < to ? { from, to } : null,
  };
}
