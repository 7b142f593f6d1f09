// What is said in the status bar beside a store that can be read.

export const BESIDE = {
  back: (time: string) => `the server has been back since ${time}`,
  backWhy:
    'It was out of reach when the store was opened. What was kept of it on this machine has given its place to the store itself',
  held: (behind: string, time: string) =>
    behind === '' ? `events are held back since ${time}` : `events behind #${behind} are held back since ${time}`,
  heldWhy: (last: string) =>
    `Events up to #${last} are committed, and others may still come between them: a transaction that writes is not over, or a number is missing. They are shown once that is settled`,
} as const;
