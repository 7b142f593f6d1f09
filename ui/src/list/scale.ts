// Which rows a scroll offset shows. Pure. Browsers clamp the height of an element (WebKitGTK at 33,554,428 pixels), so
// a list of many million rows gets a spacer of at most `SPACER_CAP` and the scroll bar is scaled: the bar is coarse,
// wheel and keys still move by exact rows.

export const SPACER_CAP = 16_000_000;

export interface ListShape {
  rows: number;
  /** Pixels. */
  rowHeight: number;
  /** Pixels of list that are visible. */
  viewport: number;
}

export interface VisibleRows {
  first: number;
  /** Exclusive. */
  end: number;
}

/** Height of all rows, were there no cap. */
export function fullHeight(shape: ListShape): number {
  return shape.rows * shape.rowHeight;
}

export function spacerHeight(shape: ListShape): number {
  const beyond = lastOffset(shape) + shape.viewport;
  return Math.min(SPACER_CAP, Math.max(fullHeight(shape), lastOffset(shape) > 0 ? beyond : 0));
}

/** The largest offset of the first visible pixel: where the end of the list shows, its first row is whole too. */
export function lastOffset(shape: ListShape): number {
  const { rowHeight, viewport } = shape;
  return Math.max(0, Math.ceil((fullHeight(shape) - viewport) / rowHeight)) * rowHeight;
}

export function offsetFromScroll(shape: ListShape, scrollTop: number): number {
  const scrollable = spacerHeight(shape) - shape.viewport;
  if (scrollable <= 0) return 0;
  const share = Math.min(1, Math.max(0, scrollTop / scrollable));
  return isScaled(shape) ? share * lastOffset(shape) : share * scrollable;
}

export function scrollFromOffset(shape: ListShape, offset: number): number {
  const last = lastOffset(shape);
  if (last === 0) return 0;
  return (Math.min(last, Math.max(0, offset)) / last) * (spacerHeight(shape) - shape.viewport);
}

export function isScaled(shape: ListShape): boolean {
  return fullHeight(shape) > SPACER_CAP;
}

export function visibleRows(shape: ListShape, offset: number): VisibleRows {
  const first = Math.max(0, Math.min(shape.rows, Math.floor(offset / shape.rowHeight)));
  return { first, end: Math.min(shape.rows, Math.ceil((offset + shape.viewport) / shape.rowHeight)) };
}

/** The offset that shows a row with the least movement; `margin` rows are kept around it. */
export function offsetShowing(shape: ListShape, offset: number, row: number, margin: number): number {
  const space = Math.max(0, Math.min(margin, Math.floor(shape.viewport / shape.rowHeight / 2) - 1)) * shape.rowHeight;
  const top = row * shape.rowHeight - space;
  const bottom = (row + 1) * shape.rowHeight + space - shape.viewport;
  // Whole rows at the top: a list that follows a cursor does not cut the first row.
  const below = Math.ceil(bottom / shape.rowHeight) * shape.rowHeight;
  const wanted = offset > top ? top : offset < bottom ? below : offset;
  return Math.min(lastOffset(shape), Math.max(0, wanted));
}
