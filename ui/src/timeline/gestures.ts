// Pointer and wheel on a timeline. Scrubbing is the primary drag; the ruler, the middle button and the minimap move the
// window. Pixels in, intentions out: it knows neither moments nor stores.

import { wheel } from './wheel.svelte';
import { Speed } from './magnets';
import type { Timeline } from './timeline.svelte';

/** How the pointer came where it is. */
export interface Pointing {
  isFirst: boolean;
  /** Alt is held: what is pointed at is the instant itself, and nothing draws the pointer to itself. */
  isFree: boolean;
  /** Pixels a second. */
  speed: number;
}

export interface PlotIntent {
  /** The pointer points at `x`, with the button down. */
  point(x: number, pointing: Pointing): void;
  /** A range is drawn from where the button went down to `x`. */
  range(from: number, x: number, isDone: boolean): void;
  hover(x: number | null): void;
  /** The right button is at `x`. */
  menu(x: number): void;
  done(): void;
}

type Drag = { kind: 'point' } | { kind: 'range'; from: number } | { kind: 'pan'; last: number };

const WHEEL_QUIET_MILLIS = 400;
const EDGE_PIXELS = 6;
/** What moved less was clicked. */
const LEAST_DRAG_PIXELS = 4;

/** What the primary drag means: pointing at moments, or drawing a range. */
export type PlotMode = 'scrub' | 'range';

export function plotGestures(element: HTMLElement, timeline: Timeline, mode: PlotMode, intent: PlotIntent) {
  let drag: Drag | null = null;
  let wheeledAt = 0;
  const speed = new Speed();
  const pointing = (event: PointerEvent, x: number, isFirst: boolean): Pointing => ({
    ...{ isFirst, isFree: event.altKey, speed: speed.at(x, event.timeStamp) },
  });
  // Asked once a drag: nothing of the page moves while it lasts, and asking makes the page be laid out.
  let left = 0;
  const xOf = (event: MouseEvent) => {
    if (!drag) left = element.getBoundingClientRect().left;
    return event.clientX - left;
  };

  const down = (event: PointerEvent) => {
    if (event.button === 2) return;
    const x = xOf(event);
    const onRuler = event.target instanceof Element && event.target.closest('[data-part=ruler]') !== null;
    element.setPointerCapture(event.pointerId);
    if (onRuler || event.button === 1) {
      event.preventDefault();
      timeline.remember();
      drag = { kind: 'pan', last: x };
    } else if (event.shiftKey || mode === 'range') {
      drag = { kind: 'range', from: x };
      intent.range(x, x, false);
    } else {
      drag = { kind: 'point' };
      intent.point(x, pointing(event, x, true));
    }
  };
  const move = (event: PointerEvent) => {
    const x = xOf(event);
    intent.hover(x);
    if (!drag) return;
    if (drag.kind === 'point') intent.point(x, pointing(event, x, false));
    else if (drag.kind === 'range') intent.range(drag.from, x, false);
    else {
      timeline.panBy(drag.last - x);
      drag.last = x;
    }
  };
  const up = (event: PointerEvent) => {
    if (drag?.kind === 'range') intent.range(drag.from, xOf(event), true);
    if (drag) intent.done();
    speed.rest();
    drag = null;
  };
  const leave = () => intent.hover(null);
  const roll = (event: WheelEvent) => {
    event.preventDefault();
    if (event.timeStamp - wheeledAt > WHEEL_QUIET_MILLIS) timeline.remember();
    wheeledAt = event.timeStamp;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    if (sideways !== 0) timeline.glide.pan(sideways);
    else if (wheel.pans && !event.ctrlKey) timeline.glide.pan(event.deltaY);
    // Free-spinning wheels and trackpads send very different distances.
    else timeline.glide.zoom(xOf(event), 2 ** (Math.sign(event.deltaY) * Math.log2(1 + Math.abs(event.deltaY)) * 0.04));
  };
  const menu = (event: MouseEvent) => intent.menu(xOf(event));
  const doubled = (event: MouseEvent) => {
    timeline.remember();
    timeline.glide.zoom(xOf(event), 0.25);
  };
  return listen(element, {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: up,
    pointerleave: leave,
    wheel: roll,
    dblclick: doubled,
    contextmenu: menu,
  });
}

export function minimapGestures(element: HTMLElement, timeline: Timeline) {
  type MapDrag =
    { kind: 'move'; x: number; left: number } | { kind: 'from' | 'to' } | { kind: 'new'; from: bigint; x: number };
  let drag: MapDrag | null = null;
  const width = () => Math.max(1, element.clientWidth);
  const xOf = (event: MouseEvent) => event.clientX - element.getBoundingClientRect().left;
  const valueAt = (x: number) => timeline.wide.valueAt(Math.min(width(), Math.max(0, x)));

  const partAt = (x: number): 'from' | 'to' | 'move' | 'new' => {
    const left = timeline.wide.xOf(timeline.window.from);
    const right = timeline.wide.xOf(timeline.window.to);
    const [toLeft, toRight] = [Math.abs(x - left), Math.abs(x - right)];
    if (Math.min(toLeft, toRight) <= EDGE_PIXELS) return toLeft < toRight ? 'from' : 'to';
    return x > left && x < right ? 'move' : 'new';
  };

  const down = (event: PointerEvent) => {
    const x = xOf(event);
    element.setPointerCapture(event.pointerId);
    timeline.remember();
    const kind = partAt(x);
    if (kind === 'move') drag = { kind, x, left: timeline.wide.xOf(timeline.window.from) };
    else if (kind === 'new') drag = { kind, from: valueAt(x), x };
    else drag = { kind };
  };
  const move = (event: PointerEvent) => {
    const x = xOf(event);
    if (!drag) {
      element.style.cursor = { from: 'ew-resize', to: 'ew-resize', move: 'grab', new: 'crosshair' }[partAt(x)];
      return;
    }
    const value = valueAt(x);
    const { window: visible } = timeline;
    switch (drag.kind) {
      case 'move': {
        const { view, wide, whole } = timeline;
        timeline.show(view.placed(wide.valueAt(drag.left + x - drag.x), 0, whole));
        return;
      }
      case 'from':
        return timeline.showBetween(value < visible.to ? value : visible.to, visible.to);
      case 'to':
        return timeline.showBetween(visible.from, value > visible.from ? value : visible.from);
      case 'new':
        if (Math.abs(x - drag.x) >= LEAST_DRAG_PIXELS) timeline.showBetween(drag.from, value);
    }
  };
  const up = (event: PointerEvent) => {
    // A click is a drag of the window to there.
    if (drag?.kind === 'new' && Math.abs(xOf(event) - drag.x) < LEAST_DRAG_PIXELS) timeline.centre(drag.from);
    drag = null;
  };
  return listen(element, { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up });
}

// The events of one element by name, and how to stop listening.
function listen(element: HTMLElement, listeners: Record<string, (event: never) => void>): () => void {
  const entries = Object.entries(listeners) as [string, EventListener][];
  for (const [name, listener] of entries) element.addEventListener(name, listener, { passive: false });
  return () => {
    for (const [name, listener] of entries) element.removeEventListener(name, listener);
  };
}
