// Puts a watched field on a canvas: numbers as a step line with how far they went in each column, booleans as a band,
// everything else as coloured segments that carry their value where there is room.

import type { FieldKind, LaneRun } from '../backend/bindings';
import { floatFromBig } from '../base/exact';
import type { LanePiece } from '../model/fields.svelte';
import { colourToken, SHAPES } from '../ui/shapes';
import { inkOf } from './ink';
import type { Projection } from './projection';

const ABSENT = 0xffffffff;
const TOP = 65_535;
const FONT = '11px "JetBrains Mono Variable", monospace';
/** Of a segment's colour so much is laid over the ground, so that its text can be read. */
const TINT = 0.3;

export interface LaneSurface {
  canvas: HTMLCanvasElement;
  width: number;
  height: number;
}

/** A run in pixels: from its column to that of the next. */
interface Stretch {
  run: LaneRun;
  left: number;
  right: number;
  literal: string | null;
}

export function paintLane(surface: LaneSurface, kind: FieldKind, view: Projection, pieces: readonly LanePiece[]): void {
  const context = prepare(surface);
  if (!context) return;
  const colour = inkOf;
  const { width, height } = surface;
  context.clearRect(0, 0, width, height);
  const stretches = pieces
    .flatMap((piece) => stretchesOf(view, piece))
    .filter(({ left, right }) => right > 0 && left < width);
  if (kind === 'number') return steps(context, stretches, height, colour);
  context.font = FONT;
  context.textBaseline = 'middle';
  for (const { left, right, literal, run } of stretches) {
    if (literal === null) continue;
    const wide = Math.max(1, right - left - 1);
    if (kind === 'boolean') {
      context.fillStyle = colour(literal === 'true' ? '--accent' : '--line-2');
      const tall = literal === 'true' ? height - 8 : 2;
      context.fillRect(left, height - 4 - tall, wide + 1, tall);
      continue;
    }
    context.fillStyle = colour(colourToken(slotOf(literal)));
    context.globalAlpha = TINT;
    context.fillRect(left, 3, wide, height - 6);
    context.globalAlpha = 1;
    context.fillRect(left, 3, 2, height - 6);
    if (run.changes > 1) context.fillRect(left, height - 5, wide, 2);
    const text = context.measureText(literal).width;
    if (text + 12 > wide) continue;
    context.fillStyle = colour('--fg-1');
    context.fillText(literal, Math.max(left, 0) + 6, height / 2 + 0.5);
  }
}

/** The same value has the same colour in every window. */
function slotOf(literal: string): number {
  let hash = 0;
  for (const letter of literal) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return hash % (SHAPES.length - 1);
}

function steps(
  context: CanvasRenderingContext2D,
  stretches: readonly Stretch[],
  height: number,
  colour: (token: string) => string,
): void {
  const y = (share: number) => Math.round(height - 4 - (share / TOP) * (height - 8)) + 0.5;
  context.fillStyle = colour('--accent');
  context.globalAlpha = 0.35;
  for (const { run, left, literal } of stretches) {
    if (literal !== null && run.high > run.low)
      context.fillRect(Math.floor(left), y(run.high), 1, y(run.low) - y(run.high));
  }
  context.globalAlpha = 1;
  context.strokeStyle = colour('--accent');
  context.lineWidth = 1.5;
  context.beginPath();
  let last: number | null = null;
  for (const { run, left, right, literal } of stretches) {
    if (literal === null) {
      last = null;
      continue;
    }
    const at = y(run.height);
    if (last === null) context.moveTo(left, at);
    else context.lineTo(left, last);
    context.lineTo(left, at);
    context.lineTo(right, at);
    last = at;
  }
  context.stroke();
}

function stretchesOf(view: Projection, { fetch, lane }: LanePiece): Stretch[] {
  const start = view.xOf(fetch.from);
  const step = floatFromBig(fetch.bucket) * view.scale;
  const end = view.xOf(fetch.to);
  return lane.runs.map((run, at) => {
    const next = lane.runs[at + 1];
    return {
      run,
      left: start + run.column * step,
      right: next ? start + next.column * step : end,
      literal: run.value === ABSENT ? null : (lane.values[run.value] ?? ''),
    };
  });
}

function prepare({ canvas, width, height }: LaneSurface): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const [wide, tall] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== tall) canvas.height = tall;
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
