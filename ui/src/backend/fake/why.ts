// The twin's answers to why a field has its value (the event that last changed it, and the one before that) and to why
// events left it as it was: a discount is given to large orders, and every other field is written whenever it changes.

import type * as wire from '../bindings';

/** What the twin knows of its histories. */
export interface WhySource {
  literalAt(path: string, moment: number): string | null;
  rowAt(moment: number): wire.EventRow;
}

const FILE = 'versions/1.1.0/reducer.yaml';

export function why(source: WhySource, path: string, moment: number): wire.WhyTold {
  const changes: number[] = [];
  for (let at = moment; at > 0 && changes.length < 2; at -= 1)
    if (source.literalAt(path, at) !== source.literalAt(path, at - 1)) changes.push(at);
  const steps = changes.map((at, index): wire.WhyStep => {
    const { version, position, recordedAt, eventType } = source.rowAt(at);
    const before = source.literalAt(path, at - 1);
    const after = source.literalAt(path, at);
    const isLast = index === changes.length - 1;
    // Of a rule and of an operation in it, both written on one line.
    const guard = `${FILE}:${85 + index}:13`;
    const read = { isOfStart: false, makers: [], guard: null };
    return {
      ...{ moment: at, place: version || `#${position}`, eventType, recordedAt, before, after },
      ...{ line: `${FILE}:${84 + index}:14`, does: 'set', path, role: 'value', guards: isLast ? [] : [guard, guard] },
      reads: [
        { ...read, of: 'payload', path: path.slice(path.lastIndexOf('/')), value: after, role: 'value' },
        ...(isLast ? [] : [{ ...read, of: 'state', path, value: before, role: 'guard', guard, makers: [index + 1] }]),
      ],
    };
  });
  return {
    ...{ path, value: source.literalAt(path, moment), steps, events: steps.length, isCut: false },
    ...{ isOfStart: false, confirmed: true, untold: null, leftOut: null, incompleteSince: '' },
  };
}

export function whyNot(source: WhySource, path: string, from: number, to: number): wire.WhyNotTold {
  const types = new Map<string, wire.WhyNotType>();
  const misses: wire.WhyNotMiss[] = [];
  let last: wire.EventRow | null = null;
  for (let moment = to; moment > from; moment -= 1) {
    const row = source.rowAt(moment);
    const { eventType } = row;
    const isChanged = source.literalAt(path, moment) !== source.literalAt(path, moment - 1);
    const writes = isChanged || (path === '/totals/discount' && eventType === 'ItemAdded');
    const of = types.get(eventType) ?? { eventType, events: 0, changed: 0, writes, untaken: 0 };
    types.set(eventType, {
      ...{ eventType, events: of.events + 1, changed: of.changed + (isChanged ? 1 : 0) },
      ...{ writes: of.writes || writes, untaken: 0 },
    });
    if (isChanged) last ??= row;
    else if (writes) misses.push(missOf(source, row, path, moment));
  }
  return {
    ...{ path, events: to - from, misses: misses.slice(0, MOST), furtherMisses: Math.max(0, misses.length - MOST) },
    types: [...types.values()].toSorted((a, b) => (a.eventType < b.eventType ? -1 : 1)),
    changed: [...types.values()].reduce((sum, { changed }) => sum + changed, 0),
    lastChanged: last && { version: last.version, position: last.position, eventType: last.eventType },
    ...{ untold: null, stopped: null, incompleteSince: '' },
  };
}

function missOf(source: WhySource, row: wire.EventRow, path: string, moment: number): wire.WhyNotMiss {
  const { version, position, recordedAt, eventType } = row;
  const total = {
    of: 'state',
    path: '/totals/total',
    value: source.literalAt('/totals/total', moment),
    role: 'guard',
    guard: null,
  };
  const guard = { line: `${FILE}:52:13`, reads: [{ ...total, makers: [], isOfStart: false }] };
  return {
    ...{ moment, place: version || `#${position}`, eventType, recordedAt, fault: null, isUnread: false, ran: null },
    tried: [
      {
        ...{ line: `${FILE}:51:9`, does: 'set', keptBy: 'guard', elsewhere: null },
        otherwise: { value: '5.00', fault: null },
        guards: [
          { ...guard, holds: true },
          { ...guard, holds: false },
        ],
      },
    ],
  };
}

/** As many as the engine tells of. */
const MOST = 20;
