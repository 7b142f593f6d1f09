// What the header says of an instant at which a person looks: which event is the last one by then, and how long before.

import { durationText, instantText, nanosFromRfc3339, rfc3339FromNanos } from '../base/instant';
import { unitOf, wholeUnits } from '../timeline/units';
import { S } from '../strings';
import type { OpenHistory } from './open_history.svelte';

/** `as of 2026-08-03 14:00:00Z · last event v 734,166, 6 min 12 s earlier`, as far as it is known without asking. */
export function asOfText(history: OpenHistory, instant: bigint): string {
  const { a, frame } = history;
  const asOf = S.scrubber.asOf(instantText(rfc3339FromNanos(instant)));
  if (a === 0) return `${asOf} · ${S.history.beforeFirst}`;
  const label = history.labelOf(a);
  const recorded = frame?.moment === a ? nanosFromRfc3339(frame.recordedAt) : null;
  if (recorded === null) return `${asOf} · ${S.scrubber.lastEvent(label)}`;
  const earlier = instant - recorded;
  if (earlier === 0n) return `${asOf} · ${S.scrubber.eventThen(label)}`;
  const gap = durationText(earlier);
  return `${asOf} · ${S.scrubber.lastEvent(label)}, ${earlier > 0n ? S.scrubber.earlier(gap) : S.scrubber.later(gap)}`;
}

/** While A is dragged its instant is known to a pixel only. */
export function roughlyAsOf(history: OpenHistory, instant: bigint, pixel: bigint): string {
  const rough = instantText(rfc3339FromNanos(wholeUnits(instant, unitOf(pixel))));
  return `${S.scrubber.asOf(`≈ ${rough}`)} · ${history.a === 0 ? S.history.beforeFirst : S.scrubber.lastEvent(history.labelOf(history.a))}`;
}
