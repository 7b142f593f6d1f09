// Pointer and wheel on a timeline. Scrubbing is the primary drag; the ruler, the middle button and the minimap move the
// window. Pixels in, intentions out: it knows neither moments nor stores.

import { wheel } from './wheel.svelte';
import { xFromValue } from './axis';
import type { Timeline } from './timeline.svelte';

export interface PlotIntent {
  /** The pointer points at `x`; `isFirst` when the button just went down. */
  point(x: number, isFirst: boolean): void;
  /** A range is drawn from where the button went down to `x`. */
  range(from: number, x: number, isDone: boolean): void;
  hover(x: number | null): void;
  done(): void;
}

type Drag = { kind: 'point' } | { kind: 'range'; from: number } | { kind: 'pan'; last: number };

const WHEEL_QUIET_MILLIS = 400;
const EDGE_PIXELS = 6;

/** What the primary drag means: pointing at moments, or drawing a range. */
export type PlotMode = 'scrub' | 'range';

export function plotGestures(element: HTMLElement, timeline: Timeline, mode: PlotMode, intent: PlotIntent) {
  let drag: Drag | null = null;
  let wheeledAt = 0;
  const xOf = (event: MouseEvent) => event.clientX - element.getBoundingClientRect().left;

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
      intent.point(x, true);
    }
  };
  const move = (event: PointerEvent) => {
    const x = xOf(event);
    intent.hover(x);
    if (!drag) return;
    if (drag.kind === 'point') intent.point(x, false);
    else if (drag.kind === 'range') intent.range(drag.from, x, false);
    else {
      timeline.panBy(drag.last - x);
      drag.last = x;
    }
  };
  const up = (event: PointerEvent) => {
    if (drag?.kind === 'range') intent.range(drag.from, xOf(event), true);
    if (drag) intent.done();
    drag = null;
  };
  const leave = () => intent.hover(null);
  const roll = (event: WheelEvent) => {
    event.preventDefault();
    if (event.timeStamp - wheeledAt > WHEEL_QUIET_MILLIS) timeline.remember();
    wheeledAt = event.timeStamp;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    if (sideways !== 0) timeline.panBy(sideways);
    else if (wheel.pans && !event.ctrlKey) timeline.panBy(event.deltaY);
    // Free-spinning wheels and trackpads send very different distances.
    else timeline.zoomAt(xOf(event), 2 ** (Math.sign(event.deltaY) * Math.log2(1 + Math.abs(event.deltaY)) * 0.04));
  };
  const doubled = (event: MouseEvent) => {
    timeline.remember();
    timeline.zoomAt(xOf(event), 0.25);
  };
  return listen(element, {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: up,
    pointerleave: leave,
    wheel: roll,
    dblclick: doubled,
  });
}

export function minimapGestures(element: HTMLElement, timeline: Timeline) {
  type MapDrag = { kind: 'move'; last: number } | { kind: 'from' | 'to' } | { kind: 'new'; from: bigint };
  let drag: MapDrag | null = null;
  const width = () => Math.max(1, element.clientWidth);
  const xOf = (event: MouseEvent) => event.clientX - element.getBoundingClientRect().left;
  const valueAt = (x: number) => {
    const { whole } = timeline;
    const share = Math.min(1, Math.max(0, x / width()));
    return whole.from + (BigInt(Math.round(share * 1e9)) * (whole.to - whole.from)) / 1_000_000_000n;
  };

  const down = (event: PointerEvent) => {
    const x = xOf(event);
    const left = xFromValue(timeline.whole, width(), timeline.window.from);
    const right = xFromValue(timeline.whole, width(), timeline.window.to);
    element.setPointerCapture(event.pointerId);
    timeline.remember();
    if (Math.abs(x - left) <= EDGE_PIXELS) drag = { kind: 'from' };
    else if (Math.abs(x - right) <= EDGE_PIXELS) drag = { kind: 'to' };
    else if (x > left && x < right) drag = { kind: 'move', last: x };
    else drag = { kind: 'new', from: valueAt(x) };
  };
  const move = (event: PointerEvent) => {
    if (!drag) return;
    const x = xOf(event);
    const value = valueAt(x);
    const { window: visible } = timeline;
    switch (drag.kind) {
      case 'move': {
        const by = valueAt(x) - valueAt(drag.last);
        timeline.show({ from: visible.from + by, to: visible.to + by });
        drag.last = x;
        return;
      }
      case 'from':
        if (value < visible.to - 1n) timeline.show({ from: value, to: visible.to });
        return;
      case 'to':
        if (value > visible.from + 1n) timeline.show({ from: visible.from, to: value });
        return;
      case 'new': {
        const other = drag.from;
        if (value !== other) timeline.show(value < other ? { from: value, to: other } : { from: other, to: value });
      }
    }
  };
  const up = () => (drag = null);
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
