// What of the window goes into a case file, and what of it stands open again: the documents of a store, the stream behind
// each, and the branch of a sandbox.

import type { DocumentPlace } from '../backend/bindings';
import { CASE_VIEW as T } from '../strings/case_view';
import type { OpenDocument } from './document.svelte';
import type { Documents } from './documents.svelte';
import type { OpenStore } from './open_store.svelte';
import { written } from './restoring';
import { SandboxBoard, sandboxOf } from './sandbox.svelte';

/** What is written of it. */
export interface CasePlaces {
  places: DocumentPlace[];
  shown: number;
  /** Of what stands open: what goes into the file, and what does not, in words. */
  within: string[];
  elsewhere: string[];
}

/** The documents of a store as a case keeps them. */
export function placesOf(store: OpenStore, documents: Documents): CasePlaces {
  const open = documents.all.filter((one) => one.store === store);
  const board = store.boards.get('sandbox');
  const branch = board instanceof SandboxBoard && board.opened ? board : null;
  const elsewhere = documents.all
    .filter((one) => one.store !== store)
    .map((one) => [one.title, one.store?.opened.location ?? ''].filter(Boolean).join(' · '));
  if (branch && !open.some(({ view }) => view === 'sandbox')) elsewhere.push(T.unseenBranch(branch.stream));
  if (branch?.draft) elsewhere.push(T.unapplied);
  return {
    places: open.map((one) => placeOf(one, branch)),
    shown: Math.max(0, open.indexOf(documents.present)),
    within: open.map((one) =>
      one.view === 'sandbox' && branch ? T.branch(branch.stream, branch.edits.length) : one.title,
    ),
    elsewhere,
  };
}

/** Another view goes along with the stream that is open behind it. */
function placeOf(one: OpenDocument, branch: SandboxBoard | null): DocumentPlace {
  const own = written(one.place);
  const [behind] = one.places;
  const { compared, lanes, streams, view } = own;
  const place = behind ? { ...written(behind), compared, lanes, streams, view } : own;
  if (view !== 'sandbox' || !branch) return place;
  const { edits, handler, stream } = branch;
  const isSame = place.stream === stream;
  const at = isSame ? {} : { a: 0, b: null, asOf: null, focus: null, types: [], from: null, to: null, category: null };
  return { ...place, ...at, stream, handler, sandbox: edits };
}

/** Branches the stream again that a sandbox showed. */
export async function branchAgain(store: OpenStore, { handler, sandbox, stream }: DocumentPlace): Promise<void> {
  if (sandbox && stream) await sandboxOf(store).begin(stream, handler ?? '', sandbox);
}
