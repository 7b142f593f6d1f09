// Which words of a ruler are written, and where: no two over each other, what is folded before ticks, ticks before days.
// A date or a year that goes with a word for which there is no room is said by the next one. Pure.

import { approximateText } from '../base/instant';
import { S } from '../strings';
import type { Projection } from './projection';
import type { Ruler } from './ticks';

/** Pixels from a tick to its word. */
const BESIDE = 4;
const FEWEST_BETWEEN_WORDS = 4;
const FEWEST_BETWEEN_TICKS = 10;

export interface RulerWord {
  text: string;
  /** Pixels from the left edge. */
  left: number;
  of: 'fold' | 'tick' | 'day';
}

/** `reserved`: pixels at the right end that something else stands on. */
export function wordsOf(
  { ticks, days }: Pick<Ruler, 'ticks' | 'days'>,
  view: Projection,
  reserved: number,
  widthOf: (text: string) => number,
): RulerWord[] {
  const most = view.width - reserved;
  const taken: { from: number; to: number }[] = [];
  const words: RulerWord[] = [];
  const write = (word: RulerWord, between: number): boolean => {
    const right = word.left + widthOf(word.text);
    const isOver = taken.some(({ from, to }) => word.left < to && right > from);
    if (isOver || word.left < 0 || right > most) return false;
    taken.push({ from: word.left - between, to: right + between });
    words.push(word);
    return true;
  };
  for (const { fold, left, right } of view.marks()) {
    const text = S.scrubber.gap(approximateText(fold.gap));
    const width = widthOf(text);
    const middle = Math.min(most - width, Math.max(0, (left + right - width) / 2));
    write({ text, left: middle, of: 'fold' }, FEWEST_BETWEEN_WORDS);
  }
  let isOwed = false;
  /** Where a year is said. */
  const years: number[] = [];
  const told = ticks.filter(({ x, text, whole = text }) => {
    const isWhole = isOwed || text === whole;
    const word = { text: isWhole ? whole : text, left: Math.round(x) + BESIDE, of: 'tick' as const };
    const isWritten = write(word, FEWEST_BETWEEN_TICKS);
    isOwed = isWhole && !isWritten;
    if (isWhole && isWritten) years.push(x);
    return isWritten;
  });
  for (const { from, to, text, whole } of days) {
    if (told.some(({ x }) => x >= from && x < to)) continue;
    const say = (text: string) =>
      write({ text, left: (from + to - widthOf(text)) / 2, of: 'day' }, FEWEST_BETWEEN_WORDS);
    const isKnown = years.some((x) => x < from);
    if (!isKnown && say(whole)) years.push(from);
    else say(text);
  }
  return words;
}
