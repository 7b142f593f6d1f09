// What a text in the omnibox asks for. Pure.

export type Mode = 'all' | 'streams' | 'moments' | 'commands' | 'help';

export interface Wish {
  mode: Mode;
  /** Without the prefix. */
  text: string;
}

const PREFIXES: Record<string, Mode> = { '#': 'streams', ':': 'moments', '>': 'commands', '?': 'help' };

export function wishOf(input: string): Wish {
  const lead = input.trimStart();
  const mode = PREFIXES[lead.slice(0, 1)];
  // `#4711` is a position too: with digits alone both are offered.
  return mode ? { mode, text: lead.slice(1).trim() } : { mode: 'all', text: lead.trim() };
}

/** Whether a text could be a cursor: a version, a position, a time, a relative time, an end. */
export function looksLikeMoment(text: string): boolean {
  return /^(v\d+|#\d+|\d{4}-\d\d.*|-\d+[smhdw]|start|head)$/i.test(text.trim());
}

/** How well a title answers a text: words that begin with it first, then words that hold it; `null` when neither. */
export function titleRank(title: string, text: string): number | null {
  const wanted = text.toLowerCase();
  const words = title.toLowerCase();
  if (wanted === '') return 0;
  if (words.startsWith(wanted)) return 0;
  if (words.split(/\W+/).some((word) => word.startsWith(wanted))) return 1;
  return words.includes(wanted) ? 2 : null;
}
