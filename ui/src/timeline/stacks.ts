// What of a window can be drawn one by one: events as glyphs, gaps that have room for a word, flags. Pure.

import type { Axis } from '../backend/bindings';
import { countUpTo } from '../base/sorted';
import { floatFromBig } from '../base/exact';
import type { Piece } from './lod';
import { xOfColumn } from './moments';
import type { Projection } from './projection';

/** Events too close to stand side by side, one above the other, at their exact stems. */
export interface Stack {
  stems: number[];
  /** The series of each event, bottom first. */
  glyphs: string[];
  /** Where the glyphs stand, in pixels. */
  x: number;
}

/** Pixels between two events, and the time between their columns. */
export interface Gap {
  from: number;
  to: number;
  length: bigint;
}

/** A flag in pixels, with the bits of all columns that it stands for. */
export interface FlagMark {
  x: number;
  bits: number;
  /** The events of these columns are those after the moment `after`, up to that of `moment`. */
  after: number;
  moment: number;
}

/** A hit in pixels: events that were looked for, so close that one mark stands for them. */
export interface HitMark {
  x: number;
  /** The moment of the last of them. */
  moment: number;
  count: number;
}

/** Pixels between two glyphs of a stack. */
export const GLYPH_GAP = 3;
/** Pixels that a single glyph needs. */
const GLYPH_ROOM = 12;
/** Of a hundred stacks so many may be too tall to show each event; beyond it bars say more. */
const TALL_PERCENT = 34;
/** Pixels without an event that are worth a word. */
const GAP_ROOM = 84;
/** So many gaps say together what is common; so many times that is worth a word. */
const FEWEST_TO_COMPARE = 3;
const LONG_AGAINST_COMMON = 1.5;
/** Pixels that a flag needs, so that the next one can be told from it. */
const FLAG_ROOM = 4;

/** Pixels of the tag of a cursor, from the top: flags there would be hidden. */
export const TAG_PIXELS = 14;
/** A flag is hidden where its middle is so near to that of a tag. */
const TAG_REACH = 12;

/** The flags that the tags of cursors cover. */
export function coveredBy(tags: readonly (number | null)[], flags: readonly FlagMark[]): FlagMark[] {
  return flags.filter(({ x }) => tags.some((tag) => tag !== null && Math.abs(tag - x) < TAG_REACH));
}

/**
 * The glyphs of a stack that are drawn, bottom first: where not all fit, the last place says how many more there are.
 * What is listed stands above what is faded, and is the last to be left out.
 */
export function shownOf(glyphs: readonly string[], most: number, isFaded: (series: string) => boolean): string[] {
  const listed = glyphs.filter((series) => !isFaded(series));
  const room = glyphs.length > most ? most - 1 : glyphs.length;
  const faded = glyphs.filter(isFaded).slice(0, Math.max(0, room - listed.length));
  return [...faded, ...listed.slice(0, room)];
}

/** How large a glyph is drawn. */
export function glyphSize(view: Projection, axis: Axis): number {
  const room = axis === 'version' ? view.scale : 0;
  return Math.min(14, Math.max(9, room * 0.6));
}

export function tallestStack(height: number, size: number): number {
  return Math.floor((height - 4) / (size + GLYPH_GAP));
}

/** The events of a window as stacks of glyphs, or `null` where too few of them would fit: then bars say more. */
export function stacksOf(view: Projection, pieces: readonly Piece[], height: number, size: number): Stack[] | null {
  const most = tallestStack(height, size);
  const enough = (view.width / GLYPH_ROOM) * 2;
  const stacks: Stack[] = [];
  let events = 0;
  for (const { piece, column, x } of columns(view, pieces)) {
    const { counts, series } = piece.frame;
    const glyphs: string[] = [];
    for (let k = 0; k < series.length; k += 1) {
      const count = counts[column * series.length + k] ?? 0;
      events += count;
      if (events > enough) return null;
      for (let n = 0; n < count; n += 1) glyphs.push(series[k] ?? '');
    }
    if (glyphs.length === 0) continue;
    const last = stacks.at(-1);
    if (last && x - (last.stems[0] ?? x) < Math.max(size + GLYPH_GAP, GLYPH_ROOM)) {
      last.stems.push(x);
      last.glyphs.push(...glyphs);
      last.x = ((last.stems[0] ?? x) + x) / 2;
    } else stacks.push({ stems: [x], glyphs, x });
  }
  const tall = stacks.filter(({ glyphs }) => glyphs.length > most).length;
  return most < 2 || tall * 100 > stacks.length * TALL_PERCENT ? null : stacks;
}

/** Where so much of the axis holds nothing that it can be said, and more than commonly between two events in view. */
export function gapsOf(view: Projection, pieces: readonly Piece[]): Gap[] {
  const gaps: Gap[] = [];
  let before: { piece: Piece; column: number; x: number } | null = null;
  for (const bar of columns(view, pieces)) {
    const { running } = bar.piece;
    if (running[bar.column + 1] === running[bar.column]) continue;
    // What lies in different pieces has a fold between it, which says its own length.
    if (before?.piece === bar.piece) {
      const length = bar.piece.fetch.bucket * BigInt(bar.column - before.column);
      gaps.push({ from: before.x, to: bar.x, length });
    }
    before = bar;
  }
  const widths = gaps.map(({ from, to }) => to - from).toSorted((a, b) => a - b);
  const common = gaps.length < FEWEST_TO_COMPARE ? 0 : (widths[Math.floor(widths.length / 2)] ?? 0);
  return gaps.filter(({ from, to }) => to - from >= Math.max(GAP_ROOM, common * LONG_AGAINST_COMMON));
}

/** Flags in pixels: those that would hide each other are joined, none disappears. */
export function flagsOf(view: Projection, pieces: readonly Piece[]): FlagMark[] {
  const found: FlagMark[] = [];
  for (const { piece, column, x } of columns(view, pieces)) {
    const bits = piece.frame.flags[column] ?? 0;
    if (bits === 0) continue;
    const last = found.at(-1);
    const after = piece.running[column] ?? 0;
    const moment = piece.running[column + 1] ?? after;
    if (last && x - last.x < FLAG_ROOM) {
      last.bits |= bits;
      last.moment = moment;
    } else found.push({ x, bits, after, moment });
  }
  return found;
}

/** Hits in pixels, from their moments in order: those that would hide each other are joined, none disappears. */
export function hitsOf(view: Projection, pieces: readonly Piece[], moments: readonly number[]): HitMark[] {
  const found: HitMark[] = [];
  if (moments.length === 0) return found;
  let passed = -1;
  for (const { piece, column, x } of columns(view, pieces)) {
    const [after, until] = [piece.running[column] ?? 0, piece.running[column + 1] ?? 0];
    if (until === after) continue;
    if (passed < 0 || (moments[passed - 1] ?? 0) > after) passed = countUpTo(moments, after);
    while ((moments[passed] ?? Infinity) <= after) passed += 1;
    const first = passed;
    while ((moments[passed] ?? Infinity) <= until) passed += 1;
    if (passed === first) continue;
    const [last, moment, count] = [found.at(-1), moments[passed - 1] ?? until, passed - first];
    if (last && x - last.x < FLAG_ROOM) Object.assign(last, { moment, count: last.count + count });
    else found.push({ x, moment, count });
  }
  return found;
}

/** The columns that are in view, with the pixel of their middle. */
function* columns(view: Projection, pieces: readonly Piece[]) {
  for (const piece of pieces) {
    const start = xOfColumn(view, piece, 0);
    const step = floatFromBig(piece.fetch.bucket) * view.scale;
    const first = Math.max(0, Math.floor(-start / step));
    const end = Math.min(piece.frame.columns, Math.ceil((view.width - start) / step));
    for (let column = first; column < end; column += 1) yield { piece, column, x: start + (column + 0.5) * step };
  }
}
