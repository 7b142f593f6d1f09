// Handlers as files: a part of the window's one door to its host.

import type { HandlerCoverage, HandlerPackage, HandlersNews, HandlerTested, HandlerTold, JobUpdate } from './bindings';

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
  /** Runs the test cases of a package, with one version of it. */
  testHandler(session: number, handler: string, progress: Tell): Promise<HandlerTested>;
}
