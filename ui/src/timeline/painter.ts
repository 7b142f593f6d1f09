// Puts a timeline on its canvases. Two of them: the plot changes with window and data, the overlay with every move of a
// cursor, and only the overlay is touched while a person scrubs.

import { Flag } from '../backend/frames';
import { floatFromBig } from '../base/exact';
import { approximateText } from '../base/instant';
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

/** Pixels that a single glyph needs. */
const GLYPH_ROOM = 12;
const GLYPH_GAP = 3;
/** Of a hundred stacks so many may be too tall to show each event; beyond it bars say more. */
const TALL_PERCENT = 34;
/** Pixels without an event that are worth a word. */
const GAP_ROOM = 84;
const TICK_GAP = 104;
const RULER_FONT = '11px "Inter Variable", system-ui, sans-serif';

export class TimelinePainter {
  #colours: Record<string, string> = {};
  #slotPixels: number[] = [];
  #shapes: Path2D[] = SHAPES.map((_, slot) => new Path2D(shapeOf(slot)));

  /** Reads the tokens of the present theme. */
  readTheme(): void {
    const style = getComputedStyle(document.documentElement);
    const names = [
      '--bg-1',
      '--bg-2',
      '--line-2',
      '--line-ctl',
      '--fg-2',
      '--fg-3',
      '--accent',
      '--cur-a',
      '--cur-b',
      '--warn',
      '--danger',
    ];
    const slots = SHAPES.map((_, slot) => colourToken(slot));
    for (const name of [...names, ...slots]) this.#colours[name] = style.getPropertyValue(name).trim();
    this.#slotPixels = slots.map((name) => pixelFromHex(this.#colours[name] ?? '#000000'));
  }

  /** Paints the density of a window. Answers what full height stands for. */
  plot(surface: Surface, block: Block | null, slots: readonly number[], visible: Span): number {
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
    const density = { ...block.fetch, slots: slots.length, counts: block.frame.counts };
    const colours = slots.map((slot) => this.#slotPixels[slot] ?? 0);
    const isCounted = block.axis === 'version';
    const room = isCounted ? surface.width / floatFromBig(lengthOf(visible)) : 0;
    const size = Math.min(14, Math.max(9, room * 0.6));
    const stacks = stacksOf(block, visible, surface, size);
    const most = tallest(density, visible, canvas.width);
    const scale: Scale = isCounted ? 'share' : 'sqrt';
    if (stacks) pixels.fill(background);
    else {
      const picture = { width: canvas.width, height: canvas.height, pixels };
      paint(picture, density, visible, background, colours, scale, most);
    }
    context.putImageData(image, 0, 0);
    if (stacks) this.#glyphs(context, surface, stacks, slots, size);
    if (block.axis === 'time') this.#gaps(context, surface, gapsOf(block, visible, surface.width), stacks !== null);
    return isCounted || stacks ? 0 : most;
  }

  flags(surface: Surface, block: Block | null, visible: Span): void {
    const context = prepare(surface);
    if (!context) return;
    context.clearRect(0, 0, surface.width, surface.height);
    if (!block) return;
    for (const { x, bits } of marks(block, visible, surface.width)) {
      context.fillStyle = this.#colours[bits & Flag.undecodable ? '--danger' : '--warn'] ?? '';
      const left = Math.round(x) - 4;
      context.beginPath();
      context.moveTo(left, 1);
      context.lineTo(left + 8, 1);
      context.lineTo(left + 4, 9);
      context.closePath();
      context.fill();
    }
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
    if (block) this.#silhouette(context, surface, block, whole);
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
    if (marks.hover !== null) {
      context.fillStyle = this.#colours['--fg-3'] ?? '';
      context.fillRect(Math.round(marks.hover), 0, 1, height);
    }
    if (marks.b !== null) this.#line(context, marks.b, height, '--cur-b', [3, 2]);
    if (marks.a !== null) this.#line(context, marks.a, height, '--cur-a', []);
  }

  #line(context: CanvasRenderingContext2D, x: number, height: number, colour: string, dash: number[]): void {
    const left = Math.round(x);
    // A margin of background keeps the line visible over any bar.
    context.fillStyle = this.#colours['--bg-1'] ?? '';
    context.fillRect(left - 1, 0, 3, height);
    context.strokeStyle = this.#colours[colour] ?? '';
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(left + 0.5, 0);
    context.lineTo(left + 0.5, height);
    context.stroke();
    context.setLineDash([]);
  }

  // A stem where the events are, and a glyph for each: what a person can count is drawn to be counted.
  #glyphs(
    context: CanvasRenderingContext2D,
    { height }: Surface,
    stacks: readonly Stack[],
    slots: readonly number[],
    size: number,
  ): void {
    const pitch = size + GLYPH_GAP;
    const most = tallestStack(height, size);
    for (const { stems, glyphs, x } of stacks) {
      context.fillStyle = this.#colours['--line-2'] ?? '';
      for (const stem of stems) context.fillRect(Math.round(stem), 4, 1, height - 4);
      // Where not all fit, the last place says how many more there are.
      const shown = glyphs.length > most ? glyphs.slice(0, most - 1) : glyphs;
      const places = Math.min(most, glyphs.length);
      const middle = height / 2 + ((places - 1) * pitch) / 2;
      shown.forEach((series, k) => {
        const slot = Math.min(slots[series] ?? 0, this.#shapes.length - 1);
        context.save();
        context.translate(x + 0.5 - size / 2, middle - k * pitch - size / 2);
        context.fillStyle = this.#colours['--bg-1'] ?? '';
        context.fillRect(-1, -1, size + 2, size + 2);
        context.scale(size / 10, size / 10);
        context.fillStyle = this.#colours[colourToken(slot)] ?? '';
        context.fill(this.#shapes[slot] ?? new Path2D());
        context.restore();
      });
      if (shown.length < glyphs.length) {
        this.#word(context, `+${glyphs.length - shown.length}`, x, middle - shown.length * pitch, '--fg-2');
      }
    }
  }

  // How long nothing happened, where there is room to say it.
  #gaps(context: CanvasRenderingContext2D, { height }: Surface, gaps: readonly Gap[], isMiddle: boolean): void {
    const y = isMiddle ? height / 2 : height - 9;
    context.strokeStyle = this.#colours['--line-2'] ?? '';
    context.setLineDash([2, 4]);
    for (const { from, to } of gaps) {
      context.beginPath();
      context.moveTo(from + 10, Math.round(y) + 0.5);
      context.lineTo(to - 10, Math.round(y) + 0.5);
      context.stroke();
    }
    context.setLineDash([]);
    for (const { from, to, nanos } of gaps) {
      this.#word(context, approximateText(nanos), (from + to) / 2, Math.round(y), '--fg-3');
    }
  }

  #word(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string): void {
    context.font = RULER_FONT;
    context.textBaseline = 'middle';
    const width = context.measureText(text).width;
    context.fillStyle = this.#colours['--bg-1'] ?? '';
    context.fillRect(x - width / 2 - 3, y - 7, width + 6, 14);
    context.fillStyle = this.#colours[colour] ?? '';
    context.fillText(text, x - width / 2, y + 0.5);
  }

  #silhouette(context: CanvasRenderingContext2D, surface: Surface, block: Block, whole: Span): void {
    const { axis, fetch, frame } = block;
    const totals = Array.from({ length: frame.columns }, (_, column) => {
      let total = 0;
      const first = column * frame.series.length;
      for (let series = 0; series < frame.series.length; series += 1) total += frame.counts[first + series] ?? 0;
      return total;
    });
    const most = Math.max(1, ...totals);
    const start = xFromValue(whole, surface.width, fetch.from);
    const step = (xFromValue(whole, surface.width, fetch.to) - start) / frame.columns;
    context.fillStyle = this.#colours['--line-ctl'] ?? '';
    totals.forEach((total, column) => {
      if (total === 0) return;
      // On the version axis a column's height would say nothing: every event is equally wide.
      const share = axis === 'version' ? 0.3 : heightShare(total, most, 'sqrt');
      const tall = Math.max(1, Math.round(share * (surface.height - 2)));
      context.fillRect(Math.floor(start + column * step), surface.height - tall, Math.max(1, Math.ceil(step)), tall);
    });
  }
}

interface Bar {
  column: number;
  /** The middle of the column, in pixels. */
  x: number;
}

/** Events too close to stand side by side, one above the other, at their exact stems. */
interface Stack {
  stems: number[];
  /** The series of each event, bottom first. */
  glyphs: number[];
  /** Where the glyphs stand, in pixels. */
  x: number;
}

/** Pixels between two events, and the time between their columns. */
interface Gap {
  from: number;
  to: number;
  nanos: bigint;
}

function tallestStack(height: number, size: number): number {
  return Math.floor((height - 4) / (size + GLYPH_GAP));
}

/** The events of a window as stacks of glyphs, or `null` where too few of them would fit: then bars say more. */
function stacksOf(block: Block, visible: Span, surface: Surface, size: number): Stack[] | null {
  const { counts, series } = block.frame;
  const most = tallestStack(surface.height, size);
  const enough = (surface.width / GLYPH_ROOM) * 2;
  const stacks: Stack[] = [];
  let events = 0;
  for (const { column, x } of columns(block, visible, surface.width)) {
    const glyphs: number[] = [];
    for (let k = 0; k < series.length; k += 1) {
      const count = counts[column * series.length + k] ?? 0;
      events += count;
      if (events > enough) return null;
      for (let n = 0; n < count; n += 1) glyphs.push(k);
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

/** Where nothing happened for so long that it can be said. */
function gapsOf(block: Block, visible: Span, width: number): Gap[] {
  const gaps: Gap[] = [];
  const { running } = block;
  let before: Bar | null = null;
  for (const bar of columns(block, visible, width)) {
    if (running[bar.column + 1] === running[bar.column]) continue;
    if (before && bar.x - before.x >= GAP_ROOM) {
      gaps.push({ from: before.x, to: bar.x, nanos: block.fetch.bucket * BigInt(bar.column - before.column) });
    }
    before = bar;
  }
  return gaps;
}

/** Flags in pixels: those that would hide each other are joined, none disappears. */
function marks(block: Block, visible: Span, width: number): { x: number; bits: number }[] {
  const found: { x: number; bits: number }[] = [];
  for (const { column, x } of columns(block, visible, width)) {
    const bits = block.frame.flags[column] ?? 0;
    if (bits === 0) continue;
    const last = found.at(-1);
    if (last && x - last.x < 4) last.bits |= bits;
    else found.push({ x, bits });
  }
  return found;
}

function columns({ fetch, frame }: Block, visible: Span, width: number): Bar[] {
  const start = xFromValue(visible, width, fetch.from);
  const step = (xFromValue(visible, width, fetch.to) - start) / frame.columns;
  const first = Math.max(0, Math.floor(-start / step));
  const end = Math.min(frame.columns, Math.ceil((width - start) / step));
  return Array.from({ length: Math.max(0, end - first) }, (_, k) => {
    return { column: first + k, x: start + (first + k + 0.5) * step };
  });
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
