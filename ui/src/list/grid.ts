// A list of any length with rows of one height, in the browser's hands only as far as it is visible. Rows are recycled
// and painted by writing into their own text nodes: nothing is created while a person scrolls or scrubs.

import {
  isScaled,
  lastOffset,
  offsetFromScroll,
  offsetShowing,
  scrollFromOffset,
  spacerHeight,
  visibleRows,
  type ListShape,
  type VisibleRows,
} from './scale';
import { halvesOf, typeCode } from '../base/format';
import { colourToken, OWN_SHAPES, shapeOf } from '../ui/shapes';

/** What a list paints. `Nodes` are the parts of one recycled row. */
export interface RowPainter<Nodes> {
  /** Fills an empty row element and answers its parts. */
  create(row: HTMLElement): Nodes;
  paint(nodes: Nodes, index: number, row: HTMLElement): void;
}

/** Rows that are wanted in view; where not both fit, the first. */
export interface Reveal {
  first: number;
  last: number;
}

interface Slot<Nodes> {
  row: HTMLElement;
  nodes: Nodes;
  index: number;
}

/** Where the bar was not put by us: no place is near it. */
const NOT_OURS = Number.NEGATIVE_INFINITY;
/** So long after the rows were moved last the scroll bar follows them. */
const BAR_REST_MILLIS = 120;

export class Grid<Nodes> {
  readonly #scroller: HTMLElement;
  readonly #spacer: HTMLElement;
  readonly #layer: HTMLElement;
  readonly #painter: RowPainter<Nodes>;
  readonly #wanted: (rows: VisibleRows) => void;
  readonly #prefix: string;
  readonly #slots: Slot<Nodes>[] = [];
  #shape: ListShape = { rows: 0, rowHeight: 28, viewport: 0 };
  #offset = 0;
  #active = -1;
  #ownScrollTop = NOT_OURS;
  /** The scroll bar has not caught up with the rows yet. */
  #barTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    parts: { scroller: HTMLElement; spacer: HTMLElement; layer: HTMLElement },
    painter: RowPainter<Nodes>,
    wanted: (rows: VisibleRows) => void,
    prefix: string,
  ) {
    this.#scroller = parts.scroller;
    this.#spacer = parts.spacer;
    this.#layer = parts.layer;
    this.#painter = painter;
    this.#wanted = wanted;
    this.#prefix = prefix;
    parts.scroller.addEventListener('scroll', this.#onScroll, { passive: true });
    parts.scroller.addEventListener('wheel', this.#onWheel, { passive: false });
    parts.scroller.addEventListener('pointerdown', this.#moveBar, { passive: true });
  }

  destroy(): void {
    this.#scroller.removeEventListener('scroll', this.#onScroll);
    this.#scroller.removeEventListener('wheel', this.#onWheel);
    this.#scroller.removeEventListener('pointerdown', this.#moveBar);
    clearTimeout(this.#barTimer);
  }

  setShape(shape: ListShape): void {
    const { rows, rowHeight, viewport } = this.#shape;
    if (shape.rows === rows && shape.rowHeight === rowHeight && shape.viewport === viewport) return;
    const top = this.#offset / rowHeight;
    this.#shape = shape;
    this.#spacer.style.height = `${spacerHeight(shape)}px`;
    this.#layer.style.height = `${Math.min(shape.viewport, spacerHeight(shape))}px`;
    this.#moveTo(top * shape.rowHeight);
  }

  /** Paints all visible rows anew: their content changed, or which of them is active (-1: none), not their place. */
  repaint(active: number): void {
    this.#active = active;
    this.#paint(true);
  }

  /** Scrolls with the least movement so that a row is visible. */
  show(index: number, margin: number): void {
    const offset = offsetShowing(this.#shape, this.#offset, index, margin);
    if (offset !== this.#offset) this.#moveTo(offset);
  }

  /** The index of a row element; -1 when it shows none. */
  indexOf(row: HTMLElement): number {
    return this.#slots.find((slot) => slot.row === row)?.index ?? -1;
  }

  /** The id of the element that shows a row, while one does. */
  rowId(index: number): string {
    return `${this.#prefix}-${index}`;
  }

  get rows(): VisibleRows {
    return visibleRows(this.#shape, this.#offset);
  }

  #moveTo(offset: number): void {
    this.#offset = Math.min(lastOffset(this.#shape), Math.max(0, offset));
    this.#paint(false);
    // Where rows are does not depend on the bar, and moving it makes the page be laid out at once: it follows when the
    // rows rest, so that scrubbing does not pay for it in every frame.
    clearTimeout(this.#barTimer);
    this.#barTimer = setTimeout(this.#moveBar, BAR_REST_MILLIS);
  }

  readonly #moveBar = (): void => {
    if (this.#barTimer === undefined) return;
    this.#forgetBar();
    this.#ownScrollTop = Math.round(scrollFromOffset(this.#shape, this.#offset));
    this.#scroller.scrollTop = this.#ownScrollTop;
  };

  #forgetBar(): void {
    clearTimeout(this.#barTimer);
    this.#barTimer = undefined;
  }

  readonly #onScroll = (): void => {
    const { scrollTop } = this.#scroller;
    // Our own move comes back as an event; its offset is already exact.
    if (Math.abs(scrollTop - this.#ownScrollTop) <= 1) return;
    // A list that became shorter pushed the bar, which has not followed the rows yet: nobody moved it.
    if (this.#barTimer !== undefined && scrollTop >= spacerHeight(this.#shape) - this.#shape.viewport - 1) return;
    this.#ownScrollTop = NOT_OURS;
    this.#forgetBar();
    this.#offset = offsetFromScroll(this.#shape, scrollTop);
    this.#paint(false);
  };

  readonly #onWheel = (event: WheelEvent): void => {
    this.#moveBar();
    if (!isScaled(this.#shape) || event.ctrlKey) return;
    // The scroll bar is coarser than a row here, so the wheel moves the rows and the bar follows.
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? this.#shape.rowHeight : 1;
    this.#moveTo(this.#offset + event.deltaY * unit);
  };

  #paint(isForced: boolean): void {
    const shape = this.#shape;
    const { first, end } = visibleRows(shape, this.#offset);
    this.#grow(Math.ceil(shape.viewport / shape.rowHeight) + 1);
    const size = this.#slots.length;
    for (let k = 0; k < size; k += 1) {
      const slot = this.#slots[k];
      if (!slot) continue;
      // Each row index has a fixed slot, so that scrolling by one row writes one row.
      const index = first + ((((k - first) % size) + size) % size);
      if (index >= end) {
        if (slot.index >= 0) slot.row.hidden = true;
        slot.index = -1;
        continue;
      }
      if (slot.index !== index || isForced) {
        if (slot.index !== index) {
          slot.row.id = this.rowId(index);
          slot.row.setAttribute('aria-rowindex', `${index + 1}`);
        }
        if (slot.row.hidden) slot.row.hidden = false;
        slot.index = index;
        this.#painter.paint(slot.nodes, index, slot.row);
      }
      const top = `${index * shape.rowHeight - this.#offset}px`;
      if (slot.row.style.top !== top) slot.row.style.top = top;
    }
    const isActiveShown = this.#active >= first && this.#active < end;
    mark(this.#scroller, 'aria-activedescendant', isActiveShown ? this.rowId(this.#active) : null);
    this.#wanted({ first, end });
  }

  #grow(count: number): void {
    while (this.#slots.length < count) {
      const row = document.createElement('div');
      row.className = 'row';
      row.setAttribute('role', 'row');
      row.hidden = true;
      const nodes = this.#painter.create(row);
      this.#layer.append(row);
      this.#slots.push({ row, nodes, index: -1 });
    }
    // A slot belongs to an index by remainder: a smaller list of slots would move all of them, so it never shrinks
    // while it is shown.
  }
}

/** An element with one text node, for painters. */
export function cell(row: HTMLElement, className: string, role: string | null = 'gridcell'): Text {
  const element = document.createElement('span');
  element.className = className;
  if (role !== null) element.setAttribute('role', role);
  const text = document.createTextNode('');
  element.append(text);
  row.append(element);
  return text;
}

/** A text that is cut in its middle where there is no room for it, for painters: ids differ at their ends mostly. */
export interface Middle {
  head: Text;
  tail: Text;
}

export function middleCell(row: HTMLElement, className: string): Middle {
  const element = document.createElement('span');
  element.className = `middle ${className}`;
  element.setAttribute('role', 'gridcell');
  row.append(element);
  return { head: cell(element, '', null), tail: cell(element, '', null) };
}

export function writeMiddle({ head, tail }: Middle, value: string): void {
  const [before, after] = halvesOf(value);
  write(head, before);
  write(tail, after);
}

/** The glyph of an event type, for painters. */
export interface Glyph {
  element: SVGElement;
  path: SVGPathElement;
  /** Around it: says two letters in its place, which are none of the row's words. */
  kind: HTMLElement;
}

const SVG = 'http://www.w3.org/2000/svg';

export function glyph(row: HTMLElement): Glyph {
  const element = document.createElementNS(SVG, 'svg');
  element.setAttribute('viewBox', '0 0 10 10');
  element.setAttribute('aria-hidden', 'true');
  element.setAttribute('class', 'glyph');
  const path = document.createElementNS(SVG, 'path');
  element.append(path);
  const kind = document.createElement('span');
  kind.className = 'kind';
  kind.append(element);
  row.append(kind);
  return { element, path, kind };
}

/**
 * Shows the shape and the colour of a slot; `null`: none. `name`: what a type is called, where there is room for two
 * letters of those that have no shape of their own.
 */
export function paintGlyph({ element, path, kind }: Glyph, slot: number | null, name = ''): void {
  const code = slot !== null && slot >= OWN_SHAPES && name !== '' ? typeCode(name) : '';
  mark(kind, 'data-code', code);
  mark(path, 'd', slot === null || code !== '' ? '' : shapeOf(slot));
  const fill = slot === null ? '' : `var(${colourToken(slot)})`;
  if (element.style.fill !== fill) element.style.fill = fill;
}

/** Writes only what differs: an equal write would still cost a layout. */
export function write(text: Text, value: string): void {
  if (text.data !== value) text.data = value;
}

/** As `write`, for attributes; `null` removes one. */
export function mark(element: Element, name: string, value: string | null): void {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}
