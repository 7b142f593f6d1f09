// A read model beside what a handler makes of the history: a part of the window's one door to its host.

import type { DriftAskedWire, DriftFound, JobUpdate, MappingAsked, MappingOffered } from './bindings';

type Tell = (update: JobUpdate) => void;

export interface DriftBackend {
  /** The tables of a database; none for an export. */
  readModelTables(session: number, readModel: string): Promise<string[]>;
  /** The mapping beside the read model, or a guess with what speaks for each line. */
  readModelMapping(session: number, asked: MappingAsked, progress: Tell): Promise<MappingOffered>;
  /** Holds every row against the handler; rejects with `cancelled` when `cancelJob` stopped it. */
  compareReadModel(session: number, asked: DriftAskedWire, progress: Tell): Promise<DriftFound>;
  /** Writes a mapping where a person says, never over a file of another kind. */
  saveMapping(session: number, file: string, text: string): Promise<void>;
}
