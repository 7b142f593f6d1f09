// How fast a history plays: by events, or by the time that lies between them. Pure.

export type PlayMode = 'events' | 'time';

/** Events a second; the last is as fast as states come. */
export const EVENT_SPEEDS = [1, 2, 4, 8, 16, 64, 256, Infinity] as const;
/** How many times faster than it happened. */
export const TIME_SPEEDS = [1, 10, 60, 600, 3_600, 10_000, 100_000] as const;

/** Where the hand of a played clock stands, in nanoseconds of the record. */
export interface PlayedClock {
  at: bigint;
}

/** So long nothing may happen while a person watches; what is longer is skipped. */
const IDLE_MILLIS = 1_500;

/**
 * Moves the clock on by so many milliseconds of the watch, and says how many of the next events have come by then.
 * `times`: of the events to come, in order; where clocks ran backwards an event counts with the one before it.
 */
export function playOn(clock: PlayedClock, times: readonly bigint[], millis: number, speed: number): number {
  clock.at += BigInt(Math.round(millis * speed * 1_000)) * 1_000n;
  let passed = 0;
  while (passed < times.length && (times[passed] ?? 0n) <= clock.at) passed += 1;
  const next = times[passed];
  const idle = BigInt(Math.round(IDLE_MILLIS * speed * 1_000)) * 1_000n;
  // Idle gaps are skipped up to a moment before what comes next.
  if (passed === 0 && next !== undefined && next - clock.at > idle) clock.at = next - idle / 6n;
  return passed;
}

/** The next faster or slower speed; the same at the ends. */
export function besideSpeed(speeds: readonly number[], speed: number, step: 1 | -1): number {
  const at = speeds.indexOf(speed);
  return speeds[Math.min(speeds.length - 1, Math.max(0, at + step))] ?? speed;
}
