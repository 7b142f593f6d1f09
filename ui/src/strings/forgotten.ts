// What is said of a recent store that was forgotten. It is read late.

export const FORGOTTEN = {
  said: (name: string) => `${name} is no longer listed. The store itself is untouched`,
  undo: 'Undo',
} as const;
