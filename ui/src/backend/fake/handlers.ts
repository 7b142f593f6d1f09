// The twin's package: two versions of rules, one of which is a draft. Nobody writes to it. Of the types of the sample one
// is known to no version.

import type * as wire from '../bindings';
import type { HandlersBackend } from '../handlers';
import { identity, placeAt } from './lab';
import { TYPES, type FakeEvents } from './orders';

type Fold = (session: number, progress: (update: wire.JobUpdate) => void, phase: string) => Promise<FakeEvents>;

const PATH = '/home/ada/shop/handlers/order';
/** What the rules say nothing of. */
const MISSING = 'LoyaltyPointsGranted';

/** `fold`: goes through the events of a store as a job. */
export function packages(fold: Fold): HandlersBackend {
  return {
    async watchHandlers(_, news) {
      news({ changes: 0, histories: [], broken: [] });
    },
    async handlers() {
      const version = (id: string, isDraft: boolean, effective: string[]): wire.PackageVersion => ({
        ...{ reference: `${PATH}@${id}`, version: id, runtime: 'declarative', isDraft, isPinned: !isDraft },
        ...{ effective, histories: isDraft ? 1 : 0 },
      });
      return [
        {
          ...{ path: PATH, name: 'order', title: 'Orders', category: 'order', problem: null, cases: 2 },
          versions: [version('1.0.0', false, ['2026-06-01T00:00:00Z ..']), version('1.1.0', true, [])],
        },
      ];
    },
    async handlerTold(handler) {
      const isOld = handler.endsWith('1.0.0');
      const folder = `versions/${isOld ? '1.0.0' : '1.1.0'}`;
      const text = ['refold: reducer/1', 'on:', '  OrderPlaced:', '    - set: { status: "\'placed\'" }', ''].join('\n');
      return {
        handler: { ...identity(handler), hash: `sha256:${(isOld ? '18ee5032' : '4f1c09aa').repeat(8)}` },
        ...{ problem: null, furtherFiles: 0 },
        invariants: [
          { id: 'total', title: 'What an order comes to', condition: 'state.total >= 0', severity: 'error' },
        ],
        upcasters: [{ place: `${folder}/upcasters.yaml:5:3`, eventType: 'OrderPlaced', from: 1, to: 2 }],
        files: [
          { name: `${folder}/reducer.yaml`, bytes: text.length, text },
          { name: 'handler.toml', bytes: 9, text: 'format =\n' },
          { name: `${folder}/tax.wasm`, bytes: 4_711, text: null },
        ],
      };
    },
    async handlerCoverage(session, _, progress) {
      const events = await fold(session, progress, 'counting events');
      const rows = TYPES.flatMap((eventType, type): wire.CoverageRow[] => {
        const at = events.types.indexOf(type);
        const count = events.types.filter((of) => of === type).length;
        const stream = events.streams[at] ?? 0;
        const index = events.ofStream[stream]?.indexOf(at) ?? 0;
        const first = { stream: events.ids[stream] ?? '', event: placeAt(events, stream, index) };
        return count === 0
          ? []
          : [{ eventType, events: count, taken: eventType === MISSING ? 'missing' : 'folded', first }];
      });
      const missing = rows.filter(({ taken }) => taken === 'missing');
      const rest = rows.filter(({ taken }) => taken !== 'missing').sort((a, b) => b.events - a.events);
      return {
        ...{ categories: ['order'], types: rows.length, events: events.times.length, typesElsewhere: 0 },
        ...{ missingTypes: missing.length, missingEvents: missing[0]?.events ?? 0, isBehind: false },
        ...{ rows: [...missing, ...rest], absent: ['OrderArchived'] },
      };
    },
    async testHandler(session, handler, progress) {
      await fold(session, progress, 'cases');
      const version = handler.split('@')[1] ?? '';
      const isOld = version === '1.0.0';
      const one = { case: 'tests/happy.case.yaml', title: 'An order that is paid', version, events: 4 };
      const other = { case: 'tests/removed.case.yaml', title: '', version, events: 2 };
      const failures = isOld ? ['state /total: expected 10.00, found 20.00'] : [];
      return {
        ...{ passed: isOld ? 1 : 2, failed: isOld ? 1 : 0 },
        cases: [
          { ...one, hasPassed: true, failures: [], failureCount: 0 },
          { ...other, hasPassed: !isOld, failures, failureCount: failures.length },
        ],
      };
    },
  };
}
