// The twin's comparisons: both sides are histories of its own, whose leaves it compares. And the way of an event through
// upcasters, of which the twin has two.

import { BackendError, type Backend } from '../backend';
import type * as wire from '../bindings';
import type { CompareBackend } from '../compare';
import type { StateRow } from '../frames';
import type { SearchBackend } from '../search';
import { markOf, rowsOf, type State } from './fold';

type Rest = Omit<Backend, keyof CompareBackend | keyof SearchBackend>;

interface Side {
  history: number;
  opened: wire.HistoryOpened;
  handler: string | null;
  moment: number;
}

/** What the twin's upcasters make of a payload. */
export function upcastOf(stored: State): State {
  const leaf = (literal: string) => ({ literal, changed: 0, wrote: 0 });
  return new Map([...stored, ['/channel', leaf('"web"')], ['/giftWrap', leaf('false')]]);
}

export function withComparisons<Twin extends Rest>(twin: Twin): Twin & CompareBackend {
  // The methods of the twin stand on its prototype: what is added goes onto the object itself.
  return Object.assign(twin, comparisonsOf(twin));
}

function comparisonsOf(twin: Rest): CompareBackend {
  const open = new Map<number, { base: Side; current: Side }>();
  let last = 0;
  const sidesOf = (comparison: number) => {
    const found = open.get(comparison);
    if (!found) {
      const message = 'this comparison is not open any more';
      throw new BackendError({ code: 'notFound', message, hint: 'run it again', choices: [] });
    }
    return found;
  };
  const openSide = async (session: number, { stream, at, handler }: wire.ComparisonSide): Promise<Side> => {
    const opened = await twin.openHistory(session, stream, at, handler, () => {});
    return { history: opened.history, opened, handler, moment: opened.moment };
  };
  const leaves = async ({ history, handler, moment }: Side): Promise<State> => {
    const rows = await twin.stateFrame(history, { ...BLAME, moment });
    const state: State = new Map(
      rows.rows.map((row) => [row.pointer, { literal: row.value, changed: row.changedMoment, wrote: row.wroteMoment }]),
    );
    // The older handler of the twin forgets discounts.
    const discount = state.get('/totals/discount');
    if (handler?.endsWith('@1.0.0') && discount) state.set('/totals/discount', { ...discount, literal: '0.00' });
    return state;
  };
  const described = async ({ history, opened, moment }: Side): Promise<wire.ComparedSide> => {
    const frame = await twin.stateFrame(history, { ...BLAME, moment });
    return {
      ...{ stream: opened.stream, category: opened.category, handler: opened.handler, moment, events: opened.events },
      ...{ version: frame.version, position: frame.position, recordedAt: frame.recordedAt },
      ...{ eventType: frame.eventType, incompleteSince: frame.incompleteSince, fault: '' },
    };
  };
  return {
    async openComparison(session, base, current, progress) {
      last += 1;
      progress({ job: 900_000 + last, phase: 'folding', done: 0, total: null, doublings: 0 });
      const sides = { base: await openSide(session, base), current: await openSide(session, current) };
      open.set(last, sides);
      const isOneStream = base.stream === current.stream;
      return {
        comparison: last,
        base: await described(sides.base),
        current: await described(sides.current),
        between: isOneStream ? Math.abs(sides.base.moment - sides.current.moment) : null,
        hasIntervals: isOneStream && base.handler !== current.handler,
        findings: [],
      };
    },
    async closeComparison(comparison) {
      const found = open.get(comparison);
      open.delete(comparison);
      for (const side of [found?.base, found?.current]) if (side) await twin.closeHistory(side.history);
    },
    async comparisonFrame(comparison, query) {
      const { base, current } = sidesOf(comparison);
      const [before, now, shape] = await Promise.all([
        leaves(base),
        leaves(current),
        twin.stateFrame(current.history, { ...BLAME, moment: current.moment }),
      ]);
      const folding = { openDepth: query.openDepth, toggled: new Set(query.toggled), onlyChanges: false };
      const rows = rowsOf(now, before, query.onlyChanges ? 'diff' : 'state', folding, () => 'ItemAdded');
      const told = async (row: StateRow): Promise<StateRow> => {
        if (row.changedMoment === 0) return row;
        const { row: by } = await twin.eventDetail(current.history, row.changedMoment);
        const line = `handlers/order@1.1.0/reducer.yaml:${20 + row.changedMoment}`;
        return { ...row, changedType: by.eventType, line };
      };
      const marks = [...new Set([...now.keys(), ...before.keys()])].map((path) => markOf(now, before, path));
      const tally = (mark: string) => marks.filter((one) => one === mark).length;
      return {
        ...shape,
        ...{ seq: query.seq, base: base.moment, firstRow: query.firstRow, totalRows: rows.length },
        ...{ added: tally('added'), changed: tally('changed'), removed: tally('removed') },
        ...{ openDepth: query.openDepth, changedRows: rows.flatMap((row, at) => (row.mark === 'same' ? [] : [at])) },
        rows: await Promise.all(rows.slice(query.firstRow, query.firstRow + query.rowCount).map(told)),
      };
    },
    async comparisonEvents(comparison, { offset, limit }) {
      const { base, current } = sidesOf(comparison);
      const [first, end] = [Math.min(base.moment, current.moment), Math.max(base.moment, current.moment)];
      const total = base.opened.stream === current.opened.stream ? end - first : 0;
      const page = await twin.eventRows(base.history, {
        ...{ types: [], offset: first + offset, limit: Math.max(0, Math.min(limit, total - offset)) },
      });
      return { total, matching: total, rows: page.rows };
    },
    async comparisonIntervals(comparison, progress) {
      progress({ job: 900_000 + comparison, phase: 'comparingEventByEvent', done: 1, total: 1, doublings: 0 });
      const { base } = sidesOf(comparison);
      const { rows } = await twin.eventRows(base.history, { types: ['DiscountApplied'], offset: 0, limit: 1 });
      const intervals = rows.map(({ version, position, eventType }) => ({
        ...{ from: { version, position, eventType }, until: null },
      }));
      return { intervals, intervalCount: intervals.length, stops: [] };
    },
    async upcast(history, moment) {
      const { row } = await twin.eventDetail(history, moment);
      if (row.eventType !== 'OrderPlaced' && row.eventType !== 'ItemAdded') return null;
      const step = (from: number, path: string, after: string) => ({
        ...{ place: `upcasters.yaml:${from * 4}:5`, eventType: row.eventType, from, to: from + 1 },
        ...{ made: [row.eventType], changeCount: 1, changes: [{ path, op: 'added', before: null, after }] },
      });
      const steps = [step(1, '/channel', '"web"'), step(2, '/giftWrap', 'false')];
      return { steps, made: [row.eventType], fault: null, isRedacted: false };
    },
    async stateJson(history, moment, path) {
      const { rows } = await twin.stateFrame(history, { ...BLAME, moment });
      const inside = rows.filter(({ pointer }) => pointer === path || pointer.startsWith(`${path}/`));
      return jsonOf(inside.map(({ pointer, value }) => [pointer.slice(path.length).split('/').slice(1), value]));
    },
  };
}

const BLAME: wire.StateQuery = {
  ...{
    seq: 0,
    lens: 'blame',
    moment: 0,
    asked: null,
    base: null,
    openDepth: 2,
    toggled: [],
    onlyChanges: false,
    part: 0,
  },
  ...{ firstRow: 0, rowCount: 100_000, isWhole: false },
};

function jsonOf(leaves: [string[], string][]): string {
  const [first] = leaves;
  if (first && first[0].length === 0) return first[1];
  const keys = [...new Set(leaves.map(([path]) => path[0] ?? ''))];
  const members = keys.map((key) => {
    const inside = leaves
      .filter(([path]) => path[0] === key)
      .map(([path, value]): [string[], string] => [path.slice(1), value]);
    return `${JSON.stringify(key)}:${jsonOf(inside)}`;
  });
  return `{${members.join(',')}}`;
}
