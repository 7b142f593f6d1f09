// What if: a part of the window's one door to its host.

import type { JobUpdate, SandboxAsked, SandboxOpened, SandboxPage, SandboxRows } from './bindings';

export interface SandboxBackend {
  /** Makes a branch and folds it beside the record. Its rows are asked for by its number until that is closed. */
  openSandbox(session: number, asked: SandboxAsked, progress: (update: JobUpdate) => void): Promise<SandboxOpened>;
  sandboxRows(sandbox: number, offset: number, limit: number): Promise<SandboxRows>;
  /** Both states after a row. */
  sandboxPage(sandbox: number, row: number, isWhole: boolean): Promise<SandboxPage>;
  /** The text of an edit of a row's event, to begin with. */
  sandboxDraft(session: number, sandbox: number, row: number): Promise<string>;
}
