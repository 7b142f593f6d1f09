// Which words of a ruler are written, and where: no two over each other, the date of each stretch first, then what is
// folded, then ticks. What a word says depends on the one before it: a year stands wherever it is another. Pure.

import { approximateText } from '../base/instant';
import { S } from '../strings';
import type { Tick } from './axis';
import type { FoldMark, Projection } from './projection';
import { saidText, type Said } from './said';
import type { Ruler, Stretch } from './ticks';

/** Pixels from a tick to its word. */
const BESIDE = 4;
const FEWEST_BETWEEN_WORDS = 4;
const FEWEST_BETWEEN_TICKS = 10;

export interface RulerWord {
  text: string;
  /** Pixels from the left edge. */
  left: number;
  of: 'fold' | 'tick' | 'stretch';
  /** The tick that it says, in pixels; `null`: it is said of more than a place. */
  x: number | null;
}

/** `reserved`: pixels at the right end that something else stands on. */
export function wordsOf(
  { ticks, stretches, known, zone }: Pick<Ruler, 'ticks' | 'stretches' | 'known' | 'zone'>,
  view: Projection,
  reserved: number,
  widthOf: (text: string) => number,
): RulerWord[] {
  const most = view.width - reserved;
  const taken: { from: number; to: number }[] = [];
  const words: RulerWord[] = [];
  /** What is said, and where. */
  const read: { left: number; said: Said }[] = [];

  const write = (word: RulerWord, between: number): boolean => {
    const right = word.left + widthOf(word.text);
    const isOver = taken.some(({ from, to }) => word.left < to && right > from);
    if (isOver || word.left < 0 || right > most) return false;
    taken.push({ from: word.left - between, to: right + between });
    words.push(word);
    return true;
  };
  const textAt = (left: number, said: Said): string => {
    const before = read.filter((one) => one.left < left).toSorted((a, b) => a.left - b.left);
    return saidText(said, before.at(-1)?.said ?? known, zone.format);
  };
  const writeTick = ({ x, text, said }: Tick, between: number): boolean => {
    const left = Math.round(x) + BESIDE;
    const isWritten = write({ text: said ? textAt(left, said) : text, left, of: 'tick', x }, between);
    if (isWritten && said) read.push({ left, said });
    return isWritten;
  };
  const writeStretch = ({ from, to, starts, inside }: Stretch): void => {
    if (starts.some((tick) => writeTick(tick, FEWEST_BETWEEN_WORDS)) || !inside) return;
    const text = textAt(from, inside);
    const width = widthOf(text);
    const left = Math.min(Math.max(from, (from + Math.min(to, most) - width) / 2), most - width);
    if (write({ text, left, of: 'stretch', x: null }, FEWEST_BETWEEN_WORDS)) read.push({ left, said: inside });
  };
  const writeFold = ({ fold, left, right }: FoldMark): void => {
    const length = approximateText(fold.gap);
    const middle = (left + right) / 2;
    const from = Math.max(0, ...taken.filter(({ to }) => to <= middle).map(({ to }) => to));
    const to = Math.min(most, ...taken.filter(({ from }) => from >= middle).map(({ from }) => from));
    for (const text of [S.scrubber.gap(length), length]) {
      const width = widthOf(text);
      // A little beside its fold is better than nowhere.
      const place = Math.min(to - width, Math.max(from, middle - width / 2));
      const isBeside = place <= right && place + width >= left;
      if (isBeside && write({ text, left: place, of: 'fold', x: null }, FEWEST_BETWEEN_WORDS)) return;
    }
  };

  for (const stretch of stretches) writeStretch(stretch);
  for (const mark of view.marks()) writeFold(mark);
  for (const tick of ticks) writeTick(tick, FEWEST_BETWEEN_TICKS);
  return words;
}
