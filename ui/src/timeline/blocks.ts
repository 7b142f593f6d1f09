// What is fetched of the density for a window, and for a whole axis with its folds.

import type { Axis, DensityBy } from '../backend/bindings';
import type { DensityFrame } from '../backend/frames';
import type { Fold, Span } from './axis';
import { foldsOf, measured } from './folds';
import { planFor, runningCounts, type Fetch, type Piece, type Plan } from './lod';
import { Projection } from './projection';

export interface Block {
  axis: Axis;
  /** What its series are. */
  by: DensityBy;
  plan: Plan;
  pieces: Piece[];
}

/** The density of a whole axis. */
export interface WholeBlock extends Block {
  /** Its longest empty stretches; on the axes that count events there are none. */
  folds: Fold[];
}

interface Source {
  load(axis: Axis, fetch: Fetch, by: DensityBy): Promise<DensityFrame>;
}

export interface Wanted {
  axis: Axis;
  by: DensityBy;
  plan: Plan;
}

/** What the minimap shows: all kinds in one. */
export function silhouette(axis: Axis, plan: Plan): Wanted {
  return { axis, by: 'type', plan };
}

/** A whole axis. `width`: of its picture, as it is by then. */
export async function wholeBlockOf(
  source: Source,
  wanted: Wanted,
  whole: Span,
  width: () => number,
): Promise<WholeBlock> {
  const block = await blockOf(source, wanted, whole);
  if (wanted.axis !== 'time') return { ...block, folds: [] };
  const load = (fetch: Fetch) => source.load(wanted.axis, fetch, wanted.by);
  const folds = await measured(foldsOf(block.pieces, whole), block.pieces, whole, load);
  if (folds.length === 0) return { ...block, folds };
  // Folding leaves more pixels to what happened. What the folds were found by stays known by its plan.
  const folded = planFor(Projection.of(whole, Math.max(1, width()), folds), whole, folds);
  const { pieces } = await blockOf(source, { ...wanted, plan: folded }, whole);
  return { ...block, pieces, folds };
}

/** A window of an axis. */
export async function blockOf(source: Source, { axis, by, plan }: Wanted, { from }: Span): Promise<Block> {
  const { fetches } = plan;
  const first = fetches[0];
  // What lies before the window, so that a column answers to a moment: one column over all of it.
  const earlier = first && first.from > from ? { from, to: first.from, bucket: first.from - from, columns: 1 } : null;
  const load = (fetch: Fetch) => source.load(axis, fetch, by);
  const [ahead, frames] = await Promise.all([earlier && load(earlier), Promise.all(fetches.map(load))]);
  let before = ahead ? total(ahead) : 0;
  const pieces: Piece[] = [];
  for (const [at, frame] of frames.entries()) {
    const fetch = fetches[at];
    if (!fetch) continue;
    const running = runningCounts(frame.counts, frame.columns, frame.series.length, before);
    // Between two pieces nothing happened.
    before = running[frame.columns] ?? before;
    pieces.push({ fetch, frame, running });
  }
  return { axis, by, plan, pieces };
}

function total(frame: DensityFrame): number {
  return frame.counts.reduce((sum, count) => sum + count, 0);
}
