// Read models of the twin: every ninth order has the wrong total, one row lost an update, one is late, one is at an event
// that its stream does not have, and one is nobody's. A file with `sound` in its name is right, one with `none` in it
// cannot be read. What begins with `@` is on a server.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { DriftBackend } from '../drift';
import { TYPES } from './orders';
import type { LabTwin } from './lab';

const MAPPING = `format = "refold-read-model/1"
table = "order_summary"
category = "order"

[key]
stream = "{order_id}"

[position]
version = "version"

[columns]
status = { path = "/status", as = "text" }
total = { path = "/total", as = "number" }
updated_at = { as = "ignored" }
`;

export function withDrift<Rest extends LabTwin>(twin: Rest): Rest & DriftBackend {
  const readable = (file: string) => {
    if (!file.includes('none')) return;
    const message = `the read model: it cannot be reached: there is no such file: ${file}`;
    throw new BackendError({ code: 'unreachable', message, hint: 'look whether the path is right', choices: [] });
  };
  const drift: DriftBackend = {
    async readModelTables(_session, readModel) {
      readable(readModel);
      return readModel.endsWith('.db') || readModel.startsWith('@') ? ['order_summary', 'projection_checkpoints'] : [];
    },
    async readModelMapping(_session, { isGuess, readModel, table }) {
      readable(readModel);
      const text = isGuess ? `# Guessed from 200 of 200 rows that were looked at.\n${MAPPING}` : MAPPING;
      const file = readModel.replace(/\.[^.]*$/, `.${table}.toml`);
      return { text, file, isGuess, matched: isGuess ? 200 : 0, sampled: isGuess ? 200 : 0 };
    },
    async compareReadModel(session, { handler, position, readModel }, progress) {
      readable(readModel);
      const { events } = twin.storeOf(session);
      const total = events.ids.length;
      const job = twin.nextNumber();
      const steps = readModel.includes('slow') ? 60 : 3;
      for (let step = 0; step <= steps; step += 1) {
        progress({ job, phase: 'folding', done: Math.floor((total * step) / steps), total, doublings: 0 });
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (twin.isCancelled(job)) {
          throw new BackendError({ code: 'cancelled', message: 'cancelled', hint: '', choices: [] });
        }
      }
      const isSound = readModel.includes('sound');
      const wrong = isSound ? [] : events.ids.filter((_, stream) => stream % 9 === 4);
      const others = isSound ? [] : OTHERS;
      const faults = [...wrong.slice(0, 1000).map(faultOf), ...others];
      const faultCount = wrong.length + others.length;
      const found: wire.DriftFound = {
        table: readModel.endsWith('.db') ? 'order_summary' : '',
        handler: { name: handler, version: '', hash: '', engine: 'declarative' },
        ...{ rows: total, equal: total - faultCount, missing: 0, unclear: 0 },
        ...{ different: isSound ? 0 : wrong.length + 1, lostUpdates: isSound ? 0 : 1 },
        ...{ extra: isSound ? 0 : 1, unplaced: isSound ? 0 : 1, behind: isSound ? 0 : 1 },
        position: position === '' ? `${events.times.length}` : position.replace('#', ''),
        ...{ positionFrom: position === '' ? 'rows' : 'given', lagEvents: 0 },
        columns: isSound ? [] : [{ column: 'total', path: '/total', rows: wrong.length }],
        distinguishing: isSound
          ? []
          : [
              {
                ...{ attribute: 'event type', value: 'ItemRemoved', wrong: wrong.length, wrongOf: wrong.length },
                ...{ right: Math.floor(total / 12), rightOf: total - faultCount },
              },
            ],
        ...{ faults, faultCount, findings: [], took: '412 ms' },
      };
      return found;
    },
    async saveMapping() {},
  };
  return Object.assign(twin, drift);
}

const NOTHING: wire.DriftFault = {
  ...{ key: '', kind: 'different', stream: '', column: '', path: '', expected: '', found: '' },
  ...{
    version: '',
    position: '',
    recordedAt: '',
    eventType: '',
    at: '',
    holds: '',
    isLostUpdate: false,
    isLastChange: false,
    behindBy: 0,
    why: '',
  },
};

const OTHERS: wire.DriftFault[] = [
  {
    ...{ ...NOTHING, key: 'order-2212', stream: 'order-2212', column: 'total', path: '/total', expected: '75.17' },
    ...{ found: '"81.92"', at: '30', version: '27', eventType: 'ItemAdded', isLastChange: true },
  },
  {
    ...{ ...NOTHING, key: 'order-4712', stream: 'order-4712', column: 'status', path: '/status', expected: '"Paid"' },
    ...{ found: '"Placed"', at: '9', version: '9', holds: '8', isLostUpdate: true, eventType: 'PaymentCaptured' },
    why: 'a lost update: the row says that it is at v9, and holds what its stream came to at v8; v9 PaymentCaptured is the first event that it lacks',
  },
  {
    ...{ ...NOTHING, key: 'order-4713', stream: 'order-4713', kind: 'unplaced' },
    why: 'the row says that it is at v40, and its stream ends at v12',
  },
  { ...NOTHING, key: 'order-99999', kind: 'extra', why: 'no stream has this key' },
  {
    ...{ ...NOTHING, key: 'order-4711', stream: 'order-4711', kind: 'behind', at: '12', version: '13', behindBy: 3 },
    eventType: 'ItemAdded',
  },
];

function faultOf(stream: string, at: number): wire.DriftFault {
  const expected = (at * 7 + 104.5).toFixed(2);
  return {
    ...{ ...NOTHING, key: stream, stream, column: 'total', path: '/total', expected },
    ...{ found: `"${(at * 7 + 111.25).toFixed(2)}"`, version: `${(at % 5) + 2}`, at: `${(at % 5) + 4}` },
    eventType: TYPES[at % 2] ?? '',
  };
}
