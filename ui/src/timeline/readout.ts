// What the toolbar says of the column under the pointer. Pure.

import type { Axis } from '../backend/bindings';
import { countText } from '../base/format';
import { durationText, instantText, rfc3339FromNanos } from '../base/instant';
import { shownTime } from '../base/zone.svelte';
import type { Column } from './timeline.svelte';
import { wholeUnits } from './units';
import { S } from '../strings';
import type { Scale } from './raster';

/** What the axis counts, with its clock and zone. */
export function axisText(axis: Axis): string {
  const names = { version: S.timeline.versions, position: S.timeline.positions };
  return axis === 'time' ? S.timeline.recorded(shownTime.label) : names[axis];
}

/** What full height stands for; empty where height means nothing (`most` is 0). */
export function scaleText(most: number, scale: Scale, isLocked: boolean): string {
  if (most <= 0) return '';
  return [S.scrubber.scale[scale](most), ...(isLocked ? [S.scrubber.locked] : [])].join(' · ');
}

/** What a column counts of each kind that is in it, the most frequent first. */
export function kindsOf({ counts }: Pick<Column, 'counts'>): { name: string; events: number }[] {
  const kinds = [...counts].filter(([, events]) => events > 0).map(([name, events]) => ({ name, events }));
  return kinds.toSorted((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1));
}

const SECOND = 1_000_000_000n;

/**
 * `66 events, 2 with problems, in 1 min 8 s from 2026-08-02 02:27:49Z`. A column starts between seconds: its start is
 * rounded down.
 */
export function columnText({ axis, events, problems, from, length }: Omit<Column, 'counts'>): string {
  const counted = S.timeline.counted(events, problems);
  if (axis !== 'time') {
    const last = from + length - 1n;
    const where = length === 1n ? `at ${countText(from)}` : `in ${countText(from)} – ${countText(last)}`;
    return `${counted} ${where}`;
  }
  const start = length < SECOND ? from : wholeUnits(from, SECOND);
  return `${counted} in ${durationText(length)} from ${instantText(rfc3339FromNanos(start))}`;
}
