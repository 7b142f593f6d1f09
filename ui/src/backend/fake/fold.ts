// The twin's handler and its frames: folds the shop's events into leaves, and lays leaves out as rows. It stands in for
// the engine, so it keeps the engine's promises: literals stay text, the frame names its moment, nothing is guessed.

import type { Lens } from '../bindings';
import type { Mark, RowKind, StateRow } from '../frames';
import type { Payload, TypeName } from './orders';

export interface Leaf {
  literal: string;
  changed: number;
  wrote: number;
}

/** Leaves by JSON pointer, in the order of their first writing. */
export type State = Map<string, Leaf>;

export function apply(state: State, moment: number, type: TypeName, payload: Payload): void {
  const field = (key: string) => payload.find(([name]) => name === key)?.[1] ?? 'null';
  const set = (path: string, literal: string) => {
    const old = state.get(path);
    state.set(path, { literal, wrote: moment, changed: old?.literal === literal ? old.changed : moment });
  };
  const add = (path: string, cents: bigint) => set(path, money(centsOf(state.get(path)?.literal ?? '0.00') + cents));
  const line = `/items/${field('sku').replaceAll('"', '')}`;
  const value = () => centsOf(field('price')) * BigInt(field('qty'));
  switch (type) {
    case 'OrderPlaced':
      set('/status', '"placed"');
      set('/orderId', field('orderId'));
      set('/customerId', field('customerId'));
      set('/currency', field('currency'));
      for (const sum of ['total', 'discount', 'paid', 'refunded']) set(`/totals/${sum}`, '0.00');
      set('/failedPayments', '0');
      return;
    case 'ItemAdded':
      set('/status', '"placed"');
      set(`${line}/qty`, `${BigInt(state.get(`${line}/qty`)?.literal ?? '0') + BigInt(field('qty'))}`);
      set(`${line}/price`, field('price'));
      add('/totals/total', value());
      return;
    case 'ItemRemoved': {
      const left = BigInt(state.get(`${line}/qty`)?.literal ?? '0') - BigInt(field('qty'));
      if (left > 0n) set(`${line}/qty`, `${left}`);
      else {
        state.delete(`${line}/qty`);
        state.delete(`${line}/price`);
      }
      add('/totals/total', -value());
      return;
    }
    case 'DiscountApplied':
      return add('/totals/discount', centsOf(field('amount')));
    case 'PaymentFailed':
      set('/failedPayments', `${BigInt(state.get('/failedPayments')?.literal ?? '0') + 1n}`);
      set('/failure/reason', field('reason'));
      set('/failure/attempt', field('attempt'));
      return;
    case 'PaymentAuthorised':
      state.delete('/failure/reason');
      state.delete('/failure/attempt');
      return set('/status', '"authorised"');
    case 'PaymentCaptured':
      set('/status', '"paid"');
      return add('/totals/paid', centsOf(field('amount')));
    case 'RefundIssued':
      set('/status', '"refunded"');
      return add('/totals/refunded', centsOf(field('amount')));
    case 'AddressChanged':
      return set('/address/city', field('city'));
    case 'OrderShipped':
      set('/trackingNumber', field('trackingNumber'));
      return set('/status', '"shipped"');
    case 'OrderDelivered':
      return set('/status', '"delivered"');
    case 'ReturnRequested':
      return set('/status', '"return-requested"');
    case 'OrderReturned':
      return set('/status', '"returned"');
    case 'OrderCancelled':
      return set('/status', '"cancelled"');
    case 'LoyaltyPointsGranted':
      return;
  }
}

/** A payload as leaves, for the lenses that show an event. */
export function leavesOf(payload: Payload): State {
  return new Map(payload.map(([key, literal]) => [`/${key}`, { literal, changed: 0, wrote: 0 }]));
}

/** All rows of a lens, top to bottom, folded where the user folded. */
export function rowsOf(now: State, base: State, lens: Lens, folding: FoldedBy, typeOf: TypeOf): StateRow[] {
  const isCompared = lens === 'state' || lens === 'diff' || lens === 'upcast';
  const paths = new Set(now.keys());
  if (isCompared) for (const path of base.keys()) paths.add(path);
  if (lens === 'diff') {
    const changed = [...paths].filter((path) => markOf(now, base, path) !== 'same');
    return changed.map((path) => leafRow(now, base, true, path, path, 0, typeOf));
  }
  if (lens === 'blame') {
    return [...now.keys()].map((path) => blamedRow(leafRow(now, base, false, path, path, 0, typeOf)));
  }
  const rows: StateRow[] = [];
  const isAround = (pointer: string) =>
    [...paths].some((path) => path.startsWith(`${pointer}/`) && markOf(now, base, path) !== 'same');
  const walk = (node: Node, pointer: string, key: string, depth: number) => {
    if (node.children.size === 0 && pointer !== '') {
      if (folding.onlyChanges && markOf(now, base, pointer) === 'same') return;
      rows.push(leafRow(now, base, isCompared, pointer, key, depth, typeOf));
      return;
    }
    const isOpen = depth <= folding.openDepth !== folding.toggled.has(pointer);
    const value = `{${node.children.size}}`;
    if (folding.onlyChanges && pointer !== '' && !isAround(pointer)) return;
    rows.push({ ...emptyRow(pointer, key, depth), kind: 'object', canOpen: true, isOpen, value });
    if (!isOpen) return;
    for (const [name, child] of node.children) walk(child, `${pointer}/${name}`, name, depth + 1);
  };
  const root = treeOf([...paths]);
  if (root.children.size > 0) walk(root, '', '', 0);
  return rows;
}

/** How a person wants a tree. */
export interface FoldedBy {
  openDepth: number;
  toggled: ReadonlySet<string>;
  onlyChanges: boolean;
}

/** The type of the event that made a moment. */
export type TypeOf = (moment: number) => string;

export function markOf(now: State, base: State, path: string): Mark {
  const before = base.get(path);
  const after = now.get(path);
  if (!before) return 'added';
  if (!after) return 'removed';
  return before.literal === after.literal ? 'same' : 'changed';
}

interface Node {
  children: Map<string, Node>;
}

function treeOf(paths: string[]): Node {
  const root: Node = { children: new Map() };
  for (const path of paths) {
    let node = root;
    for (const part of path.split('/').slice(1)) {
      let child = node.children.get(part);
      if (!child) {
        child = { children: new Map() };
        node.children.set(part, child);
      }
      node = child;
    }
  }
  return root;
}

function leafRow(
  now: State,
  base: State,
  isCompared: boolean,
  pointer: string,
  key: string,
  depth: number,
  typeOf: TypeOf,
): StateRow {
  const leaf = now.get(pointer) ?? base.get(pointer);
  const mark = isCompared ? markOf(now, base, pointer) : 'same';
  return {
    ...emptyRow(pointer, key, depth),
    mark,
    value: leaf?.literal ?? '',
    before: mark === 'changed' ? (base.get(pointer)?.literal ?? '') : '',
    changedMoment: leaf?.changed ?? 0,
    changedVersion: leaf && leaf.changed > 0 ? `${leaf.changed}` : '',
    changedType: leaf && leaf.changed > 0 ? typeOf(leaf.changed) : '',
    wroteMoment: leaf?.wrote ?? 0,
    wroteVersion: leaf && leaf.wrote > 0 ? `${leaf.wrote}` : '',
  };
}

function blamedRow(row: StateRow): StateRow {
  if (row.changedMoment === 0) return row;
  const line = 20 + ([...row.pointer].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 90);
  return { ...row, actor: `worker-${row.changedMoment % 9}`, line: `versions/1.1.0/reducer.yaml:${line}` };
}

function emptyRow(pointer: string, key: string, depth: number): StateRow {
  const kind: RowKind = 'leaf';
  return {
    ...{ pointer, key, depth, kind, mark: 'same', canOpen: false, isOpen: false, value: '', before: '' },
    ...{ isRedacted: false, isRepeated: false },
    ...{ changedMoment: 0, changedVersion: '', changedType: '', wroteMoment: 0, wroteVersion: '' },
    ...{ movedFrom: '', changedAt: '', actor: '', line: '' },
  };
}

function centsOf(literal: string): bigint {
  return BigInt(literal.replace('.', ''));
}

function money(cents: bigint): string {
  const digits = `${cents < 0n ? -cents : cents}`.padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
