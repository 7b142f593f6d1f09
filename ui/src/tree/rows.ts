// What all trees of a state have in common in a row: its sign, how it folds, which event wrote it.

import type { StateFrame, StateRow } from '../backend/frames';
import { placeText } from '../base/format';
import { cell, mark, write } from '../list/grid';
import { S } from '../strings';

export interface TreeNodes {
  sign: Text;
  fold: HTMLElement;
  blame: Text;
  blameElement: HTMLElement;
  depth: number;
}

const SIGNS = { same: '', added: '+', changed: '~', removed: '−', moved: '↦' } as const;

/** A cell that is called `name` and begins with the mark that folds. */
export function foldingCell(row: HTMLElement, name: string): { cell: HTMLElement; fold: HTMLElement } {
  const folding = document.createElement('span');
  folding.className = name;
  folding.setAttribute('role', 'gridcell');
  row.append(folding);
  const fold = document.createElement('span');
  fold.className = 'fold';
  folding.append(fold);
  return { cell: folding, fold };
}

/** The last cell of a row: where it was written last. */
export function blameCell(row: HTMLElement): Pick<TreeNodes, 'blame' | 'blameElement'> {
  const blame = cell(row, 'blame');
  return { blame, blameElement: blame.parentElement ?? row };
}

export function rowAt(frame: StateFrame | null, index: number): StateRow | undefined {
  return frame?.rows[index - frame.firstRow];
}

/** Paints what all trees show alike; without an item a row that is not there yet. */
export function paintTreeRow(nodes: TreeNodes, item: StateRow | undefined, row: HTMLElement, isActive: boolean): void {
  const look = item ? `row ${item.mark} ${item.kind}${item.isRedacted ? ' redacted' : ''}` : 'row blank';
  mark(row, 'class', isActive ? `${look} active` : look);
  mark(row, 'aria-selected', `${isActive}`);
  mark(row, 'data-path', item?.pointer ?? null);
  write(nodes.sign, item ? SIGNS[item.mark] : '');
  write(nodes.blame, item && item.changedVersion !== '' ? placeText(item.changedVersion) : '');
  mark(nodes.fold, 'class', item?.canOpen ? (item.isOpen ? 'fold open' : 'fold shut') : 'fold');
  if (!item) return;
  if (nodes.depth !== item.depth) row.style.setProperty('--depth', `${item.depth}`);
  nodes.depth = item.depth;
  mark(row, 'aria-level', `${item.depth + 1}`);
  mark(row, 'aria-expanded', item.canOpen ? `${item.isOpen}` : null);
  const goTo = item.changedMoment > 0 ? S.inspector.goTo(placeText(item.changedVersion)) : '';
  mark(nodes.blameElement, 'title', goTo);
}
