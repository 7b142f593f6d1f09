// What the toolbar says of the column under the pointer. Pure.

import type { Axis } from '../backend/bindings';
import { countOf, countText } from '../base/format';
import { civilFromNanos, clockText, dateText, durationText, fractionText } from '../base/instant';
import { S } from '../strings';
import type { Scale } from './raster';

/** What the axis counts, and what full height stands for (`most` events; 0 where height means nothing). */
export function scaleText(axis: Axis, most: number, scale: Scale = 'sqrt', isLocked = false): string {
  const names = { time: S.timeline.recordedUtc, version: S.timeline.versions, position: S.timeline.positions };
  if (most <= 0) return names[axis];
  return [names[axis], S.scrubber.scale[scale](most), ...(isLocked ? [S.scrubber.locked] : [])].join(' · ');
}

const SECOND = 1_000_000_000n;

/** `66 events in 1 min 8 s from 2026-08-02 02:27:49Z`. A column starts between seconds: its start is rounded down. */
export function columnText(axis: Axis, events: number, from: bigint, length: bigint): string {
  const counted = countOf(events, 'event', 'events');
  if (axis !== 'time') {
    const last = from + length - 1n;
    const where = length === 1n ? `at ${countText(from)}` : `in ${countText(from)} – ${countText(last)}`;
    return `${counted} ${where}`;
  }
  const start = civilFromNanos(from);
  const fraction = length < SECOND ? fractionText(start.nanos) : '';
  return `${counted} in ${durationText(length)} from ${dateText(start)} ${clockText(start)}${fraction}Z`;
}
