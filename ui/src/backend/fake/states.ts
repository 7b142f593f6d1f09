// The states of one stream of the twin, as its handler makes them, and the frames that show them.

import type * as wire from '../bindings';
import type { StateFrame } from '../frames';
import { timed, timeText } from './answers';
import { upcastOf } from './compare';
import { apply, leavesOf, markOf, rowsOf, type State } from './fold';
import { payloadOf, TYPES, UNDECODABLE, type FakeEvents, type Payload, type TypeName } from './orders';

const CHECKPOINT_EVERY = 512;

export class FakeStates {
  readonly #seed: number;
  readonly #events: FakeEvents;
  readonly #stream: number;
  readonly #positions: Uint32Array;
  readonly #checkpoints = new Map<number, State>();

  constructor(seed: number, events: FakeEvents, stream: number, positions: Uint32Array) {
    this.#seed = seed;
    this.#events = events;
    this.#stream = stream;
    this.#positions = positions;
  }

  at(moment: number): State {
    let from = moment - (moment % CHECKPOINT_EVERY);
    while (from > 0 && !this.#checkpoints.has(from)) from -= CHECKPOINT_EVERY;
    const state = new Map(this.#checkpoints.get(from) ?? []);
    for (let next = from + 1; next <= moment; next += 1) {
      const isBroken = this.#isUndecodable && next === UNDECODABLE.version;
      if (!isBroken) apply(state, next, this.#typeAt(next) ?? 'ItemAdded', this.payload(next));
      if (next % CHECKPOINT_EVERY === 0 && !this.#checkpoints.has(next)) this.#checkpoints.set(next, new Map(state));
    }
    return state;
  }

  literal(path: string, moment: number): string | null {
    return this.at(moment).get(path)?.literal ?? null;
  }

  payload(moment: number): Payload {
    return payloadOf(this.#seed, this.#stream, moment, this.#typeAt(moment) ?? 'ItemAdded');
  }

  frame(query: wire.StateQuery): StateFrame {
    const started = performance.now();
    const { lens, moment } = query;
    const base = query.base ?? Math.max(0, moment - 1);
    const [before, now] = this.#sides(lens, base, moment);
    const folding = { ...query, toggled: new Set(query.toggled) };
    const rows = rowsOf(now, before, lens, folding, (at) => this.#typeAt(at) ?? '').map(
      timed(this.#events, this.#positions),
    );
    const marks = [...new Set([...now.keys(), ...before.keys()])].map((path) => markOf(now, before, path));
    const tally = (mark: string) => marks.filter((m) => m === mark).length;
    const position = this.#positions[moment - 1];
    return {
      ...{ seq: query.seq, moment, base, firstRow: query.firstRow, totalRows: rows.length },
      version: moment > 0 ? `${moment}` : '',
      position: position === undefined ? '' : `${position + 1}`,
      recordedAt: position === undefined ? '' : timeText(this.#events.times[position] ?? 0),
      eventType: position === undefined ? '' : (this.#typeAt(moment) ?? ''),
      incompleteSince: this.#isUndecodable && moment >= UNDECODABLE.version ? `${UNDECODABLE.version}` : '',
      ...{ fault: '', handler: 'order@1.0.0', eventCount: this.#positions.length, openDepth: query.openDepth },
      ...{ added: tally('added'), changed: tally('changed'), removed: tally('removed') },
      foldMicros: Math.round((performance.now() - started) * 1000),
      changedRows: rows.flatMap((row, index) => (row.mark === 'same' ? [] : [index])),
      rows: rows.slice(query.firstRow, query.firstRow + query.rowCount),
    };
  }

  /** What a lens holds against what. */
  #sides(lens: wire.Lens, base: number, moment: number): [before: State, now: State] {
    switch (lens) {
      case 'payload':
      case 'metadata': {
        const leaves = this.#eventLeaves(moment, lens);
        return [leaves, leaves];
      }
      case 'upcast': {
        const stored = this.#eventLeaves(moment, 'payload');
        return [stored, upcastOf(stored)];
      }
      default:
        return [this.at(base), this.at(moment)];
    }
  }

  #eventLeaves(moment: number, lens: 'payload' | 'metadata'): State {
    if (moment === 0) return new Map();
    if (lens === 'payload') return leavesOf(this.payload(moment));
    return leavesOf([
      ['correlationId', `"c0ffee00-0000-4000-8000-${`${this.#stream}`.padStart(12, '0')}"`],
      ['actor', '"shop-eu-2"'],
    ]);
  }

  #typeAt(moment: number): TypeName | undefined {
    return TYPES[this.#events.types[this.#positions[moment - 1] ?? 0] ?? 0];
  }

  get #isUndecodable(): boolean {
    return this.#events.ids[this.#stream] === UNDECODABLE.stream;
  }
}
