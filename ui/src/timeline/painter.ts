// Puts a timeline on its canvases. Two of them: the plot changes with window and data, the overlay with every move of a
// cursor, and only the overlay is touched while a person scrubs.

import { Flag, type DensityFrame } from '../backend/frames';
import { floatFromBig } from '../base/exact';
import { colourToken, shapeOf, SHAPES } from '../ui/shapes';
import { countTicks, lengthOf, timeTicks, xFromValue, type Span, type Tick } from './axis';
import { heightShare, paint, pixelFromHex, tallest, type Scale } from './raster';
import type { Block } from './timeline.svelte';

export interface OverlayMarks {
  a: number | null;
  b: number | null;
  hover: number | null;
  /** A range being drawn, in pixels. */
  range: [number, number] | null;
}

export interface Surface {
  canvas: HTMLCanvasElement;
  width: number;
  height: number;
}

const GLYPH_ROOM = 12;
const TICK_GAP = 104;
const RULER_FONT = '11px "Inter Variable", system-ui, sans-serif';

export class TimelinePainter {
  #colours: Record<string, string> = {};
  #slotPixels: number[] = [];
  #shapes: Path2D[] = SHAPES.map((_, slot) => new Path2D(shapeOf(slot)));

  /** Reads the tokens of the present theme. */
  readTheme(): void {
    const style = getComputedStyle(document.documentElement);
    const names = ['--bg-1', '--bg-2', '--line-2', '--fg-2', '--fg-3', '--accent', '--cur-a', '--cur-b', '--warn', '--danger'];
    const slots = SHAPES.map((_, slot) => colourToken(slot));
    for (const name of [...names, ...slots]) this.#colours[name] = style.getPropertyValue(name).trim();
    this.#slotPixels = slots.map((name) => pixelFromHex(this.#colours[name] ?? '#000000'));
  }

  /** Paints the density of a window. Answers what full height stands for. */
  plot(surface: Surface, block: Block | null, visible: Span): number {
    const context = prepare(surface);
    if (!context) return 0;
    const { canvas } = surface;
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const background = pixelFromHex(this.#colours['--bg-1'] ?? '#000000');
    if (!block) {
      pixels.fill(background);
      context.putImageData(image, 0, 0);
      return 0;
    }
    const density = { ...block.fetch, slots: block.slots.length, counts: block.frame.counts };
    const colours = block.slots.map((slot) => this.#slotPixels[slot] ?? 0);
    const isCounted = block.axis === 'version';
    const room = isCounted ? surface.width / floatFromBig(lengthOf(visible)) : 0;
    const most = tallest(density, visible, canvas.width);
    const picture = { width: canvas.width, height: canvas.height, pixels };
    const scale: Scale = isCounted ? 'share' : 'sqrt';
    if (room >= GLYPH_ROOM) pixels.fill(background);
    else paint(picture, density, visible, background, colours, scale, most);
    context.putImageData(image, 0, 0);
    if (room >= GLYPH_ROOM) this.#glyphs(context, surface, block, visible, room);
    return isCounted ? 0 : most;
  }

  flags(surface: Surface, block: Block | null, visible: Span): void {
    const context = prepare(surface);
    if (!context) return;
    context.clearRect(0, 0, surface.width, surface.height);
    if (!block) return;
    eachFlag(block, visible, surface.width, (x, bits) => {
      context.fillStyle = this.#colours[bits & Flag.undecodable ? '--danger' : '--warn'] ?? '';
      const left = Math.round(x) - 4;
      context.beginPath();
      context.moveTo(left, 1);
      context.lineTo(left + 8, 1);
      context.lineTo(left + 4, 9);
      context.closePath();
      context.fill();
    });
  }

  ruler(surface: Surface, axis: Block['axis'], visible: Span): void {
    const context = prepare(surface);
    if (!context) return;
    context.clearRect(0, 0, surface.width, surface.height);
    const ticks: Tick[] =
      axis === 'time'
        ? timeTicks(visible, surface.width, TICK_GAP)
        : countTicks(visible, surface.width, TICK_GAP * 0.8).map((tick) => ({ ...tick, text: tick.text }));
    context.font = RULER_FONT;
    context.textBaseline = 'middle';
    let free = 0;
    for (const { x, text } of ticks) {
      const left = Math.round(x);
      context.fillStyle = this.#colours['--line-2'] ?? '';
      context.fillRect(left, 0, 1, 4);
      const width = context.measureText(text).width;
      if (left < free || left + 4 + width > surface.width) continue;
      context.fillStyle = this.#colours['--fg-3'] ?? '';
      context.fillText(text, left + 4, 9);
      free = left + width + 14;
    }
  }

  minimap(surface: Surface, block: Block | null, whole: Span, visible: Span): void {
    const context = prepare(surface);
    if (!context) return;
    const { width, height } = surface;
    context.clearRect(0, 0, width, height);
    if (block) this.#silhouette(context, surface, block.frame, block.fetch, whole);
    const left = xFromValue(whole, width, visible.from);
    const right = Math.max(left + 2, xFromValue(whole, width, visible.to));
    context.fillStyle = this.#colours['--bg-1'] ?? '';
    context.globalAlpha = 0.72;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.strokeStyle = this.#colours['--fg-3'] ?? '';
    context.strokeRect(Math.round(left) + 0.5, 0.5, Math.max(1, Math.round(right - left) - 1), height - 1);
    context.fillStyle = this.#colours['--fg-3'] ?? '';
    context.fillRect(Math.round(left), height / 2 - 4, 3, 8);
    context.fillRect(Math.round(right) - 3, height / 2 - 4, 3, 8);
  }

  overlay(surface: Surface, marks: OverlayMarks): void {
    const context = prepare(surface);
    if (!context) return;
    const { width, height } = surface;
    context.clearRect(0, 0, width, height);
    const range = marks.range ?? (marks.a !== null && marks.b !== null ? ([marks.b, marks.a] as const) : null);
    if (range) {
      context.globalAlpha = 0.14;
      context.fillStyle = this.#colours['--accent'] ?? '';
      context.fillRect(Math.min(...range), 0, Math.abs(range[1] - range[0]), height);
      context.globalAlpha = 1;
    }
    if (marks.hover !== null) this.#line(context, marks.hover, height, '--fg-3', [1, 2]);
    if (marks.b !== null) this.#line(context, marks.b, height, '--cur-b', [3, 2]);
    if (marks.a !== null) this.#line(context, marks.a, height, '--cur-a', []);
  }

  #line(context: CanvasRenderingContext2D, x: number, height: number, colour: string, dash: number[]): void {
    context.strokeStyle = this.#colours[colour] ?? '';
    context.lineWidth = 1;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(Math.round(x) + 0.5, 0);
    context.lineTo(Math.round(x) + 0.5, height);
    context.stroke();
    context.setLineDash([]);
  }

  #glyphs(context: CanvasRenderingContext2D, surface: Surface, block: Block, visible: Span, room: number): void {
    const { fetch, frame, slots } = block;
    const start = xFromValue(visible, surface.width, fetch.from);
    const size = Math.min(14, Math.max(9, room * 0.6));
    for (let column = 0; column < frame.columns; column += 1) {
      const x = start + (column + 0.5) * room;
      if (x < -room || x > surface.width + room) continue;
      for (let series = 0; series < slots.length; series += 1) {
        if ((frame.counts[column * slots.length + series] ?? 0) === 0) continue;
        const index = Math.min(slots[series] ?? 0, this.#shapes.length - 1);
        context.save();
        context.translate(x - size / 2, surface.height / 2 - size / 2);
        context.scale(size / 10, size / 10);
        context.fillStyle = this.#colours[colourToken(index)] ?? '';
        context.fill(this.#shapes[index] ?? new Path2D());
        context.restore();
      }
    }
  }

  #silhouette(
    context: CanvasRenderingContext2D,
    surface: Surface,
    frame: DensityFrame,
    fetched: Span,
    whole: Span,
  ): void {
    const totals = Array.from({ length: frame.columns }, (_, column) => {
      let total = 0;
      const first = column * frame.series.length;
      for (let series = 0; series < frame.series.length; series += 1) total += frame.counts[first + series] ?? 0;
      return total;
    });
    const most = Math.max(1, ...totals);
    const start = xFromValue(whole, surface.width, fetched.from);
    const step = (xFromValue(whole, surface.width, fetched.to) - start) / frame.columns;
    context.fillStyle = this.#colours['--fg-3'] ?? '';
    totals.forEach((total, column) => {
      if (total === 0) return;
      const tall = Math.max(1, Math.round(heightShare(total, most, 'sqrt') * (surface.height - 2)));
      context.fillRect(Math.floor(start + column * step), surface.height - tall, Math.max(1, Math.ceil(step)), tall);
    });
  }
}

function eachFlag(block: Block, visible: Span, width: number, visit: (x: number, bits: number) => void): void {
  const { fetch, frame } = block;
  const start = xFromValue(visible, width, fetch.from);
  const step = (xFromValue(visible, width, fetch.to) - start) / frame.columns;
  let last = -Infinity;
  for (let column = 0; column < frame.columns; column += 1) {
    const bits = frame.flags[column] ?? 0;
    const x = start + (column + 0.5) * step;
    // Marks that would hide each other are drawn once; none disappears.
    if (bits === 0 || x < 0 || x > width || x - last < 3) continue;
    last = x;
    visit(x, bits);
  }
}

function prepare(surface: Surface): CanvasRenderingContext2D | null {
  const { canvas } = surface;
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(surface.width * ratio));
  const height = Math.max(1, Math.round(surface.height * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
