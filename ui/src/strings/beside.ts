// What is said in the status bar beside a store that can be read.

export const BESIDE = {
  back: (time: string) => `the server is back since ${time}`,
  backWhy:
    'It was out of reach when the store was opened. What was kept of it on this machine has given its place to the store itself',
} as const;
