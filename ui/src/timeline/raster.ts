// Density columns to pixels. Pure: counts in, a picture of 32-bit pixels out; one `putImageData` shows it. Ten thousand
// rectangles drawn one by one cost seventeen times as much on a machine without a GPU.

import { hasInk, type Texture } from './ink';

/** Columns side by side, each as wide as the others. */
export interface Bars {
  columns: number;
  /** Where the first begins, and how wide each is, in pixels of the picture. */
  start: number;
  step: number;
  /** How many numbers a column has, bottom of the stack first. */
  slots: number;
  /** `counts[column * slots + slot]`. */
  counts: Uint32Array;
}

export type Scale = 'sqrt' | 'linear' | 'log' | 'share';

export interface Picture {
  width: number;
  height: number;
  pixels: Uint32Array;
}

/** Where hues cannot tell bands apart: a texture for each slot of the bars, on this ground. */
export interface Textures {
  of: readonly Texture[];
  ground: number;
}

/** How the slots of bars are drawn. */
export interface Inks {
  /** One a slot. */
  colours: readonly number[];
  textures?: Textures | null;
  /** What is filtered out stands below what is listed, which is never lost among it. */
  faded?: readonly boolean[];
}

/** The pixel beside a bar that is so wide and has its middle at `x`. */
export function besideBar(x: number, width: number): number {
  return width > 0 ? Math.floor(x - width / 2) + Math.max(1, Math.ceil(width)) : Math.round(x);
}

/** The highest column that touches the picture: what full height stands for. */
export function tallest(bars: Bars, width: number): number {
  let most = 0;
  eachColumn(bars, width, (column) => {
    most = Math.max(most, columnTotal(bars, column));
  });
  return most;
}

/**
 * Paints stacked columns from the bottom up. The order of the stack is the order of the slots, never that of the
 * window, so that bands keep their place while it moves. A column that holds anything is at least two pixels high.
 */
export function paint(picture: Picture, bars: Bars, inks: Inks, scale: Scale, most: number): void {
  paintHighest(picture, bars, inks, scale, most, false);
  // What is listed of a lower column is seen before the higher one that meets it in its pixel.
  if (inks.faded?.includes(true)) paintHighest(picture, bars, inks, scale, most, true);
}

function paintHighest(
  picture: Picture,
  bars: Bars,
  inks: Inks,
  scale: Scale,
  most: number,
  isListedOnly: boolean,
): void {
  const { width, height } = picture;
  const drawn = new Uint32Array(width);
  eachColumn(bars, width, (column, left, right) => {
    const total = columnTotal(bars, column);
    const listed = columnTotal(bars, column, inks.faded);
    if ((isListedOnly ? listed : total) === 0) return;
    const tall = Math.min(height, Math.max(2, Math.round(heightShare(total, most, scale) * height)));
    const ofListed = listed === 0 ? 0 : Math.max(2, Math.round((listed / total) * tall));
    const border = listed === total ? 0 : tall - ofListed;
    for (let x = left; x < right; x += 1) {
      // Several columns may meet in one pixel: the highest is shown, so that no spike disappears.
      if (tall <= (drawn[x] ?? 0)) continue;
      drawn[x] = tall;
      if (!isListedOnly)
        paintSlots(picture, bars, column, x, { bottom: 0, top: border, total: total - listed }, inks, true);
      paintSlots(picture, bars, column, x, { bottom: border, top: tall, total: listed }, inks, false);
    }
  });
}

/** How long nothing happened before the events of each column; see `DensityFrame.paces`. */
export interface Paces {
  bars: Bars;
  paces: Uint8Array;
}

/**
 * Paints over the lowest `rows` a strip that says so: the longer, the nearer to `ink`. Where several columns meet in one
 * pixel, the longest is shown. A line of ground keeps it apart from the stacks.
 */
export function paintPaces(
  picture: Picture,
  strips: readonly Paces[],
  rows: number,
  ground: number,
  ink: number,
): void {
  const { width, height, pixels } = picture;
  const top = Math.max(0, height - rows);
  pixels.fill(ground, Math.max(0, top - 1) * width);
  const drawn = new Uint8Array(width);
  for (const { bars, paces } of strips) {
    eachColumn(bars, width, (column, left, right) => {
      const pace = paces[column] ?? 0;
      if (pace === 0) return;
      const shade = mixed(ground, ink, Math.min(1, pace / LONGEST_PACE) ** 2);
      for (let x = left; x < right; x += 1) {
        if (pace <= (drawn[x] ?? 0)) continue;
        drawn[x] = pace;
        for (let y = top; y < height; y += 1) pixels[y * width + x] = shade;
      }
    });
  }
}

/** Full ink: about a year. */
const LONGEST_PACE = 36;

/** A colour on its way to another: `share` 0 is the first, 1 the second. */
export function mixed(one: number, other: number, share: number): number {
  const byte = (shift: number) => {
    const from = (one >>> shift) & 255;
    return Math.round(from + (((other >>> shift) & 255) - from) * share) << shift;
  };
  return (byte(0) | byte(8) | byte(16) | (255 << 24)) >>> 0;
}

/** How far up a column of `total` reaches, from 0 to 1. */
export function heightShare(total: number, most: number, scale: Scale): number {
  if (total <= 0 || most <= 0) return 0;
  switch (scale) {
    case 'sqrt':
      return Math.min(1, Math.sqrt(total / most));
    case 'linear':
      return Math.min(1, total / most);
    case 'log':
      return Math.min(1, Math.log1p(total) / Math.log1p(most));
    case 'share':
      return 1;
  }
}

/** `#rrggbb`, or the `#rgb` that a minifier makes of it, as a pixel of an `ImageData` on a little-endian machine. */
export function pixelFromHex(hex: string): number {
  const short = hex.trim().replace('#', '');
  const digits = short.length === 3 ? short.replace(/./g, '$&$&') : short;
  const byte = (at: number) => HEX.indexOf(digits[at] ?? '0') * 16 + HEX.indexOf(digits[at + 1] ?? '0');
  return ((255 << 24) | (byte(4) << 16) | (byte(2) << 8) | byte(0)) >>> 0;
}

const HEX = '0123456789abcdef';

/** The events of a column, without those of faded slots. */
function columnTotal({ counts, slots }: Bars, column: number, faded: readonly boolean[] = []): number {
  let total = 0;
  for (let slot = 0; slot < slots; slot += 1) if (!faded[slot]) total += counts[column * slots + slot] ?? 0;
  return total;
}

function eachColumn(bars: Bars, width: number, visit: (column: number, left: number, right: number) => void): void {
  const { columns, start, step } = bars;
  if (columns === 0 || step <= 0) return;
  const first = Math.max(0, Math.floor(-start / step));
  for (let column = first; column < columns; column += 1) {
    const left = Math.floor(start + column * step);
    if (left >= width) return;
    const right = Math.max(left + 1, Math.floor(start + (column + 1) * step));
    if (right > 0) visit(column, Math.max(0, left), Math.min(width, right));
  }
}

/** The slots of one pixel that are faded, or those that are not: so many events between two heights. */
function paintSlots(
  picture: Picture,
  bars: Bars,
  column: number,
  x: number,
  { bottom, top, total }: { bottom: number; top: number; total: number },
  { colours, textures, faded }: Inks,
  isFaded: boolean,
): void {
  const { width, height, pixels } = picture;
  let below = 0;
  let from = bottom;
  for (let slot = 0; slot < bars.slots; slot += 1) {
    const count = bars.counts[column * bars.slots + slot] ?? 0;
    if (count === 0 || (faded?.[slot] ?? false) !== isFaded) continue;
    below += count;
    const to = bottom + Math.round((below / total) * (top - bottom));
    const colour = colours[Math.min(slot, colours.length - 1)] ?? 0;
    const texture = textures?.of[Math.min(slot, textures.of.length - 1)];
    for (let y = from; y < to; y += 1) {
      const row = height - 1 - y;
      pixels[row * width + x] = !texture || hasInk(texture, x, row) ? colour : (textures?.ground ?? colour);
    }
    from = to;
  }
}
