// Two states side by side, and what else is told of states and events: a part of the window's one door to its host.

import type {
  ComparisonIntervals,
  ComparisonOpened,
  ComparisonQuery,
  ComparisonSide,
  EventPage,
  EventQuery,
  JobUpdate,
  UpcastWire,
} from './bindings';
import type { StateFrame } from './frames';

export interface CompareBackend {
  /** Folds both sides; rejects with `cancelled` when `cancelJob` stopped it. */
  openComparison(
    session: number,
    base: ComparisonSide,
    current: ComparisonSide,
    progress: (update: JobUpdate) => void,
  ): Promise<ComparisonOpened>;
  closeComparison(comparison: number): Promise<void>;
  /** The rows of the later side, with what differs from the earlier one. */
  comparisonFrame(comparison: number, query: ComparisonQuery): Promise<StateFrame>;
  /** The events between both moments of one stream, in order. */
  comparisonEvents(comparison: number, query: EventQuery): Promise<EventPage>;
  /** Where two handlers differ over all of one stream. */
  comparisonIntervals(comparison: number, progress: (update: JobUpdate) => void): Promise<ComparisonIntervals>;
  /** How upcasters bring the event that made `moment` to what the rules expect; `null`: there are none for it. */
  upcast(history: number, moment: number): Promise<UpcastWire | null>;
  /** What stands at a path of the state at a moment, as JSON with its literals. */
  stateJson(history: number, moment: number, path: string): Promise<string>;
}
