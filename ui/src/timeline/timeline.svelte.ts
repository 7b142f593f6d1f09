// What a timeline shows: its axis, its whole span, the visible window, the trail of earlier windows, and the density
// that was fetched for it. It knows no cursor and no canvas.

import type { Axis } from '../backend/bindings';
import type { DensityFrame } from '../backend/frames';
import { Latest } from '../base/latest';
import { inside, lengthOf, pan, sameSpan, spanOf, zoomAt, type Span } from './axis';
import { fetchFor, runningCounts, serves, type Fetch } from './lod';

export interface Block {
  axis: Axis;
  fetch: Fetch;
  frame: DensityFrame;
  /** Events before each column border. */
  running: Float64Array;
}

export interface TimelineSource {
  /** The axes that have bounds here, with the first and the last value (inclusive). */
  bounds(axis: Axis): { first: bigint; last: bigint } | null;
  load(axis: Axis, fetch: Fetch): Promise<DensityFrame>;
  /** The colour slot of a series. */
  slotOf(series: string): number;
  failed(reason: unknown): void;
}

const MARGIN_SHARE = 50n;
const SHORTEST: Record<Axis, bigint> = { time: 1_000_000_000n, version: 8n, position: 8n };

export class Timeline {
  readonly #source: TimelineSource;
  readonly #blocks: Latest<Wanted, Block>;
  readonly #maps: Latest<Wanted, Block>;
  readonly #trail: { axis: Axis; window: Span }[] = [];

  axis = $state<Axis>('time');
  whole = $state.raw<Span>({ from: 0n, to: 1n });
  window = $state.raw<Span>({ from: 0n, to: 1n });
  width = $state(0);
  block = $state.raw<Block | null>(null);
  map = $state.raw<Block | null>(null);
  canZoomBack = $state(false);

  constructor(source: TimelineSource, axis: Axis) {
    this.#source = source;
    const load = (wanted: Wanted) => this.#load(wanted);
    const failed = (reason: unknown) => source.failed(reason);
    this.#blocks = new Latest(load, (block) => (this.block = block), failed);
    this.#maps = new Latest(load, (block) => (this.map = block), failed);
    this.setAxis(axis);
  }

  close(): void {
    this.#blocks.close();
    this.#maps.close();
  }

  /** The colour slots of a block's series, as they are known now: the index may tell them later than the density. */
  slotsOf(block: Block): number[] {
    return block.frame.series.map((name) => this.#source.slotOf(name));
  }

  has(axis: Axis): boolean {
    return this.#source.bounds(axis) !== null;
  }

  /** Shows another axis whole. */
  setAxis(axis: Axis): void {
    const bounds = this.#source.bounds(axis);
    if (!bounds) return;
    this.axis = axis;
    this.whole = withMargin(bounds.first, bounds.last, axis);
    this.window = this.whole;
    this.#trail.length = 0;
    this.canZoomBack = false;
    this.refresh();
  }

  resize(width: number): void {
    if (width === this.width || width <= 0) return;
    this.width = width;
    this.refresh();
  }

  /** Fetches density when what is there does not serve. The old picture stays until the new one came. */
  refresh(): void {
    if (this.width <= 0) return;
    const { axis, whole, width } = this;
    if (this.map?.axis !== axis || !serves(this.map.fetch, whole, width, whole)) {
      this.#maps.ask({ axis, fetch: fetchFor(whole, width, whole) });
    }
    if (this.block?.axis !== axis || !serves(this.block.fetch, this.window, width, whole)) {
      this.#blocks.ask({ axis, fetch: fetchFor(this.window, width, whole) });
    }
  }

  /** Drops what was fetched, after the store behind it changed. */
  reload(): void {
    this.block = null;
    this.map = null;
    this.setAxis(this.axis);
  }

  zoomAt(x: number, factor: number): void {
    this.show(zoomAt(this.window, this.width, x, factor, this.whole, SHORTEST[this.axis]));
  }

  panBy(pixels: number): void {
    this.show(pan(this.window, this.width, pixels, this.whole));
  }

  show(window: Span): void {
    if (sameSpan(window, this.window)) return;
    this.window = inside(window, this.whole);
    this.refresh();
  }

  /** Shows a window and remembers the one before it. */
  visit(window: Span): void {
    if (sameSpan(window, this.window)) return;
    this.remember();
    this.show(window);
  }

  /** Puts the present window on the trail, before a gesture changes it. */
  remember(): void {
    const last = this.#trail.at(-1);
    if (last && last.axis === this.axis && sameSpan(last.window, this.window)) return;
    this.#trail.push({ axis: this.axis, window: this.window });
    if (this.#trail.length > 64) this.#trail.shift();
    this.canZoomBack = true;
  }

  zoomBack(): boolean {
    let last = this.#trail.pop();
    while (last && sameSpan(last.window, this.window)) last = this.#trail.pop();
    this.canZoomBack = this.#trail.length > 0;
    if (!last) return false;
    this.show(last.window);
    return true;
  }

  fitAll(): void {
    this.visit(this.whole);
  }

  /** The window from one value to another, both visible with a margin. */
  visitRange(one: bigint, other: bigint): void {
    const length = one < other ? other - one : one - other;
    const margin = length / 20n + 1n;
    const low = (one < other ? one : other) - margin;
    this.visit(inside(spanOf(low, low + length + 2n * margin, this.whole, SHORTEST[this.axis]), this.whole));
  }

  /** Moves the window, without changing its length, so that a value is in its middle. */
  centre(value: bigint): void {
    const length = lengthOf(this.window);
    this.visit(inside({ from: value - length / 2n, to: value - length / 2n + length }, this.whole));
  }

  /** Moves the window only when a value is outside it. */
  reveal(value: bigint): void {
    if (value >= this.window.from && value < this.window.to) return;
    const length = lengthOf(this.window);
    this.show(inside({ from: value - length / 2n, to: value - length / 2n + length }, this.whole));
  }

  async #load({ axis, fetch }: Wanted): Promise<Block> {
    const frame = await this.#source.load(axis, fetch);
    // What lies before the window, so that a column answers to a moment: one column over all of it.
    const from = this.whole.from;
    const earlier = { from, to: fetch.from, bucket: fetch.from - from, columns: 1 };
    const before = fetch.from > from ? total(await this.#source.load(axis, earlier)) : 0;
    const running = runningCounts(frame.counts, frame.columns, frame.series.length, before);
    return { axis, fetch, frame, running };
  }
}

interface Wanted {
  axis: Axis;
  fetch: Fetch;
}

function total(frame: DensityFrame): number {
  return frame.counts.reduce((sum, count) => sum + count, 0);
}

function withMargin(first: bigint, last: bigint, axis: Axis): Span {
  const length = last - first + 1n;
  // Events have a width on the axes that count them, so those need no air at the ends.
  const margin = axis === 'time' ? length / MARGIN_SHARE + 1n : 0n;
  const span = { from: first - margin, to: last + 1n + margin };
  const missing = SHORTEST[axis] - lengthOf(span);
  return missing > 0n ? { from: span.from - missing / 2n, to: span.to + missing - missing / 2n } : span;
}
