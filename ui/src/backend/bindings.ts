export type AppErrorWire = { code: ErrorCode; message: string; hint: string; choices: string[] };
export type ErrorCode =
  | 'cancelled'
  | 'invalidInput'
  | 'notFound'
  | 'notAnEventStore'
  | 'ambiguous'
  | 'unreachable'
  | 'denied'
  | 'corrupt'
  | 'handlerFailed'
  | 'internal';
export type AppStart = {
  version: string;
  settings: Settings;
  recents: Recent[];
  launch: Launch | null;
  sample: string | null;
};
export type Launch = { store: string; stream: string | null; at: string | null; handler: string | null };
export type Settings = { theme: Theme; density: Density };
export type Theme = 'dark' | 'light' | 'system';
export type Density = 'comfortable' | 'compact';
export type Recent = { location: string; layoutTitle: string; events: number | null; openedAt: string };
export type StoreOpened = {
  session: number;
  location: string;
  name: string;
  kind: string;
  layout: string;
  layoutTitle: string;
  evidence: string[];
  readOnly: string[];
  orderIsTotal: boolean;
  timeZone: string;
  size: string;
  events: number | null;
  eventsIsExact: boolean;
  newest: EventRow[];
  firstRecordedAt: string;
  lastRecordedAt: string;
  findings: FindingWire[];
  indexIsReady: boolean;
};
export type Overview = {
  events: number;
  streams: number;
  firstRecordedAt: string;
  lastRecordedAt: string;
  types: TypeCount[];
  categories: CategoryCount[];
  findings: FindingWire[];
};
export type TypeCount = { name: string; events: number };
export type CategoryCount = { name: string; streams: number };
export type FindingWire = {
  code: string;
  severity: SeverityWire;
  count: number;
  detail: string;
  stream: string | null;
  version: string | null;
  position: string | null;
};
export type SeverityWire = 'notice' | 'warning' | 'error';
export type JobUpdate = { job: number; phase: string; done: number; total: number | null };
export type StreamSort = 'id' | 'events' | 'last';
export type StreamQuery = {
  matching: string;
  category: string | null;
  sort: StreamSort;
  descending: boolean;
  offset: number;
  limit: number;
};
export type StreamPage = { total: number; matching: number; rows: StreamRow[] };
export type StreamRow = {
  id: string;
  category: string;
  events: number;
  firstRecordedAt: string;
  lastRecordedAt: string;
  lastType: string;
};
export type DensityQuery = { axis: Axis; from: string; to: string; columns: number };
export type Axis = 'time' | 'version' | 'position';
export type HistoryOpened = {
  history: number;
  stream: string;
  category: string;
  events: number;
  firstVersion: string;
  lastVersion: string;
  firstRecordedAt: string;
  lastRecordedAt: string;
  handler: HandlerWire;
  types: TypeCount[];
  findings: FindingWire[];
  moment: number;
};
export type HandlerWire = { name: string; version: string; hash: string; engine: string };
export type EventRow = {
  moment: number;
  version: string;
  position: string;
  stream: string;
  eventType: string;
  recordedAt: string;
  sincePrevious: string;
  problems: string[];
};
export type EventQuery = { types: string[]; offset: number; limit: number };
export type EventPage = { total: number; matching: number; rows: EventRow[] };
export type StateQuery = {
  seq: number;
  lens: Lens;
  moment: number;
  base: number | null;
  toggled: string[];
  firstRow: number;
  rowCount: number;
};
export type Lens = 'state' | 'diff' | 'blame' | 'payload' | 'metadata';
export type MomentFound = {
  moment: number;
  version: string;
  position: string;
  recordedAt: string;
  explanation: string;
};
export type EventDetail = {
  row: EventRow;
  eventId: string | null;
  schemaVersion: string | null;
  occurredAt: string | null;
  correlationId: string | null;
  causationId: string | null;
  encoding: string;
  payloadBytes: number;
  payloadSha256: string;
  undecodable: string | null;
  raw: RawColumnWire[];
};
export type RawColumnWire = { name: string; kind: string; bytes: number; text: string | null; hex: string | null };
export type FindHit = { stream: string; category: string; events: number; lastRecordedAt: string };
