// Density columns to pixels. Pure: counts in, a picture of 32-bit pixels out; one `putImageData` shows it. Ten thousand
// rectangles drawn one by one cost seventeen times as much on a machine without a GPU.

import { xFromValue, type Span } from './axis';

export interface Density extends Span {
  columns: number;
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

/** The highest column that touches the window: what full height stands for. */
export function tallest(density: Density, visible: Span, width: number): number {
  let most = 0;
  eachColumn(density, visible, width, (column) => {
    most = Math.max(most, columnTotal(density, column));
  });
  return most;
}

/**
 * Paints stacked columns from the bottom up. The order of the stack is the order of the slots, never that of the
 * window, so that bands keep their place while it moves. A column that holds anything is at least two pixels high.
 */
export function paint(
  picture: Picture,
  density: Density,
  visible: Span,
  background: number,
  colours: readonly number[],
  scale: Scale,
  most: number,
): void {
  const { width, height, pixels } = picture;
  pixels.fill(background);
  const drawn = new Uint32Array(width);
  eachColumn(density, visible, width, (column, left, right) => {
    const total = columnTotal(density, column);
    if (total === 0) return;
    const tall = Math.max(2, Math.round(heightShare(total, most, scale) * height));
    for (let x = left; x < right; x += 1) {
      // Several columns may meet in one pixel: the highest is shown, so that no spike disappears.
      if (tall <= (drawn[x] ?? 0)) continue;
      drawn[x] = tall;
      paintColumn(picture, density, column, x, tall, total, colours);
    }
  });
}

/** How far up a column of `total` reaches, from 0 to 1. */
export function heightShare(total: number, most: number, scale: Scale): number {
  if (total <= 0 || most <= 0) return 0;
  switch (scale) {
    case 'sqrt':
      return Math.sqrt(total / most);
    case 'linear':
      return total / most;
    case 'log':
      return Math.log1p(total) / Math.log1p(most);
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

function columnTotal(density: Density, column: number): number {
  let total = 0;
  for (let slot = 0; slot < density.slots; slot += 1) total += density.counts[column * density.slots + slot] ?? 0;
  return total;
}

function eachColumn(
  density: Density,
  visible: Span,
  width: number,
  visit: (column: number, left: number, right: number) => void,
): void {
  if (density.columns === 0 || density.to <= density.from) return;
  const start = xFromValue(visible, width, density.from);
  const step = (xFromValue(visible, width, density.to) - start) / density.columns;
  const first = Math.max(0, Math.floor(-start / step));
  for (let column = first; column < density.columns; column += 1) {
    const left = Math.floor(start + column * step);
    if (left >= width) return;
    const right = Math.max(left + 1, Math.floor(start + (column + 1) * step));
    if (right > 0) visit(column, Math.max(0, left), Math.min(width, right));
  }
}

function paintColumn(
  picture: Picture,
  density: Density,
  column: number,
  x: number,
  tall: number,
  total: number,
  colours: readonly number[],
): void {
  const { width, height, pixels } = picture;
  let below = 0;
  let bottom = 0;
  for (let slot = 0; slot < density.slots; slot += 1) {
    const count = density.counts[column * density.slots + slot] ?? 0;
    if (count === 0) continue;
    below += count;
    const top = Math.round((below / total) * tall);
    const colour = colours[Math.min(slot, colours.length - 1)] ?? 0;
    for (let y = bottom; y < top; y += 1) pixels[(height - 1 - y) * width + x] = colour;
    bottom = top;
  }
}
