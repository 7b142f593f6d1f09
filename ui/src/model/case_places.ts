// What of the window goes into a case file, and what of it stands open again: the documents of a store, the stream behind
// each, and the branch of a sandbox. What places are written by is handed over: it is read at the start, in one file with
// what needs it there.

import { errorOf } from '../backend/backend';
import type { CaseWire, DocumentPlace } from '../backend/bindings';
import { CASE_VIEW as T } from '../strings/case_view';
import type { CaseWriting } from './case.svelte';
import type { Desk } from './desk.svelte';
import type { OpenDocument } from './document.svelte';
import type { Documents } from './documents.svelte';
import type { OpenStore } from './open_store.svelte';
import type { Opening } from './opening.svelte';
import type { placeFrom, written } from './restoring';
import { SandboxBoard, sandboxOf } from './sandbox.svelte';

/** What is written of it. */
export interface CasePlaces {
  places: DocumentPlace[];
  shown: number;
  /** Of what stands open: what goes into the file, and what does not, in words. */
  within: string[];
  elsewhere: string[];
}

/** Asks for a file, and writes a case into it. */
export async function writeCase(
  writing: CaseWriting,
  store: OpenStore,
  desk: Desk,
  write: typeof written,
): Promise<void> {
  const { backend, opened } = store;
  writing.failure = null;
  writing.written = null;
  try {
    const file = await backend.pickSave(`${opened.name.replace(/\.\w+$/, '')}.refold-case`);
    if (file === null) return;
    const open = placesOf(store, desk.documents, write);
    const { elsewhere, places, shown } = open;
    const asked = { streams: [], places, shown, elsewhere };
    const done = await backend.saveCase(opened.session, asked, file, (update) => (writing.job = update));
    writing.written = { ...done, ...open };
    desk.say(T.written(done));
  } catch (reason) {
    const error = errorOf(reason);
    if (error.code === 'cancelled') return;
    writing.failure = error;
    // What went wrong stands where cases are written.
    desk.show('notebook');
  }
}

/** The documents of a store as a case keeps them. */
function placesOf(store: OpenStore, documents: Documents, write: typeof written): CasePlaces {
  const open = documents.all.filter((one) => one.store === store);
  const board = store.boards.get('sandbox');
  const branch = board instanceof SandboxBoard && board.opened ? board : null;
  const elsewhere = documents.all
    .filter((one) => one.store !== store)
    .map((one) => [one.title, one.store?.opened.location ?? ''].filter(Boolean).join(' · '));
  if (branch && !open.some(({ view }) => view === 'sandbox')) elsewhere.push(T.unseenBranch(branch.stream));
  if (branch?.draft) elsewhere.push(T.unapplied);
  return {
    places: open.map((one) => placeOf(one, branch, write)),
    shown: Math.max(0, open.indexOf(documents.present)),
    within: open.map((one) =>
      one.view === 'sandbox' && branch ? T.branch(branch.stream, branch.edits.length) : one.title,
    ),
    elsewhere,
  };
}

/** Another view goes along with the stream that is open behind it. */
function placeOf(one: OpenDocument, branch: SandboxBoard | null, write: typeof written): DocumentPlace {
  const own = write(one.place);
  const [behind] = one.places;
  const { compared, lanes, streams, view } = own;
  const place = behind ? { ...write(behind), compared, lanes, streams, view } : own;
  if (view !== 'sandbox' || !branch) return place;
  const { edits, handler, stream } = branch;
  const isSame = place.stream === stream;
  const at = isSame ? {} : { a: 0, b: null, asOf: null, focus: null, types: [], from: null, to: null, category: null };
  return { ...place, ...at, stream, handler, sandbox: edits };
}

/** Branches the stream again that a sandbox showed. */
async function branchAgain(store: OpenStore, { handler, sandbox, stream }: DocumentPlace): Promise<void> {
  if (sandbox && stream) await sandboxOf(store).begin(stream, handler ?? '', sandbox);
}

/**
 * Shows what stood open when a case was written, the first of it in `document`. Without any, its notebook. Who looks at
 * something else keeps that. Of what does not open any more the rest is still there: it rejects with the first failure.
 */
export async function standWhereItStood(
  { places, shown }: CaseWire,
  document: OpenDocument,
  documents: Documents,
  opening: Opening,
  read: typeof placeFrom,
): Promise<void> {
  if (places.length === 0) {
    document.view = 'notebook';
    return;
  }
  let last = document;
  let wanted = document;
  const failures: unknown[] = [];
  for (const [index, place] of places.entries()) {
    // The next one stands behind it.
    const next = index === 0 ? document : documents.add(null, last);
    try {
      await opening.show(next, read(place, next.number), () => true);
      if (next.store) await branchAgain(next.store, place);
      if (index === shown) wanted = next;
    } catch (reason) {
      failures.push(reason);
      if (next.store === null) {
        await documents.close(next);
        continue;
      }
    }
    last = next;
  }
  if (documents.present === document) documents.activate(wanted);
  if (failures.length > 0) throw failures[0];
}
