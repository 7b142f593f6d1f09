// Puts a timeline on its canvases. Two of them: the plot changes with window and data, the overlay with every move of a
// cursor, and only the overlay is touched while a person scrubs.

import type { Axis } from '../backend/bindings';
import { Flag, type DensityFrame } from '../backend/frames';
import { floatFromBig } from '../base/exact';
import { countText } from '../base/format';
import { approximateText } from '../base/instant';
import { S } from '../strings';
import { colourToken, shapeOf, SHAPES } from '../ui/shapes';
import type { Span } from './axis';
import { FORCED_COLOURS, inkOf, TEXTURES } from './ink';
import type { Piece } from './lod';
import { xOfColumn } from './moments';
import type { FoldMark, Projection } from './projection';
import {
  heightShare,
  besideBar,
  mixed,
  paint,
  paintPaces,
  pixelFromHex,
  tallest,
  type Bars,
  type Scale,
  type Textures,
} from './raster';
import { wordsOf } from './ruler';
import {
  gapsOf,
  GLYPH_GAP,
  coveredBy,
  glyphSize,
  shownOf,
  stacksOf,
  TAG_PIXELS,
  tallestStack,
  type FlagMark,
  type Gap,
  type HitMark,
  type Stack,
} from './stacks';
import type { Ruler } from './ticks';

/** What a plot shows. */
export interface PlotContent {
  axis: Axis;
  view: Projection;
  pieces: readonly Piece[];
  /** The colour slots of a frame's series. */
  slotsOf: (frame: DensityFrame) => number[];
  /** Whether a series is filtered out of the list: it fades. */
  isFaded: (series: string) => boolean;
  scale: Scale;
  /** The events that full height stands for; `null`: those of the highest column in view. */
  lockedMost: number | null;
}

export interface OverlayMarks {
  a: number | null;
  b: number | null;
  hover: number | null;
  /** A range being drawn, in pixels. */
  range: [number, number] | null;
  /** Where a magnet just drew the pointer. */
  tick: number | null;
  /** All flags of findings: those that the tag of a cursor covers are shown below it. */
  problems: readonly FlagMark[];
}

/** What the lane of flags shows. */
export interface Flags {
  problems: readonly FlagMark[];
  others: readonly OtherFlag[];
  hits: readonly HitMark[];
}

/** A flag that is no finding: a bookmark. */
export interface OtherFlag {
  x: number;
}

export interface Surface {
  canvas: HTMLCanvasElement;
  width: number;
  height: number;
}

/** How much of a colour is left where a type is filtered out. */
const FADED_SHARE = 0.78;
/** So many words of the ruler are known with their width. */
const MOST_WIDTHS = 2_000;
const NO_PACES = new Uint8Array();
const PACE_PIXELS = 5;
const RULER_FONT = '11px "Inter Variable", system-ui, sans-serif';

export class TimelinePainter {
  #colours: Record<string, string> = {};
  #slotPixels: number[] = [];
  #isForced = false;
  #shapes: Path2D[] = SHAPES.map((_, slot) => new Path2D(shapeOf(slot)));
  /** Kept from frame to frame: what is made anew costs a gesture more than what is drawn. */
  #image: ImageData | null = null;
  /** How wide the bars are that were drawn last; 0: none, or each as wide as its event. */
  #barPixels = 0;
  #map: { canvas: HTMLCanvasElement; pieces: readonly Piece[]; wide: Projection } | null = null;
  readonly #widths = new Map<string, number>();

  /** Reads the tokens of the present theme. */
  readTheme(): void {
    const names = [
      '--bg-1',
      '--bg-2',
      '--bg-0',
      '--line-1',
      '--line-2',
      '--line-ctl',
      '--fg-2',
      '--fg-3',
      '--accent',
      '--cur-a',
      '--cur-b',
      '--warn',
      '--danger',
      '--info',
    ];
    const slots = SHAPES.map((_, slot) => colourToken(slot));
    for (const name of [...names, ...slots]) this.#colours[name] = inkOf(name);
    this.#isForced = matchMedia(FORCED_COLOURS).matches;
    this.#slotPixels = slots.map((name) => pixelFromHex(this.#colours[name] ?? '#000000'));
    this.#map = null;
  }

  /** Paints the density of a window. Answers what full height stands for; 0 where height means nothing. */
  plot(surface: Surface, content: PlotContent | null): number {
    const context = prepare(surface);
    if (!context) return 0;
    const { canvas, width } = surface;
    const image = this.#imageOf(context, canvas);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(this.#pixel('--bg-1'));
    if (!content) {
      context.putImageData(image, 0, 0);
      return 0;
    }
    const { axis, view, pieces } = content;
    const isCounted = axis === 'version';
    const size = glyphSize(view, axis);
    const stacks = stacksOf(view, pieces, surface.height, size);
    const ratio = canvas.width / Math.max(1, width);
    const bars = pieces.map((piece) => barsOf(piece, view, ratio));
    const highest = Math.max(0, ...bars.map((of) => tallest(of, canvas.width)));
    const most = content.lockedMost ?? highest;
    if (!stacks) {
      const picture = { width: canvas.width, height: canvas.height, pixels };
      bars.forEach((of, at) => {
        const colours = this.#coloursOf(pieces[at]?.frame, content);
        const textures = this.#texturesOf(pieces[at]?.frame, content);
        const faded = pieces[at]?.frame.series.map(content.isFaded) ?? [];
        paint(picture, of, { colours, textures, faded }, isCounted ? 'share' : content.scale, most);
      });
    }
    if (isCounted) {
      const strips = bars.map((of, at) => ({ bars: of, paces: pieces[at]?.frame.paces ?? NO_PACES }));
      const picture = { width: canvas.width, height: canvas.height, pixels };
      paintPaces(picture, strips, Math.round(PACE_PIXELS * ratio), this.#pixel('--bg-1'), this.#pixel('--fg-2'));
    }
    context.putImageData(image, 0, 0);
    this.#barPixels = stacks || isCounted ? 0 : Math.max(0, ...bars.map(({ step }) => step / ratio));
    if (stacks) this.#glyphs(context, surface, stacks, content, size);
    // On the axis of versions there is none; positions without an event were deleted, or never used.
    if (axis !== 'version') {
      const textOf = axis === 'time' ? approximateText : (length: bigint) => S.timeline.gap(countText(length));
      this.#gaps(context, surface, gapsOf(view, pieces), stacks !== null, textOf);
    }
    for (const mark of view.marks()) this.#fold(context, surface, mark);
    return isCounted || stacks ? 0 : most;
  }

  /** The lane of flags: nothing of it is ever left out. */
  flags(surface: Surface, { problems, others, hits }: Flags): void {
    const context = prepare(surface);
    if (!context) return;
    context.clearRect(0, 0, surface.width, surface.height);
    // Each kind has a shape of its own: a ring is a hit, a pennant a bookmark, a triangle or a cross a problem.
    context.strokeStyle = this.#colours['--info'] ?? '';
    context.lineWidth = 1.5;
    for (const { x } of hits) {
      context.beginPath();
      context.arc(Math.round(x) + 0.5, 6, 3, 0, 2 * Math.PI);
      context.stroke();
    }
    context.lineWidth = 1;
    context.fillStyle = this.#colours['--accent'] ?? '';
    for (const { x } of others) {
      const left = Math.round(x);
      context.beginPath();
      context.moveTo(left - 3, 1);
      context.lineTo(left + 3, 1);
      context.lineTo(left + 3, 9);
      context.lineTo(left, 6);
      context.lineTo(left - 3, 9);
      context.fill();
    }
    for (const { x, bits } of problems) this.#problem(context, Math.round(x), 0, bits);
  }

  /** `reserved`: pixels at the right end that something else stands on. */
  ruler(surface: Surface, view: Projection, ruler: Ruler, reserved: number): void {
    const context = prepare(surface);
    if (!context) return;
    context.clearRect(0, 0, surface.width, surface.height);
    context.font = RULER_FONT;
    const words = wordsOf(ruler, view, reserved, (text) => this.#widthOf(context, text));
    context.fillStyle = this.#colours['--line-2'] ?? '';
    for (const { x } of [...ruler.ticks, ...words]) if (x !== null) context.fillRect(Math.round(x), 0, 1, 4);
    context.textBaseline = 'middle';
    for (const { text, left, of } of words) {
      context.fillStyle = this.#colours[of === 'fold' ? '--fg-2' : '--fg-3'] ?? '';
      context.fillText(text, left, 9);
    }
  }

  /** `wide`: the whole axis over the width, folded as the plot is. */
  minimap(surface: Surface, axis: Axis, pieces: readonly Piece[] | null, wide: Projection, visible: Span): void {
    const context = prepare(surface);
    if (!context) return;
    const { width, height } = surface;
    context.clearRect(0, 0, width, height);
    const silhouette = pieces && this.#silhouetteOf(surface, axis, pieces, wide);
    if (silhouette) context.drawImage(silhouette, 0, 0, width, height);
    const left = wide.xOf(visible.from);
    const right = Math.max(left + 2, wide.xOf(visible.to));
    context.fillStyle = this.#colours['--bg-1'] ?? '';
    context.globalAlpha = 0.72;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.strokeStyle = this.#colours['--fg-3'] ?? '';
    context.strokeRect(Math.round(left) + 0.5, 0.5, Math.max(1, Math.round(right - left) - 1), height - 1);
    context.fillStyle = this.#colours['--fg-3'] ?? '';
    context.fillRect(Math.round(left), height / 2 - 5, 5, 10);
    context.fillRect(Math.round(right) - 5, height / 2 - 5, 5, 10);
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
    if (marks.tick !== null) {
      const left = Math.round(marks.tick);
      context.fillStyle = this.#colours['--fg-2'] ?? '';
      context.fillRect(left - 5, 0, 11, 2);
      context.fillRect(left - 5, height - 2, 11, 2);
    }
    if (marks.b !== null) this.#line(context, marks.b, height, '--cur-b', [3, 2]);
    if (marks.a !== null) this.#line(context, marks.a, height, '--cur-a', []);
    for (const { x, bits } of coveredBy([marks.a, marks.b], marks.problems)) {
      context.fillStyle = this.#colours['--bg-1'] ?? '';
      context.fillRect(Math.round(x) - 5, TAG_PIXELS, 10, 11);
      this.#problem(context, Math.round(x), TAG_PIXELS, bits);
    }
  }

  #line(context: CanvasRenderingContext2D, x: number, height: number, colour: string, dash: number[]): void {
    // Right of the bar of its event, which it would hide. There a margin of background keeps it visible over the next
    // bars; a glyph shows its shape beneath the line.
    const left = besideBar(x, this.#barPixels);
    if (this.#barPixels > 0) {
      context.fillStyle = this.#colours['--bg-1'] ?? '';
      context.fillRect(left, 0, 2, height);
    }
    context.strokeStyle = this.#colours[colour] ?? '';
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(left + 0.5, 0);
    context.lineTo(left + 0.5, height);
    context.stroke();
    context.setLineDash([]);
  }

  #problem(context: CanvasRenderingContext2D, x: number, top: number, bits: number): void {
    const left = x - 4;
    context.fillStyle = this.#colours[bits & (Flag.undecodable | Flag.broken) ? '--danger' : '--warn'] ?? '';
    context.beginPath();
    if (bits & Flag.broken) {
      // A cross: the shape says it without its colour.
      context.strokeStyle = context.fillStyle;
      context.lineWidth = 2;
      context.moveTo(left + 1, top + 2);
      context.lineTo(left + 7, top + 8);
      context.moveTo(left + 7, top + 2);
      context.lineTo(left + 1, top + 8);
      context.stroke();
      context.lineWidth = 1;
      return;
    }
    context.moveTo(left, top + 1);
    context.lineTo(left + 8, top + 1);
    context.lineTo(left + 4, top + 9);
    context.closePath();
    context.fill();
  }

  // A stem where the events are, and a glyph for each: what a person can count is drawn to be counted.
  #glyphs(
    context: CanvasRenderingContext2D,
    { height }: Surface,
    stacks: readonly Stack[],
    { pieces, slotsOf, isFaded }: PlotContent,
    size: number,
  ): void {
    const slots = new Map<string, number>();
    for (const { frame } of pieces) slotsOf(frame).forEach((slot, at) => slots.set(frame.series[at] ?? '', slot));
    const pitch = size + GLYPH_GAP;
    const most = tallestStack(height, size);
    for (const { stems, glyphs, x } of stacks) {
      context.fillStyle = this.#colours['--line-2'] ?? '';
      for (const stem of stems) context.fillRect(Math.round(stem), 4, 1, height - 4);
      const shown = shownOf(glyphs, most, isFaded);
      const places = Math.min(most, glyphs.length);
      const middle = height / 2 + ((places - 1) * pitch) / 2;
      shown.forEach((series, k) => {
        const slot = Math.min(slots.get(series) ?? 0, this.#shapes.length - 1);
        context.save();
        context.translate(x + 0.5 - size / 2, middle - k * pitch - size / 2);
        context.fillStyle = this.#colours['--bg-1'] ?? '';
        context.fillRect(-1, -1, size + 2, size + 2);
        context.scale(size / 10, size / 10);
        context.fillStyle = this.#colours[colourToken(slot)] ?? '';
        context.globalAlpha = isFaded(series) ? 1 - FADED_SHARE : 1;
        context.fill(this.#shapes[slot] ?? new Path2D());
        context.restore();
      });
      if (shown.length < glyphs.length) {
        this.#word(context, `+${glyphs.length - shown.length}`, x, middle - shown.length * pitch, '--fg-2');
      }
    }
  }

  // How long nothing happened, where there is room to say it.
  #gaps(
    context: CanvasRenderingContext2D,
    { height }: Surface,
    gaps: readonly Gap[],
    isMiddle: boolean,
    textOf: (length: bigint) => string,
  ): void {
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
    for (const { from, to, length } of gaps) {
      this.#word(context, textOf(length), (from + to) / 2, Math.round(y), '--fg-3');
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

  // A fold: the axis is torn there.
  #fold(context: CanvasRenderingContext2D, { height }: Surface, { left, right }: FoldMark): void {
    const middle = Math.round((left + right) / 2);
    context.fillStyle = this.#colours['--bg-0'] ?? '';
    context.fillRect(Math.round(left), 0, Math.max(2, Math.round(right - left)), height);
    context.strokeStyle = this.#colours['--line-ctl'] ?? '';
    for (const x of [middle - 3.5, middle + 3.5]) {
      context.beginPath();
      context.moveTo(x, 0);
      for (let y = 0, side = 1; y <= height; y += 6, side = -side) context.lineTo(x + side * 2, y);
      context.stroke();
    }
  }

  /** The picture of a canvas's size, with what was drawn into it last. */
  #imageOf(context: CanvasRenderingContext2D, { width, height }: HTMLCanvasElement): ImageData {
    const image = this.#image;
    if (image?.width === width && image.height === height) return image;
    return (this.#image = context.createImageData(width, height));
  }

  /** The width of a word of the ruler. Words come back with every frame of a gesture. */
  #widthOf(context: CanvasRenderingContext2D, text: string): number {
    const known = this.#widths.get(text);
    if (known !== undefined) return known;
    if (this.#widths.size > MOST_WIDTHS) this.#widths.clear();
    const { width } = context.measureText(text);
    this.#widths.set(text, width);
    return width;
  }

  /** The density of the whole axis, drawn once for all windows. */
  #silhouetteOf(surface: Surface, axis: Axis, pieces: readonly Piece[], wide: Projection): HTMLCanvasElement {
    const { width, height } = surface.canvas;
    const map = this.#map;
    const isOfSize = map?.canvas.width === width && map.canvas.height === height;
    if (map && isOfSize && map.pieces === pieces && map.wide === wide) return map.canvas;
    const canvas = document.createElement('canvas');
    const context = prepare({ ...surface, canvas });
    if (context) this.#silhouette(context, surface, axis, pieces, wide);
    this.#map = { canvas, pieces, wide };
    return canvas;
  }

  #silhouette(
    context: CanvasRenderingContext2D,
    surface: Surface,
    axis: Axis,
    pieces: readonly Piece[],
    wide: Projection,
  ): void {
    const totals = pieces.map(({ running }) => running.subarray(1).map((count, at) => count - (running[at] ?? 0)));
    const most = totals.reduce((all, of) => of.reduce((high, count) => Math.max(high, count), all), 1);
    context.fillStyle = this.#colours['--line-ctl'] ?? '';
    for (const { left, right } of wide.marks()) {
      context.fillRect(Math.round((left + right) / 2), 0, 1, surface.height);
    }
    pieces.forEach((piece, at) => {
      const { fetch } = piece;
      const start = xOfColumn(wide, piece, 0);
      const step = floatFromBig(fetch.bucket) * wide.scale;
      totals[at]?.forEach((total, column) => {
        if (total === 0) return;
        // On the version axis a column's height would say nothing: every event is equally wide.
        const share = axis === 'version' ? 0.3 : heightShare(total, most, 'sqrt');
        const tall = Math.max(1, Math.round(share * (surface.height - 2)));
        context.fillRect(Math.floor(start + column * step), surface.height - tall, Math.max(1, Math.ceil(step)), tall);
      });
    });
  }

  #coloursOf(frame: DensityFrame | undefined, { slotsOf, isFaded }: PlotContent): number[] {
    if (!frame) return [];
    return slotsOf(frame).map((slot, at) => {
      const colour = this.#slotPixels[slot] ?? 0;
      return isFaded(frame.series[at] ?? '') ? mixed(colour, this.#pixel('--bg-1'), FADED_SHARE) : colour;
    });
  }

  #texturesOf(frame: DensityFrame | undefined, { slotsOf }: PlotContent): Textures | null {
    if (!this.#isForced || !frame) return null;
    const of = slotsOf(frame).map((slot) => TEXTURES[slot] ?? new Uint8Array(8));
    return { of, ground: this.#pixel('--bg-1') };
  }

  #pixel(name: string): number {
    return pixelFromHex(this.#colours[name] ?? '#000000');
  }
}

/** The columns of a piece in device pixels. */
function barsOf(piece: Piece, view: Projection, ratio: number): Bars {
  const { frame, fetch } = piece;
  return {
    columns: frame.columns,
    start: xOfColumn(view, piece, 0) * ratio,
    step: floatFromBig(fetch.bucket) * view.scale * ratio,
    slots: frame.series.length,
    counts: frame.counts,
  };
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
