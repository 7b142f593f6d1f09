// Searching a store and what a person keeps of it: a part of the window's one door to its host.

import type {
  CaseAsked,
  ExportFormat,
  FoundPage,
  HistoryHits,
  JobUpdate,
  Note,
  Notebook,
  QueryBook,
  SavedQuery,
  SearchAsked,
  SearchEnded,
  SearchOffer,
  SearchUpdate,
  Written,
} from './bindings';

/** A search with all of its parts. */
export type Asked = Required<SearchAsked>;

export interface SearchBackend {
  /**
   * Searches a store; settles when that is over. Its rows can be asked for from the first update on, until it is closed.
   * `cancelJob` stops it: what was found by then stays.
   */
  search(session: number, asked: Asked, progress: (update: SearchUpdate) => void): Promise<SearchEnded>;
  searchRows(search: number, offset: number, limit: number): Promise<FoundPage>;
  closeSearch(search: number): Promise<void>;
  /** What the copy that makes searching fast would cost, and whether it is there. */
  searchOffer(session: number): Promise<SearchOffer>;
  copyForSearch(session: number, progress: (update: JobUpdate) => void): Promise<void>;
  /** The moments of a history whose events are looked for. */
  historyHits(history: number, asked: Asked, progress: (update: JobUpdate) => void): Promise<HistoryHits>;
  /** Writes all events that are looked for into a file: whole or not at all. */
  exportSearch(
    session: number,
    asked: Asked,
    file: string,
    format: ExportFormat,
    progress: (update: JobUpdate) => void,
  ): Promise<Written>;
  /**
   * Writes the notebook, the streams that it is about and these places into a case file, over an earlier one that the
   * person was asked about.
   */
  saveCase(session: number, asked: CaseAsked, file: string, progress: (update: JobUpdate) => void): Promise<Written>;
  queries(): Promise<QueryBook>;
  /** `before`: the saved search that this one replaces, wherever it goes now. */
  saveQuery(query: SavedQuery, before: SavedQuery | null): Promise<QueryBook>;
  removeQuery(query: SavedQuery): Promise<QueryBook>;
  rememberQuery(asked: Asked): Promise<QueryBook>;
  notebook(session: number): Promise<Notebook>;
  /** Adds a note, or replaces the one with its id. */
  putNote(session: number, note: Note): Promise<Notebook>;
  removeNote(session: number, id: string): Promise<Notebook>;
}
