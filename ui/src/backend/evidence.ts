// Anchors, verifying against them, store health, reports and checking them: a part of the window's one door to its host.

import type {
  AnchorAskedWire,
  AnchorMade,
  AnchorsFound,
  BundleChecked,
  ChainVerified,
  HealthTold,
  JobUpdate,
  Picking,
  ReportAskedWire,
  ReportMade,
  ReportManner,
  ReportPaths,
  ReportPreview,
  StoreVerified,
  VerifyAskedWire,
} from './bindings';

type Tell = (update: JobUpdate) => void;

export interface EvidenceBackend {
  /** The anchors of a folder, which is kept for the next time; an empty one: of the folder that was kept. */
  anchors(session: number, folder: string): Promise<AnchorsFound>;
  /** Rejects with `cancelled` when `cancelJob` stopped it, as all that is long here. */
  makeAnchor(session: number, asked: AnchorAskedWire, progress: Tell): Promise<AnchorMade>;
  verifyStore(session: number, asked: VerifyAskedWire, progress: Tell): Promise<StoreVerified>;
  /** The hash chain that the store itself keeps. Empty texts: no key, no explanations. */
  verifyChain(session: number, nativeKey: string, explanations: string, progress: Tell): Promise<ChainVerified>;
  storeHealth(session: number, handler: string, progress: Tell): Promise<HealthTold>;
  /** How reports of the store were made last. */
  reportManner(session: number): Promise<ReportManner>;
  /** What a report would hold and hide; nothing is written. */
  reportPaths(session: number, asked: ReportAskedWire, progress: Tell): Promise<ReportPaths>;
  /** What the pages of a report would say; nothing is written where it would go. */
  reportPreview(session: number, asked: ReportAskedWire, progress: Tell): Promise<ReportPreview>;
  makeReport(session: number, asked: ReportAskedWire, progress: Tell): Promise<ReportMade>;
  /** Opens a report that was made here in the program that the system has for it; without `pages` its folder. */
  openReport(folder: string, pages: string | null): Promise<void>;
  /** Checks an anchor, a proof or a report by itself. An empty `key`: whoever signed it. */
  verifyBundle(folder: string, key: string): Promise<BundleChecked>;
  /** The system's dialog for a folder. What is saved begins never beside the store; `null` when it was closed without a choice. */
  pickFolder(picking: Picking): Promise<string | null>;
}
