// What the cells of a lane show: an event alone as its glyph, several as a column as high as they are many, and how
// many where that can be read. Pure.

import type { LaneMark, LanesPage } from '../backend/bindings';
import { bigFromFloat } from '../base/exact';
import { countText } from '../base/format';
import { xFromValue, type Span } from './axis';

export interface PlacedMark {
  mark: LaneMark;
  /** The middle of the glyph or of the column. */
  x: number;
  /** Of the column; 0: it is a glyph. */
  height: number;
  /** How many events it stands for; empty where that would run into what stands beside it. */
  count: string;
}

/** What the columns of all lanes are measured by: the events of the fullest cell. 0: every event stands alone. */
export function fullestOf(page: LanesPage): number {
  const most = Math.max(0, ...page.lanes.flat().map(({ events }) => events));
  return most > 1 ? most : 0;
}

/** How wide a figure of a count is. */
const FIGURE_PIXELS = 6;
/** How wide the symbol of an event is. */
export const GLYPH_PIXELS = 10;
/** A column of few events can still be seen. */
const LEAST_HEIGHT = 3;

export interface LaneScale {
  /** What the marks were asked for, in so many cells. */
  drawn: Span;
  cells: number;
  /** What is visible by now, over so many pixels. */
  shown: Span;
  width: number;
  /** Pixels of a column of `most` events. */
  height: number;
  most: number;
}

/** `timeX`: where an instant is. Height grows with the root, as on timelines: single events stay visible. */
export function placeMarks(
  marks: readonly LaneMark[],
  scale: LaneScale,
  timeX: (time: string) => number,
): PlacedMark[] {
  const placed = marks.map((mark) => {
    const isAlone = mark.events === 1;
    const share = Math.sqrt(mark.events / Math.max(1, scale.most));
    return {
      ...{ mark, x: isAlone ? timeX(mark.time) : middleOf(mark.cell, scale) },
      height: isAlone ? 0 : Math.max(LEAST_HEIGHT, Math.round(share * scale.height)),
      count: isAlone ? '' : countText(mark.events),
    };
  });
  const halfOf = ({ count }: PlacedMark) => Math.max(GLYPH_PIXELS, count.length * FIGURE_PIXELS) / 2;
  const isApart = (one: PlacedMark, other: PlacedMark | undefined) =>
    other === undefined || Math.abs(one.x - other.x) >= halfOf(one) + halfOf(other);
  return placed.map((one, at) => {
    const hasRoom = isApart(one, placed[at - 1]) && isApart(one, placed[at + 1]);
    return hasRoom ? one : { ...one, count: '' };
  });
}

/** Pixels of a cell by now. */
export function cellWidth(scale: LaneScale): number {
  return middleOf(1, scale) - middleOf(0, scale);
}

function middleOf(cell: number, { cells, drawn, shown, width }: LaneScale): number {
  const [halves, count] = [bigFromFloat(cell * 2 + 1), bigFromFloat(cells * 2)];
  return xFromValue(shown, width, drawn.from + ((drawn.to - drawn.from) * halves) / count);
}
