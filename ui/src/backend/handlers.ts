// Handlers as files: a part of the window's one door to its host.

import type {
  DraftCaseAsked,
  DraftCaseMade,
  DraftTried,
  DraftWritten,
  HandlerCoverage,
  HandlerPackage,
  HandlersNews,
  HandlerTested,
  HandlerTold,
  HandlerUse,
  JobUpdate,
  LabScope,
} from './bindings';

type Tell = (update: JobUpdate) => void;

export interface HandlersBackend {
  /** Tells of the handlers of a store, at once and whenever their files change; histories go on with what they became. */
  watchHandlers(session: number, news: (news: HandlersNews) => void): Promise<void>;
  /** The packages at hand, and those that histories of a store are folded with. */
  handlers(session: number): Promise<HandlerPackage[]>;
  /** A version of a handler, as its files are now. */
  handlerTold(handler: string): Promise<HandlerTold>;
  /** Which types of the events of a store a handler takes; needs the index. */
  handlerCoverage(session: number, handler: string, progress: Tell): Promise<HandlerCoverage>;
  /** Which of these handlers can be used for a scope, in their order. */
  usableHandlers(session: number, references: string[], scope: LabScope, progress: Tell): Promise<HandlerUse[]>;
  /** Runs the test cases of a package, with one version of it. */
  testHandler(session: number, handler: string, progress: Tell): Promise<HandlerTested>;
  /** How the draft of a version is opened, which is made where there is none yet. */
  draftHandler(handler: string): Promise<string>;
  /** Keeps a file of a draft as it is written now, where it still is `before`, and says what the draft comes to. */
  writeDraft(draft: string, file: string, text: string, before: string): Promise<DraftWritten>;
  /** Adds a file to the version of a draft, or a test case to the draft. */
  addDraftFile(draft: string, file: string, text: string): Promise<HandlerTold>;
  renameDraftFile(draft: string, file: string, to: string): Promise<HandlerTold>;
  /** Takes a file of a draft away, where it still is `before`; its manifest follows that of the package again. */
  removeDraftFile(draft: string, file: string, before: string): Promise<DraftWritten>;
  /** Makes a test case of a draft from a stream up to a cursor. */
  makeDraftCase(session: number, asked: DraftCaseAsked, progress: Tell): Promise<DraftCaseMade>;
  discardDraft(draft: string): Promise<void>;
  /** Has the draft back that was thrown away last. */
  restoreDraft(draft: string): Promise<void>;
  /** Writes a draft into its package as a new version; answers how that is opened. */
  publishDraft(session: number, draft: string, version: string): Promise<string>;
  /** Folds a stream with a draft, up to a cursor. */
  tryDraft(session: number, draft: string, stream: string, at: string, progress: Tell): Promise<DraftTried>;
}
