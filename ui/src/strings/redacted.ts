// What is said of values that masking rules hide, and of keys that occur more than once.

export const REDACTED = {
  chip: 'redacted',
  changed: 'changed (redacted)',
  repeated: (which: string) => `value ${which} of this key, the last one counts`,
} as const;
