// The twin's answers about a stream as a whole: the values of a field, their lane, the invariants.

import { floatFromBig } from '../../base/exact';
import type * as wire from '../bindings';
import { columnIn } from './answers';
import { corrections, known } from './known';
import { why, whyNot, type WhySource } from './why';

/** What the twin knows of its histories. */
export interface FieldSource {
  eventsOf(history: number): number;
  /** The literal at a place after so many events; `null`: nothing is there. */
  literalAt(history: number, path: string, moment: number): string | null;
  rowAt(history: number, moment: number): wire.EventRow;
  placeOf(history: number, axis: wire.Axis, moment: number): bigint;
  job(report: (update: wire.JobUpdate) => void, phase: wire.PhaseWire, total: number): Promise<void>;
}

interface Value {
  moment: number;
  literal: string | null;
}

const ABSENT = 0xffffffff;
const TOP = 65_535n;

export class FakeFields {
  readonly #source: FieldSource;

  constructor(source: FieldSource) {
    this.#source = source;
  }

  async check(history: number, progress: (update: wire.JobUpdate) => void): Promise<wire.InvariantsChecked> {
    await this.#source.job(progress, 'checkingInvariants', this.#source.eventsOf(history));
    return { invariants: 3, breaks: 0 };
  }

  async read(history: number, path: string, progress: (update: wire.JobUpdate) => void): Promise<wire.FieldRead> {
    await this.#source.job(progress, 'readingTheField', this.#source.eventsOf(history));
    const values = this.#values(history, path);
    const kind = kindOf(values);
    const sorted = values.toSorted((a, b) => floatFromBig(amountOf(a.literal) - amountOf(b.literal)));
    const [least, greatest] = kind === 'number' ? [sorted[0], sorted.at(-1)] : [];
    return {
      ...{ path, values: values.length, kind, incompleteSince: '' },
      ...{ least: least?.literal ?? '', greatest: greatest?.literal ?? '' },
    };
  }

  async rows(history: number, path: string, offset: number, limit: number): Promise<wire.FieldPage> {
    const values = this.#values(history, path);
    const rows = values.slice(offset, offset + limit).map(({ moment, literal }) => {
      const { version, position, recordedAt, eventType } = this.#source.rowAt(history, moment);
      return { moment, version, position, recordedAt, eventType, value: literal };
    });
    return { total: values.length, rows };
  }

  async lane(history: number, path: string, query: wire.DensityQuery): Promise<wire.Lane> {
    const values = this.#values(history, path);
    const amounts = values.map(({ literal }) => amountOf(literal));
    const least = amounts.reduce((low, amount) => (amount < low ? amount : low), amounts[0] ?? 0n);
    const range = amounts.reduce((high, amount) => (amount - least > high ? amount - least : high), 1n);
    const literals: string[] = [];
    const runs: wire.LaneRun[] = [];
    values.forEach(({ moment, literal }, at) => {
      const place = this.#source.placeOf(history, query.axis, Math.max(1, moment));
      const column = Math.max(0, columnIn(query, place));
      if (column >= query.columns) return;
      if (literal !== null && !literals.includes(literal)) literals.push(literal);
      const height = floatFromBig((((amounts[at] ?? least) - least) * TOP) / range);
      const last = runs.at(-1);
      const isSame = last?.column === column;
      const run = {
        ...{ column, moment, height, value: literal === null ? ABSENT : literals.indexOf(literal) },
        low: Math.min(height, isSame ? last.low : (last?.height ?? height)),
        high: Math.max(height, isSame ? last.high : (last?.height ?? height)),
        changes: isSame ? last.changes + 1 : 1,
      };
      if (isSame) runs[runs.length - 1] = run;
      else runs.push(run);
    });
    return { runs, values: literals };
  }

  async why(
    history: number,
    path: string,
    moment: number,
    progress: (update: wire.JobUpdate) => void,
  ): Promise<wire.WhyTold> {
    await this.#source.job(progress, 'askingEvents', moment);
    return why(this.#whySource(history), path, moment);
  }

  async whyNot(
    history: number,
    path: string,
    from: number,
    to: number,
    progress: (update: wire.JobUpdate) => void,
  ): Promise<wire.WhyNotTold> {
    await this.#source.job(progress, 'askingEvents', to - from);
    return whyNot(this.#whySource(history), path, from, to);
  }

  async known(
    history: number,
    asked: wire.KnownAsked,
    progress: (update: wire.JobUpdate) => void,
  ): Promise<wire.KnownTold> {
    const events = this.#source.eventsOf(history);
    await this.#source.job(progress, 'folding', events);
    return known(this.#whySource(history), events, asked);
  }

  async corrections(
    history: number,
    asked: wire.KnownAsked,
    progress: (update: wire.JobUpdate) => void,
  ): Promise<wire.CorrectionsTold> {
    const events = this.#source.eventsOf(history);
    await this.#source.job(progress, 'folding', events);
    return corrections(this.#whySource(history), events, asked);
  }

  #whySource(history: number): WhySource {
    return {
      literalAt: (path, at) => this.#source.literalAt(history, path, at),
      rowAt: (at) => this.#source.rowAt(history, at),
    };
  }

  #values(history: number, path: string): Value[] {
    const values: Value[] = [];
    for (let moment = 0; moment <= this.#source.eventsOf(history); moment += 1) {
      const literal = this.#source.literalAt(history, path, moment);
      const last = values.at(-1);
      if (last ? last.literal !== literal : literal !== null) values.push({ moment, literal });
    }
    return values;
  }
}

function kindOf(values: readonly Value[]): wire.FieldKind {
  const present = values.flatMap(({ literal }) => (literal === null ? [] : [literal]));
  if (present.length > 0 && present.every((literal) => /^-?[0-9.]+$/.test(literal))) return 'number';
  return present.length > 0 && present.every((literal) => /^(true|false)$/.test(literal)) ? 'boolean' : 'other';
}

/** The twin's numbers have at most two decimals. */
function amountOf(literal: string | null): bigint {
  const match = /^(-?)([0-9]+)(?:\.([0-9]{1,2}))?$/.exec(literal ?? '');
  if (!match) return 0n;
  const amount = BigInt(`${match[2] ?? '0'}${(match[3] ?? '').padEnd(2, '0')}`);
  return match[1] === '-' ? -amount : amount;
}
