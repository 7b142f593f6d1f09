// Two whole stores side by side: a part of the window's one door to its host.

import type {
  JobUpdate,
  StoresAskedWire,
  StoresCompared,
  StoresEvent,
  StoresEventAsked,
  StoresFrameQuery,
  StoresPage,
  StoresPlacePage,
  StoresQuery,
  StoresStates,
} from './bindings';
import type { StateFrame } from './frames';

type Tell = (update: JobUpdate) => void;

export interface StoresBackend {
  /** Opens the other store and compares every event; rejects with `cancelled` when `cancelJob` stopped it. */
  compareStores(session: number, asked: StoresAskedWire, progress: Tell): Promise<StoresCompared>;
  closeStores(comparison: number): Promise<void>;
  /** The streams that differ, those that worry most first. */
  storesRows(comparison: number, query: StoresQuery): Promise<StoresPage>;
  /** The events of a stream that are not the same. */
  storesPlaces(
    comparison: number,
    row: number,
    offset: number,
    limit: number,
    progress: Tell,
  ): Promise<StoresPlacePage>;
  /** One of these events, on both sides. */
  storesEvent(asked: StoresEventAsked): Promise<StoresEvent>;
  /** The rows of one document of it, with what differs. */
  storesFrame(asked: StoresEventAsked, query: StoresFrameQuery): Promise<StateFrame>;
  /** What the handler that was asked for makes of a stream in both stores. */
  storesStates(comparison: number, row: number, progress: Tell): Promise<StoresStates>;
  /** Writes what `refold --json compare` prints, never over a file of another kind. */
  exportStores(comparison: number, file: string, progress: Tell): Promise<void>;
}
