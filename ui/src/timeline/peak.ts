// Where a timeline is busiest. Pure.

import { bigFromFloat } from '../base/exact';
import type { Span } from './axis';
import type { Piece } from './lod';

/** Columns beside the busiest belong to it while they hold at least this part of its events. */
const SHARE = 0.5;

/** The busiest column of a window, with what is as busy beside it; `null`: there is no event in it. */
export function peakOf(pieces: readonly Piece[], window: Span): Span | null {
  let peak: { piece: Piece; column: number; events: number } | null = null;
  for (const piece of pieces) {
    for (let column = 0; column < piece.fetch.columns; column += 1) {
      const { from, to } = columnsOf(piece, column, column + 1);
      const events = eventsOf(piece, column);
      if (from >= window.from && to <= window.to && events > (peak?.events ?? 0)) peak = { piece, column, events };
    }
  }
  if (!peak) return null;
  const { column, events, piece } = peak;
  let [first, end] = [column, column + 1];
  while (first > 0 && eventsOf(piece, first - 1) >= events * SHARE) first -= 1;
  while (end < piece.fetch.columns && eventsOf(piece, end) >= events * SHARE) end += 1;
  return columnsOf(piece, first, end);
}

function eventsOf({ running }: Piece, column: number): number {
  return (running[column + 1] ?? 0) - (running[column] ?? 0);
}

function columnsOf({ fetch }: Piece, first: number, end: number): Span {
  const at = (column: number) => fetch.from + fetch.bucket * bigFromFloat(column);
  return { from: at(first), to: at(end) };
}
