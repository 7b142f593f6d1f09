// What a job counted, as numbers of their full size.

import type { JobUpdate } from '../backend/bindings';

export interface Counted {
  done: number;
  total: number | null;
}

export function countedOf({ done, total, doublings }: JobUpdate): Counted {
  const size = 2 ** doublings;
  return { done: done * size, total: total === null ? null : total * size };
}
