// How a person drew a timeline: what it is next time as well. Pure but for what it is given.

import type { TimelineLook } from '../backend/bindings';
import type { Scale } from '../timeline/raster';
import type { Timeline } from '../timeline/timeline.svelte';

/** The fields that stand over a timeline as lanes. */
interface Pinned {
  readonly lanes: readonly { path: string }[];
  toggleLane(path: string): string;
}

const HEIGHTS: readonly Scale[] = ['sqrt', 'linear', 'log'];

/** `null`: as usual. */
export function lookOf({ by, isFolding, scale }: Timeline, pinned?: Pinned): TimelineLook | null {
  const paths = pinned?.lanes.map(({ path }) => path) ?? [];
  if (isFolding && scale === 'sqrt' && by === 'type' && paths.length === 0) return null;
  return { isFolded: isFolding, height: scale, by, pinned: paths };
}

/** Draws a timeline so, whose fields are not pinned yet. */
export function drawAs(look: TimelineLook | null, timeline: Timeline, pinned?: Pinned): void {
  if (!look) return;
  if (timeline.isFolding !== look.isFolded) timeline.setFolding(look.isFolded);
  timeline.stackBy(look.by ?? 'type');
  timeline.scale = HEIGHTS.find((height) => height === look.height) ?? 'sqrt';
  for (const path of look.pinned) pinned?.toggleLane(path);
}
