// What a history tells without being asked, from its opening on: how far a long fold is, and what was found.

import type { FindingWire, HistoryUpdate } from '../backend/bindings';

export class HistoryNews {
  /** What runs; `null`: nothing that takes long. */
  running = $state.raw<HistoryUpdate | null>(null);
  /** All findings so far; `null` until there are others than the opening told. */
  findings = $state.raw<FindingWire[] | null>(null);
  /** Cancels whatever runs; `null` until something ran. */
  job: number | null = null;

  readonly hear = (update: HistoryUpdate): void => {
    this.job = update.job;
    this.running = update.phase === null ? null : update;
    if (update.findings) this.findings = update.findings;
  };
}
