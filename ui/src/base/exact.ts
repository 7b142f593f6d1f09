// The only place where an exact whole number becomes a float: distances inside a visible window, to place pixels, and
// progress shares. It must not see a payload value.

/** A difference of instants, positions or versions as a float, to be scaled to pixels. */
export function floatFromBig(value: bigint): number {
  // eslint-disable-next-line no-restricted-syntax -- pixels are floats; the exact value stays beside it
  return Number(value);
}

/** A float rounded down to a whole number. */
export function bigFromFloat(value: number): bigint {
  return BigInt(Math.floor(value));
}

/** A whole number written in decimal digits, or `null` when the text is anything else. */
export function bigFromText(text: string): bigint | null {
  return /^-?\d+$/.test(text) ? BigInt(text) : null;
}

export function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

export function clampBig(value: bigint, low: bigint, high: bigint): bigint {
  return value < low ? low : value > high ? high : value;
}
