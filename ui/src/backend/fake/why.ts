// The twin's answer to why a field has its value: the event that last changed it, and the one before that.

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
    const guard = `${FILE}:${85 + index}:13`;
    const read = { isOfStart: false, makers: [], guard: null };
    return {
      ...{ moment: at, place: version || `#${position}`, eventType, recordedAt, before, after },
      ...{ line: `${FILE}:${84 + index}:14`, does: 'set', path, role: 'value', guards: isLast ? [] : [guard] },
      reads: [
        { ...read, of: 'payload', path: path.slice(path.lastIndexOf('/')), value: after, role: 'value' },
        ...(isLast ? [] : [{ ...read, of: 'state', path, value: before, role: 'guard', guard, makers: [index + 1] }]),
      ],
    };
  });
  return {
    ...{ path, value: source.literalAt(path, moment), steps, events: steps.length, isCut: false },
    ...{ isOfStart: false, confirmed: true, untold: null },
  };
}
