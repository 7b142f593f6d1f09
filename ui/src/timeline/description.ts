// What a timeline shows, in words and as a table: for those who cannot see it, and under a figure. Pure.

import type { Axis, DensityBy } from '../backend/bindings';
import { bigFromFloat } from '../base/exact';
import { countOf, countText, shareText } from '../base/format';
import { approximateText, instantText, rfc3339FromNanos } from '../base/instant';
import { S } from '../strings';
import { lengthOf, type Fold, type Span } from './axis';
import { countsOf, type Piece } from './lod';

/** What is visible of an axis. */
export interface Described {
  axis: Axis;
  by: DensityBy;
  window: Span;
  pieces: readonly Piece[];
  /** They know how long nothing happened. */
  folds: readonly Fold[];
  /** How far the numbers that people know are ahead of the axis. */
  ahead: bigint;
}

export interface Interval {
  from: string;
  events: number;
  /** The most frequent type or category; empty where there is no event. */
  kind: string;
  /** Events that something was found at. */
  problems: number;
}

export interface Description {
  columns: readonly string[];
  /** Terms and what is said of them. */
  facts: [string, string][];
  intervals: Interval[];
}

/** Into so many equal parts the table cuts what is visible. */
const PARTS = 12;
const T = S.scrubber.description;

export function descriptionOf(shown: Described): Description {
  const { axis, by, window, ahead } = shown;
  const columns = [...columnsOf(shown)];
  const events = columns.reduce((sum, { total }) => sum + total, 0);
  const text = (value: bigint) => (axis === 'time' ? instantText(rfc3339FromNanos(value)) : countText(value + ahead));
  const long = (length: bigint) => (axis === 'time' ? approximateText(length) : T.places[axis](countText(length)));
  const facts: [string, string][] = [
    [T.span, `${text(window.from)} – ${text(window.to - 1n)}`],
    [T.events, countText(events)],
  ];
  const busiest = columns.reduce<ColumnOf | null>((most, one) => (one.total > (most?.total ?? 0) ? one : most), null);
  if (busiest && axis !== 'version') {
    const at = T.busiestAt(countOf(busiest.total, 'event', 'events'), long(busiest.length), text(busiest.from));
    facts.push([T.busiest, at]);
  }
  const gap = longestGap(columns);
  if (gap && axis !== 'version') {
    const fold = shown.folds.find(({ from, to }) => gap.from <= from && to <= gap.to);
    facts.push([T.gap, T.gapAt(long(fold?.gap ?? lengthOf(gap)), text(gap.from))]);
  }
  const problems = columns.reduce((sum, one) => sum + one.problems, 0);
  facts.push([T.problems, problems === 0 ? T.noProblem : T.problemEvents(problems)]);
  const kinds = kindsOf(columns);
  if (kinds.length > 0) {
    facts.push([T.kinds[by], kinds.map(([name, count]) => `${name} ${shareText(count, events)}`).join(', ')]);
  }
  return { columns: T.columns(by), facts, intervals: intervalsOf(window, columns, text) };
}

/** All of it as lines, as a person pastes it. */
export function textOf(title: string, { columns, facts, intervals }: Description): string {
  const rows = intervals.map(({ from, events, kind, problems }) => [from, `${events}`, kind, `${problems}`].join('\t'));
  return [title, ...facts.map(([term, said]) => `${term}: ${said}`), '', columns.join('\t'), ...rows].join('\n');
}

interface ColumnOf {
  from: bigint;
  length: bigint;
  total: number;
  counts: Map<string, number>;
  problems: number;
}

/** The columns that hold events and lie in the window, in order. */
function* columnsOf({ window, pieces }: Described): Generator<ColumnOf> {
  for (const { fetch, frame, running } of pieces) {
    for (let column = 0; column < fetch.columns; column += 1) {
      const total = (running[column + 1] ?? 0) - (running[column] ?? 0);
      if (total === 0) continue;
      const from = fetch.from + fetch.bucket * bigFromFloat(column);
      if (from + fetch.bucket <= window.from || from >= window.to) continue;
      yield {
        from,
        length: fetch.bucket,
        total,
        counts: countsOf(frame, column),
        problems: frame.problems[column] ?? 0,
      };
    }
  }
}

function longestGap(columns: readonly ColumnOf[]): Span | null {
  let longest: Span | null = null;
  columns.forEach(({ from }, at) => {
    const before = columns[at - 1];
    if (!before) return;
    const gap = { from: before.from + before.length, to: from };
    if (lengthOf(gap) > (longest ? lengthOf(longest) : 0n)) longest = gap;
  });
  return longest;
}

/** Counts by type or category, the most frequent first. */
function kindsOf(columns: readonly ColumnOf[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const { counts } of columns) {
    for (const [name, count] of counts) if (count > 0) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return [...sums].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function intervalsOf(window: Span, columns: readonly ColumnOf[], text: (value: bigint) => string): Interval[] {
  const length = lengthOf(window);
  const parts = length < BigInt(PARTS) ? length : BigInt(PARTS);
  const intervals: Interval[] = [];
  let at = 0;
  for (let part = 0n; part < parts; part += 1n) {
    const [from, to] = [window.from + (length * part) / parts, window.from + (length * (part + 1n)) / parts];
    const own: ColumnOf[] = [];
    // A column over two parts counts with the one that it begins in.
    for (; at < columns.length && (columns[at]?.from ?? to) < to; at += 1) {
      const column = columns[at];
      if (column) own.push(column);
    }
    intervals.push({
      from: text(from),
      events: own.reduce((sum, { total }) => sum + total, 0),
      kind: kindsOf(own)[0]?.[0] ?? '',
      problems: own.reduce((sum, one) => sum + one.problems, 0),
    });
  }
  return intervals;
}
