// What is said of a recent store that was forgotten. It is read late.

export const FORGOTTEN = {
  said: (name: string) => `${name} is no longer listed. Its file is untouched`,
  undo: 'Undo',
} as const;
