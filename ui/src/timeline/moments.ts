// Moments and pixels of a timeline: how many events lie at or before a place, and where the event of a moment is drawn.
// Pure: floor semantics, never the nearest.

import type { Axis } from '../backend/bindings';
import { bigFromFloat, floatFromBig } from '../base/exact';
import { columnOfMoment, momentOfColumn, type Piece } from './lod';
import type { Projection } from './projection';

/** What of a timeline answers. `pieces` are of the shown axis. */
export interface Shown {
  axis: Axis;
  view: Projection;
  pieces: readonly Piece[] | null;
}

/** The pixel of the event that led to a moment; `null` until the density of the axis is there. */
export function xOfMoment({ axis, view, pieces }: Shown, moment: number): number | null {
  // Events have a width on the axis that counts them.
  if (axis === 'version') return view.xOf(BigInt(moment)) + view.scale / 2;
  const first = pieces?.[0];
  if (!first) return null;
  if (moment === 0) return view.xOf(first.fetch.from) - 1;
  const piece = pieceOf(pieces, moment);
  if (!piece) return null;
  const column = columnOfMoment(piece.running, moment);
  return xOfColumn(view, piece, column + 0.5);
}

/** The moment that pointing at a pixel means: the last event at or before it; `null` until the density is there. */
export function momentAt({ axis, view, pieces }: Shown, x: number): number | null {
  const value = view.valueAt(x);
  if (axis === 'version') return Math.max(0, floatFromBig(value));
  const first = pieces?.[0];
  if (!first) return null;
  const piece = pieces.findLast((one) => one.fetch.from <= value);
  if (!piece) return first.running[0] ?? 0;
  return momentOfColumn(piece.running, floatFromBig((value - piece.fetch.from) / piece.fetch.bucket));
}

/** About the value of a moment: where its column begins. */
export function valueOfMoment({ axis, pieces }: Shown, moment: number): bigint | null {
  if (axis === 'version') return BigInt(moment);
  const piece = pieces ? pieceOf(pieces, moment) : undefined;
  if (!piece) return null;
  const column = Math.max(0, columnOfMoment(piece.running, moment));
  return piece.fetch.from + piece.fetch.bucket * bigFromFloat(column);
}

/** The pixel of a border of a piece's columns. Inside of a piece nothing is folded. */
export function xOfColumn(view: Projection, { fetch }: Piece, column: number): number {
  return view.xOf(fetch.from) + column * floatFromBig(fetch.bucket) * view.scale;
}

/** The piece that holds the event of a moment; the nearest before it where none does. */
function pieceOf(pieces: readonly Piece[], moment: number): Piece | undefined {
  return pieces.findLast((piece) => (piece.running[0] ?? 0) < moment) ?? pieces[0];
}
