// What is said of a value that is redacted or repeated, and asked before one is revealed. It is read late.

export const REVEAL = {
  chip: 'redacted',
  changed: 'changed (redacted)',
  repeated: (which: string) => `value ${which} of this key, the last one counts`,
  ask: (path: string) => `Reveal ${path === '' ? 'all that is hidden' : path}`,
  reason: 'Reason',
  logged: 'It is written to a log with your name, the time and the reason, and holds until this store is closed',
  reveal: 'Reveal',
  cancel: 'Cancel',
} as const;
