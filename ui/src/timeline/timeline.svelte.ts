// What a timeline shows: its axis, its whole span, the visible window, the trail of earlier windows, and the density
// that was fetched for it. It knows no cursor and no canvas.

import type { Axis, DensityBy } from '../backend/bindings';
import type { DensityFrame } from '../backend/frames';
import { bigFromFloat, floatFromBig } from '../base/exact';
import { Latest } from '../base/latest';
import { shownTime } from '../base/zone.svelte';
import { inside, lengthOf, sameSpan, spanOf, type Fold, type Span } from './axis';
import { blockOf, silhouette, wholeBlockOf, type Block, type Wanted, type WholeBlock } from './blocks';
import type { Described } from './description';
import { Glide } from './glide';
import { Hold } from './hold';
import { countsOf, planFor, resembles, serves, type Fetch, type Piece } from './lod';
import { Projection } from './projection';
import type { Scale } from './raster';
import { rulerOf, type Ruler } from './ticks';

/** A column of the density. */
export interface Column {
  axis: Axis;
  from: bigint;
  length: bigint;
  events: number;
  /** Those of them that something was found at. */
  problems: number;
  /** The events of each series. */
  counts: ReadonlyMap<string, number>;
}

export interface TimelineSource {
  /** The axes that have bounds here, with the first and the last value (inclusive). */
  bounds(axis: Axis): { first: bigint; last: bigint } | null;
  load(axis: Axis, fetch: Fetch, by: DensityBy): Promise<DensityFrame>;
  /** How far the numbers that people know are ahead of an axis: versions may begin with another number than 1. */
  ahead(axis: Axis): bigint;
  /** The colour slot of a series. */
  slotOf(series: string, by: DensityBy): number;
  failed(reason: unknown): void;
}

/** What stays where it is while the axis changes: a value of the new axis, and its pixel. */
export interface Anchor {
  value: bigint;
  x: number;
}

/** So much deeper an axis may be shown than the one before, to keep what is anchored where it is. */
const DEEPER = [1, 1.25, 1.5, 2, 3];
const MARGIN_SHARE = 50n;
/** So far a person can pan beyond the first and the last event. */
const REST_PIXELS = 24;
/** So long after its last step a gesture is over. */
const REST_MILLIS = 120;
/** A millisecond to a pixel, and 48 pixels to an event. */
const FINEST: Record<Axis, { values: number; pixels: number }> = {
  time: { values: 1_000_000, pixels: 1 },
  version: { values: 1, pixels: 48 },
  position: { values: 1, pixels: 48 },
};

export class Timeline {
  readonly #source: TimelineSource;
  readonly #blocks: Latest<Wanted, Block>;
  readonly #maps: Latest<Wanted, WholeBlock>;
  readonly #trail: { axis: Axis; window: Span }[] = [];
  readonly #foldsOf = new Map<Axis, Fold[]>();
  #gesture: ReturnType<typeof setTimeout> | undefined;
  #anchored: { anchor: Anchor; depth: number } | null = null;
  readonly hold = new Hold();
  /** How keys and wheel move the window. */
  readonly glide = new Glide(this);

  axis = $state<Axis>('time');
  /** What the events of a column are told apart by. */
  by = $state<DensityBy>('type');
  whole = $state.raw<Span>({ from: 0n, to: 1n });
  window = $state.raw<Span>({ from: 0n, to: 1n });
  width = $state(0);
  block = $state.raw<Block | null>(null);
  map = $state.raw<Block | null>(null);
  canZoomBack = $state(false);
  /** Whether long empty stretches of the time axis are folded. */
  isFolding = $state(true);
  /** What the height of a column means, on the axes where it means a count. */
  scale = $state<Scale>('sqrt');
  /** The events that full height stands for, where a person keeps that over windows. */
  lockedMost = $state<number | null>(null);
  /** Whether it is told in words beside its picture. */
  isDescribed = $state(false);
  /** The events that full height stands for in the picture; 0 where height means nothing. */
  most = $state(0);
  #folds = $state.raw<readonly Fold[]>([]);
  readonly #view = $derived(Projection.of(this.window, Math.max(1, this.width), this.#folds));

  readonly #wide = $derived(Projection.of(this.whole, Math.max(1, this.width), this.#folds));

  constructor(source: TimelineSource, axis: Axis) {
    this.#source = source;
    const load = (wanted: Wanted) => blockOf(source, wanted, this.whole);
    const failed = (reason: unknown) => source.failed(reason);
    this.#blocks = new Latest(load, (block) => (this.block = block), failed);
    this.#maps = new Latest(
      (wanted) => wholeBlockOf(source, wanted, this.whole, () => this.width),
      (map) => this.#takeMap(map),
      failed,
    );
    this.setAxis(axis);
  }

  close(): void {
    clearTimeout(this.#gesture);
    this.#blocks.close();
    this.#maps.close();
  }

  /** Values of the visible window as pixels. */
  get view(): Projection {
    return this.#view;
  }

  /** The values of the whole axis as pixels, folded as the window is: what the minimap shows. */
  get wide(): Projection {
    return this.#wide;
  }

  /** The visible window; `null` where all is visible. */
  get zoom(): Span | null {
    return sameSpan(this.window, this.whole) ? null : this.window;
  }

  /** The density that is of the shown axis. */
  get pieces(): readonly Piece[] | null {
    return this.block?.axis === this.axis ? this.block.pieces : null;
  }

  /** The colour slots of a frame's series, as they are known now: the index may tell them later than the density. */
  slotsOf(frame: DensityFrame): number[] {
    const by = this.block?.by ?? this.by;
    return frame.series.map((name) => this.#source.slotOf(name, by));
  }

  /** What a description tells of: the window as far as there is something; `null` until the density is there. */
  get described(): Described | null {
    const { axis, pieces, window: visible } = this;
    const ends = this.#source.bounds(axis);
    if (!pieces || !ends) return null;
    const from = visible.from > ends.first ? visible.from : ends.first;
    const to = visible.to <= ends.last ? visible.to : ends.last + 1n;
    const by = this.block?.by ?? this.by;
    const window = from < to ? { from, to } : visible;
    return { axis, by, window, pieces, folds: this.view.folds, ahead: this.#source.ahead(axis) };
  }

  get ruler(): Ruler {
    const { axis } = this;
    const ends = this.#source.bounds(axis);
    const bounds = ends ? { from: ends.first, to: ends.last + 1n } : this.whole;
    return rulerOf(this.view, this.window, { axis, bounds, ahead: this.#source.ahead(axis), zone: shownTime });
  }

  has(axis: Axis): boolean {
    return this.#source.bounds(axis) !== null;
  }

  /** The column of the density under a pixel; `null` where there is none, as inside of a fold. */
  columnAt(x: number): Column | null {
    const { axis, view, pieces } = this;
    const value = view.valueAt(Math.max(0, x));
    const piece = pieces?.find(({ fetch }) => fetch.from <= value && value < fetch.to);
    if (!piece) return null;
    const { fetch, frame, running } = piece;
    const column = floatFromBig((value - fetch.from) / fetch.bucket);
    const events = (running[column + 1] ?? 0) - (running[column] ?? 0);
    const counts = countsOf(frame, column);
    const problems = frame.problems[column] ?? 0;
    return { axis, from: fetch.from + fetch.bucket * BigInt(column), length: fetch.bucket, events, problems, counts };
  }

  /** The last value that a pixel stands for together with what its column counts: up to there all is counted. */
  lastOf(x: number): bigint {
    const column = this.columnAt(x);
    return column ? column.from + column.length - 1n : this.view.valueAt(x);
  }

  /** Shows another axis: whole, or as deep as the one before with a value where it is wanted. */
  setAxis(axis: Axis, anchor: Anchor | null = null): void {
    const bounds = this.#source.bounds(axis);
    if (!bounds) return;
    this.glide.stop();
    const depth = anchor ? this.view.scale / Projection.of(this.whole, this.view.width, this.#folds).scale : 1;
    this.axis = axis;
    this.whole = withMargin(bounds.first, bounds.last, axis);
    this.#folds = this.#foldsNow();
    this.window = this.whole;
    this.#anchored = anchor && { anchor, depth };
    this.#place();
    this.#trail.length = 0;
    this.canZoomBack = false;
    this.refresh();
  }

  /** Tells the events of a column apart by something else. The old picture stays until the new one came. */
  stackBy(by: DensityBy): void {
    this.by = by;
    this.refresh();
  }

  setFolding(isFolding: boolean): void {
    const depth = this.view.scale;
    const middle = this.view.valueAt(this.view.width / 2);
    this.isFolding = isFolding;
    this.#folds = this.#foldsNow();
    const unchanged = Projection.of(this.window, this.view.width, this.#folds);
    this.#show(unchanged.zoomed(unchanged.xOf(middle), unchanged.scale / depth, this.whole, this.#shortest()));
    this.refresh();
  }

  /** Keeps what full height stands for, or lets it follow the window again. */
  lockScale(isLocked: boolean): void {
    this.lockedMost = isLocked && this.most > 0 ? this.most : null;
  }

  resize(width: number): void {
    if (width === this.width || width <= 0) return;
    this.width = width;
    this.#place();
    this.refresh();
  }

  /** Fetches density when what is there does not serve. The old picture stays until the new one came. */
  refresh(): void {
    if (this.width <= 0) return;
    const { axis, by, whole, view } = this;
    const wide = Projection.of(whole, this.width);
    if (this.map?.axis !== axis || !serves(this.map.plan, wide, whole, whole)) {
      this.#maps.ask(silhouette(axis, planFor(wide, whole, [])));
    }
    const { block } = this;
    if (block?.axis !== axis || block.by !== by || !serves(block.plan, view, this.window, whole)) {
      this.#blocks.ask({ axis, by, plan: planFor(view, whole, this.#folds) });
    }
  }

  /**
   * Takes in that there is more behind the end. Where it is followed, the right edge goes along; a window over all of
   * it stays one. The old picture stays until the new one came.
   */
  grow(isFollowing: boolean): void {
    const bounds = this.#source.bounds(this.axis);
    if (!bounds) return;
    const wasWhole = sameSpan(this.window, this.whole);
    this.whole = withMargin(bounds.first, bounds.last, this.axis);
    const length = lengthOf(this.window);
    if (wasWhole) this.#show(this.whole);
    else if (isFollowing) this.#show(inside({ from: this.whole.to - length, to: this.whole.to }, this.whole));
    if (this.width <= 0) return;
    const { axis, by, whole } = this;
    this.#maps.ask(silhouette(axis, planFor(Projection.of(whole, this.width), whole, [])));
    this.#blocks.ask({ axis, by, plan: planFor(this.view, whole, this.#folds) });
  }

  /** Drops what was fetched, after the store behind it changed. */
  reload(): void {
    this.block = null;
    this.map = null;
    this.#foldsOf.clear();
    this.setAxis(this.axis);
  }

  /** Fetches anew what is shown, after something was found at its events; the old picture stays until then. */
  refetch(): void {
    if (this.width <= 0) return;
    const { axis, by } = this;
    this.#blocks.ask({ axis, by, plan: planFor(this.view, this.whole, this.#folds) });
  }

  zoomAt(x: number, factor: number): void {
    const { view, window } = this;
    const [bounds, shortest] = [factor > 1 ? this.whole : this.#bounds(), this.#shortest()];
    const isExact = this.axis === 'time';
    this.#slide(
      isExact ? view.zoomed(x, factor, bounds, shortest) : this.hold.zoomed(view, window, x, factor, bounds, shortest),
    );
  }

  panBy(pixels: number): void {
    this.#slide(this.view.panned(pixels, this.#bounds()));
  }

  show(window: Span): void {
    this.glide.stop();
    if (sameSpan(window, this.window)) return;
    this.#anchored = null;
    this.#show(window);
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
    this.visit(inside(spanOf(low, low + length + 2n * margin, this.whole, this.#shortest()), this.whole));
  }

  /** The window from one value to another, no shorter than can be shown. */
  showBetween(one: bigint, other: bigint): void {
    this.show(spanOf(one, other, this.whole, this.#shortest()));
  }

  /** Moves the window, without changing its scale, so that a value is in its middle. */
  centre(value: bigint): void {
    this.visit(this.view.placed(value, this.view.width / 2, this.whole));
  }

  /** Whether a value is in the middle of the window, as far as the ends of the axis allow. */
  isCentred(value: bigint): boolean {
    return sameSpan(this.view.placed(value, this.view.width / 2, this.whole), this.window);
  }

  /** Moves the window only when a value is outside it. */
  reveal(value: bigint): void {
    if (value >= this.window.from && value < this.window.to) return;
    this.show(this.view.placed(value, this.view.width / 2, this.whole));
  }

  /**
   * Shows a window that is a step of a gesture. The first step asks for what it shows; while others follow, the picture
   * that is there is drawn, and only what it does not reach is asked for. Where the gesture rests, all is.
   */
  #slide(window: Span): void {
    if (sameSpan(window, this.window)) return;
    const isRunning = this.#gesture !== undefined;
    clearTimeout(this.#gesture);
    this.#gesture = setTimeout(() => {
      this.#gesture = undefined;
      this.refresh();
    }, REST_MILLIS);
    this.#anchored = null;
    this.#show(window);
    const { axis, block } = this;
    if (isRunning && block?.axis === axis && resembles(block.plan, this.view, this.window, this.whole)) return;
    this.refresh();
  }

  #show(window: Span): void {
    this.window = inside(window, this.whole);
  }

  #foldsNow(): readonly Fold[] {
    return this.axis === 'time' && this.isFolding ? (this.#foldsOf.get('time') ?? []) : [];
  }

  // The folds are those of the whole axis. They may come after its first picture.
  #takeMap(map: WholeBlock): void {
    this.map = map;
    if (map.axis !== 'time') return;
    this.#foldsOf.set('time', map.folds);
    const folds = this.#foldsNow();
    if (sameFolds(folds, this.#folds)) return;
    this.#folds = folds;
    this.#place();
    this.refetch();
  }

  /**
   * Puts what is anchored at its pixel: as deep as before, or a little deeper where the axis would end inside of the
   * window otherwise. Where even that is not enough, there is nothing to see beyond the end.
   */
  #place(): void {
    if (!this.#anchored || this.width <= 0) return;
    const { anchor, depth } = this.#anchored;
    const { whole, width } = this;
    const wide = Projection.of(whole, width, this.#folds);
    const beyond = { from: whole.from - lengthOf(whole), to: whole.to + lengthOf(whole) };
    const windows = DEEPER.map((factor) => {
      const zoomed = wide.zoomed(wide.xOf(anchor.value), 1 / (depth * factor), whole, this.#shortest());
      const view = Projection.of(zoomed, width, this.#folds);
      // Events have a width on the axes that count, and are drawn in the middle of it.
      return view.placed(anchor.value, this.axis === 'time' ? anchor.x : anchor.x - view.scale / 2, beyond);
    });
    const isInside = (window: Span) => window.from >= whole.from && window.to <= whole.to;
    // So few that nothing could come closer are all shown: what is anchored gives way to those that would be hidden.
    const isFew = lengthOf(whole) <= this.#shortest();
    this.window = isFew ? whole : (windows.find(isInside) ?? windows[0] ?? whole);
  }

  /** The shortest window. */
  #shortest(): bigint {
    const { values, pixels } = FINEST[this.axis];
    return bigFromFloat(Math.max(1, (values * Math.max(1, this.width)) / pixels));
  }

  /** As far as a person can pan: a few pixels beyond the first and the last event. */
  #bounds(): Span {
    const margin = marginOf(this.whole, this.axis);
    const rest = bigFromFloat(REST_PIXELS / this.view.scale);
    const spared = margin > rest ? margin - rest : 0n;
    return { from: this.whole.from + spared, to: this.whole.to - spared };
  }
}

function sameFolds(a: readonly Fold[], b: readonly Fold[]): boolean {
  const isSame = (one: Fold, other: Fold | undefined) =>
    other !== undefined && sameSpan(one, other) && one.gap === other.gap;
  return a.length === b.length && a.every((fold, at) => isSame(fold, b[at]));
}

function marginOf(whole: Span, axis: Axis): bigint {
  // Events have a width on the axes that count them, so those need no air at the ends.
  return axis === 'time' ? lengthOf(whole) / (MARGIN_SHARE + 2n) : 0n;
}

function withMargin(first: bigint, last: bigint, axis: Axis): Span {
  const length = last - first + 1n;
  const margin = axis === 'time' ? length / MARGIN_SHARE + 1n : 0n;
  const span = { from: first - margin, to: last + 1n + margin };
  const least = axis === 'time' ? 1_000_000_000n : 8n;
  const missing = least - lengthOf(span);
  return missing > 0n ? { from: span.from - missing / 2n, to: span.to + missing - missing / 2n } : span;
}
