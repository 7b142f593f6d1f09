// Counts the commands that a person ran, in test builds only: tests hold flows to their number of actions.

declare global {
  interface Window {
    __refold?: { actions: number; log: string[] };
  }
}

export function showActions(): void {
  if (import.meta.env.MODE !== 'production') window.__refold = { actions: 0, log: [] };
}

export function countAction(id: string): void {
  const counter = window.__refold;
  if (!counter) return;
  counter.actions += 1;
  counter.log.push(id);
}
