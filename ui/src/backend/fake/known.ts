// The twin's answers to what is known about a time: the last event of its histories happened an hour before it was
// recorded, and in the order of happening the status is another one.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { WhySource } from './why';

const HANDLER: wire.HandlerWire = { name: 'order', version: '1.1.0', hash: 'sha256:00', engine: 'declarative' };
const MISSING = ['what handlers were told beside events: reference data, feature flags, clocks of other writers'];

function rowsUntil(source: WhySource, events: number, { knownAt }: wire.KnownAsked): wire.EventRow[] {
  const rows = Array.from({ length: events }, (_, index) => source.rowAt(index + 1));
  const last = rows.findIndex(({ version }) => `v${version}` === knownAt);
  return last < 0 ? rows : rows.slice(0, last + 1);
}

function refuse(about: string): void {
  if (!/^\d{4}-/.test(about))
    throw new BackendError({
      code: 'invalidInput',
      message: 'what is known is asked about a time, not about an event',
      hint: 'write a time, as 2026-08-03T14:00:00Z, or -2h',
      choices: [],
    });
}

export function known(source: WhySource, events: number, asked: wire.KnownAsked): wire.KnownTold {
  refuse(asked.about);
  const rows = rowsUntil(source, events, asked).filter(({ recordedAt }) => recordedAt <= asked.about);
  const status = source.literalAt('/status', rows.length) ?? 'null';
  const differs = asked.order === 'either' && rows.length === events;
  return {
    ...{ about: asked.about, knownAt: rows.length > 0 ? `v${rows.length}` : '', handler: HANDLER, events: rows.length },
    state: differs ? [] : ['{', `  "status": ${status}`, '}'],
    order: differs ? 'differ' : asked.order,
    differences: differs ? [{ path: '/status', before: status, after: '"paid"', movedFrom: null }] : [],
    differenceCount: differs ? 1 : 0,
    ...{ incompleteSince: '', missing: MISSING, findings: [] },
  };
}

export function corrections(source: WhySource, events: number, asked: wire.KnownAsked): wire.CorrectionsTold {
  refuse(asked.about);
  const rows = rowsUntil(source, events, asked);
  const believed = rows.filter(({ recordedAt }) => recordedAt <= asked.about).length;
  const last = rows.at(-1);
  const late = last && rows.length === events && believed === events - 1 ? [last] : [];
  const before = source.literalAt('/status', believed);
  return {
    ...{ about: asked.about, knownAt: rows.length > 0 ? `v${rows.length}` : '', believedBy: HANDLER, knownBy: HANDLER },
    changes: late.length > 0 ? [{ path: '/status', before, after: '"corrected"', movedFrom: null }] : [],
    changeCount: late.length,
    late: late.map(({ version, eventType, recordedAt }) => ({
      ...{ cursor: `v${version}`, eventType, recordedAt, occurredAt: asked.about, corrects: 'e-14' },
    })),
    lateCount: late.length,
    ...{ early: [], earlyCount: 0, order: asked.order, incompleteSince: '', missing: MISSING, findings: [] },
  };
}
