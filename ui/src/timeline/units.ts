// Units of time, for instants that a person points at: a pixel cannot tell finer ones apart. Pure.

const UNITS = [1n, 1_000n, 1_000_000n, 1_000_000_000n, 60_000_000_000n, 3_600_000_000_000n, 86_400_000_000_000n];

/** The coarsest unit of time, in nanoseconds, that is no longer than a pixel of so many. */
export function unitOf(pixel: bigint): bigint {
  return UNITS.findLast((unit) => unit <= pixel) ?? 1n;
}

/** An instant in whole units, never later than it. */
export function wholeUnits(instant: bigint, unit: bigint): bigint {
  return instant - (((instant % unit) + unit) % unit);
}
