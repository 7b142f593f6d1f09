// The hot answers of the engine, and their decoding from bytes. The format is written down in
// crates/refold-app/src/frame.rs; a test decodes the very bytes that its tests pin.

/** How a row differs from the base. */
export type Mark = 'same' | 'added' | 'changed' | 'removed' | 'moved';

export type RowKind = 'leaf' | 'object' | 'array';

export interface StateRow {
  /** RFC 6901; empty for the root. */
  pointer: string;
  /** 0 for the root. */
  depth: number;
  kind: RowKind;
  mark: Mark;
  canOpen: boolean;
  isOpen: boolean;
  /** A masking rule hides the value: `value`, and `before` where there is one, say only that. */
  isRedacted: boolean;
  /** The key occurs more than once; `before` says which of its values this is. */
  isRepeated: boolean;
  key: string;
  /** The literal as stored; of a container a count such as `{3}`. */
  value: string;
  /** What stood here at the base, where that was something else: also the count of a container. */
  before: string;
  changedVersion: string;
  changedType: string;
  wroteVersion: string;
  /** The moment after the event that last changed this; 0: not known. */
  changedMoment: number;
  /** The moment after the event that last wrote this, also when the value stayed equal; 0: not known. */
  wroteMoment: number;
  /** Where an element stood before it moved, as a JSON pointer; empty where it did not. */
  movedFrom: string;
  /** Of the event that changed it, in a blame: when it was recorded, and who did it by its metadata. */
  changedAt: string;
  actor: string;
  /** What wrote it: `reducer.yaml:12`; several, where only folding could tell which. */
  line: string;
}

export interface StateFrame {
  seq: number;
  /** The moment that every row of this frame shows. */
  moment: number;
  base: number | null;
  added: number;
  changed: number;
  removed: number;
  totalRows: number;
  firstRow: number;
  foldMicros: number;
  eventCount: number;
  /** Containers are open down to this depth, but for those that were toggled. */
  openDepth: number;
  /** Of the event that made `moment`; empty before the first, as are the next three. */
  version: string;
  position: string;
  recordedAt: string;
  eventType: string;
  /** Since this version (`#4711`, this position, where there are none) events are missing from the state; empty: complete. */
  incompleteSince: string;
  /** Why the handler stopped; empty when it did not. */
  fault: string;
  handler: string;
  /** Which of all rows changed or hide a change, ascending; long differences are cut. */
  changedRows: number[];
  rows: StateRow[];
}

export interface DensityFrame {
  columns: number;
  from: string;
  to: string;
  /** Names of what is counted, bottom of the stack first. */
  series: string[];
  /** `counts[column * series.length + series]`. */
  counts: Uint32Array;
  /** One a column, of [`Flag`]. */
  flags: Uint8Array;
  /** One a column: how many of its events something was found at. */
  problems: Uint32Array;
  /**
   * One a column on the axis of versions, else none: 0 where no time says how long nothing happened before its events, else
   * one more than the binary logarithm of the longest such gap in milliseconds, rounded down.
   */
  paces: Uint8Array;
}

export const Flag = { problem: 1, undecodable: 2, broken: 4 } as const;

export class FrameError extends Error {}

export function decodeStateFrame(bytes: ArrayBuffer): StateFrame {
  const input = new Reader(bytes);
  const [seq, moment, base, added, changed, removed] = input.numbers(6);
  const [totalRows, firstRow, rowCount, foldMicros, eventCount, openDepth] = input.numbers(6);
  const frame: StateFrame = {
    ...{ seq, moment, base: base === NO_BASE ? null : base, added, changed, removed },
    ...{ totalRows, firstRow, foldMicros, eventCount, openDepth },
    ...{ version: input.text(), position: input.text(), recordedAt: input.text(), eventType: input.text() },
    ...{ incompleteSince: input.text(), fault: input.text(), handler: input.text() },
    changedRows: [],
    rows: [],
  };
  const changedRows = input.number();
  for (let i = 0; i < changedRows; i += 1) frame.changedRows.push(input.number());
  for (let i = 0; i < rowCount; i += 1) frame.rows.push(decodeRow(input));
  input.end();
  return frame;
}

export function decodeDensityFrame(bytes: ArrayBuffer): DensityFrame {
  const input = new Reader(bytes);
  const [columns, seriesCount] = input.numbers(2);
  const from = input.text();
  const to = input.text();
  const series = Array.from({ length: seriesCount }, () => input.text());
  const counts = input.words(columns * seriesCount);
  const flags = input.bytes(columns);
  const problems = input.words(columns);
  const paces = input.bytes(input.number());
  input.end();
  return { columns, from, to, series, counts, flags, problems, paces };
}

const FORMAT = 5;
const NO_BASE = 0xffff_ffff;
const KINDS: readonly RowKind[] = ['leaf', 'object', 'array'];
const MARKS: readonly Mark[] = ['same', 'added', 'changed', 'removed', 'moved'];

function decodeRow(input: Reader): StateRow {
  const depth = input.short();
  const kind = named(KINDS, input.byte(), 'kind of a row');
  const mark = named(MARKS, input.byte(), 'change of a row');
  const bits = input.byte();
  return {
    ...{ depth, kind, mark, canOpen: (bits & 1) !== 0, isOpen: (bits & 2) !== 0 },
    ...{ isRedacted: (bits & 4) !== 0, isRepeated: (bits & 8) !== 0 },
    ...{ pointer: input.text(), key: input.text(), value: input.text(), before: input.text() },
    ...{ changedVersion: input.text(), changedType: input.text(), wroteVersion: input.text() },
    ...{ movedFrom: input.text(), changedAt: input.text(), actor: input.text(), line: input.text() },
    ...{ changedMoment: input.number(), wroteMoment: input.number() },
  };
}

function named<Name>(names: readonly Name[], number: number, what: string): Name {
  const name = names[number];
  if (name === undefined) throw new FrameError(`${number} is no ${what}`);
  return name;
}

type Tuple<Length extends number, Items extends number[] = []> = Items['length'] extends Length
  ? Items
  : Tuple<Length, [...Items, number]>;

// A mark of byte order is a letter of the text like any other.
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ONE_BYTE = new TextDecoder('latin1');
const IS_ASCII = /^[\x00-\x7f]*$/;

class Reader {
  readonly #bytes: ArrayBuffer;
  readonly #view: DataView;
  /** A letter for each byte: right wherever a text is plain ASCII, and read in one go. */
  #letters: string | null = null;
  #at = 0;

  constructor(bytes: ArrayBuffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes);
    const format = this.number();
    if (format !== FORMAT) throw new FrameError(`unknown frame format ${format}, expected ${FORMAT}`);
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  short(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  number(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  numbers<Length extends number>(count: Length): Tuple<Length> {
    return Array.from({ length: count }, () => this.number()) as Tuple<Length>;
  }

  // Copied at once and read in place: a hundred thousand of them come with a notch of the wheel. Every machine that has
  // a WebView is little-endian, as the frame is.
  words(count: number): Uint32Array {
    return new Uint32Array(this.#cut(4 * count));
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#cut(count));
  }

  text(): string {
    const length = this.number();
    if (length === 0) return '';
    const at = this.#take(length);
    // A state has a thousand short texts, and a call of the decoder costs more than the text: one call for most of them.
    this.#letters ??= ONE_BYTE.decode(this.#bytes);
    const text = this.#letters.slice(at, at + length);
    return IS_ASCII.test(text) ? text : UTF_8.decode(new Uint8Array(this.#bytes, at, length));
  }

  end(): void {
    const left = this.#view.byteLength - this.#at;
    if (left > 0) throw new FrameError(`${left} bytes are left after the end of the frame`);
  }

  #cut(length: number): ArrayBuffer {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#view.byteLength) throw new FrameError('the frame ends in the middle');
    this.#at = at + length;
    return at;
  }
}
