import { describe, expect, it } from 'vitest';
import density from '../../../crates/refold-app/src/frame/golden_density.hex?raw';
import state from '../../../crates/refold-app/src/frame/golden_state.hex?raw';
import { decodeDensityFrame, decodeStateFrame, Flag, FrameError } from './frames';

// The bytes that the engine's own tests pin: both sides read the same ones.
function bytes(hex: string): ArrayBuffer {
  const digits = hex.replace(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => +`0x${digits.slice(2 * i, 2 * i + 2)}`).buffer;
}

describe('a state frame', () => {
  it('is decoded as the engine wrote it', () => {
    const frame = decodeStateFrame(bytes(state));
    expect({ ...frame, rows: frame.rows.length }).toEqual({
      ...{ seq: 7, moment: 3, base: 2, added: 1, changed: 1, removed: 0, totalRows: 40, firstRow: 0 },
      ...{ foldMicros: 412, eventCount: 15, openDepth: 2, version: '3', position: '48210993', eventType: 'ItemAdded' },
      ...{ recordedAt: '2026-08-03T14:00:00.118Z', incompleteSince: '', fault: '', handler: 'order@1.1.0', rows: 2 },
      changedRows: [1, 39],
    });
    expect(frame.rows[0]).toMatchObject({
      pointer: '/items',
      kind: 'object',
      canOpen: true,
      isOpen: true,
      mark: 'same',
    });
    expect(frame.rows[1]).toMatchObject({
      ...{ pointer: '/items/a~1b', key: 'a/b', depth: 2, kind: 'leaf', mark: 'changed', value: '9007199254740993' },
      ...{ before: '0.10', changedVersion: '3', changedType: 'ItemAdded', changedMoment: 3, wroteMoment: 3 },
      ...{ movedFrom: '/items/old', changedAt: '2026-08-03T14:00:00.118Z', actor: 'worker-7', line: 'reducer.yaml:12' },
    });
  });

  it('is refused when it is cut or longer than it says', () => {
    const whole = bytes(state);
    for (let end = 0; end < whole.byteLength; end += 7) {
      expect(() => decodeStateFrame(whole.slice(0, end))).toThrow(FrameError);
    }
    expect(() => decodeStateFrame(bytes(`${state}00`))).toThrow(/left after the end/);
  });

  it('is refused in another format', () => {
    const other = new Uint8Array(bytes(state));
    other[0] = 1;
    expect(() => decodeStateFrame(other.buffer)).toThrow(/format 1/);
  });
});

describe('a density frame', () => {
  it('is decoded as the engine wrote it', () => {
    const frame = decodeDensityFrame(bytes(density));
    expect(frame.series).toEqual(['OrderPlaced', 'Überweisung']);
    expect([frame.from, frame.to, frame.columns]).toEqual(['2026-06-02T00:00:00Z', '2026-08-31T23:59:59Z', 3]);
    expect([...frame.counts]).toEqual([1, 0, 2, 4_000_000_000, 0, 0]);
    expect([...frame.flags]).toEqual([0, Flag.problem, Flag.problem | Flag.undecodable]);
    expect([...frame.problems]).toEqual([0, 1, 70_000]);
    expect([...frame.paces]).toEqual([0, 1, 38]);
  });
});
