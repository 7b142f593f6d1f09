// The replay lab: a part of the window's one door to its host.

import type {
  CheckAsked,
  CompareAsked,
  DifferingPage,
  HandlerChecked,
  HandlersCompared,
  HandlerWire,
  HistoryMinimized,
  InvariantCourse,
  InvariantListed,
  JobUpdate,
  LabScope,
  MinimizeAsked,
  PairOpened,
  PairPage,
  VersionsChecked,
  ViolationPage,
} from './bindings';
import type { GateBackend } from './gate';
import type { HandlersBackend } from './handlers';

type Tell = (update: JobUpdate) => void;

export interface LabBackend extends GateBackend, HandlersBackend {
  /** Folds a scope with two handlers in lockstep. Its rows are asked for by its run until that is closed. */
  compareHandlers(session: number, asked: CompareAsked, progress: Tell): Promise<HandlersCompared>;
  differingRows(run: number, offset: number, limit: number): Promise<DifferingPage>;
  /** One stream under both handlers; its states are asked for by its number until that is closed. */
  openPair(session: number, scope: LabScope, left: string, right: string, progress: Tell): Promise<PairOpened>;
  pairPage(pair: number, moment: number, isWhole: boolean): Promise<PairPage>;
  /** Forgets a run or a pair. */
  closeRun(run: number): Promise<void>;
  /** Opens a handler and answers who it is. */
  handlerIdentity(handler: string): Promise<HandlerWire>;
  invariantsOf(handler: string): Promise<InvariantListed[]>;
  checkHandler(session: number, asked: CheckAsked, progress: Tell): Promise<HandlerChecked>;
  violationRows(run: number, invariant: string, offset: number, limit: number): Promise<ViolationPage>;
  /** One invariant over the course of one stream. */
  invariantCourse(
    session: number,
    scope: LabScope,
    handler: string,
    invariant: string,
    progress: Tell,
  ): Promise<InvariantCourse>;
  /** One invariant under every version of a handler. */
  checkVersions(
    session: number,
    scope: LabScope,
    handler: string,
    invariant: string,
    progress: Tell,
  ): Promise<VersionsChecked>;
  minimizeHistory(session: number, asked: MinimizeAsked, progress: Tell): Promise<HistoryMinimized>;
  /** Writes a test case into a new file, never beside the store. */
  saveTestCase(session: number, file: string, text: string): Promise<void>;
}
