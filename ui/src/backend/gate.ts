// Events through upcasters: a part of the window's one door to its host.

import type { GateExample, GateTold, JobUpdate, LabScope } from './bindings';

type Tell = (update: JobUpdate) => void;

export interface GateBackend {
  /** Sends every event of a scope through the upcasters of a handler. */
  gate(session: number, scope: LabScope, handler: string, progress: Tell): Promise<GateTold>;
  /** One event as it is stored, beside what the rules get of it; `cursor` names it in its stream. */
  gateExample(session: number, stream: string, cursor: string, handler: string, progress: Tell): Promise<GateExample>;
}
