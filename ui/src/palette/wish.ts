// What a text in the palette asks for. Pure.

import { looksLikeLink } from '../place/link';

export type Mode = 'all' | 'streams' | 'types' | 'moments' | 'commands' | 'filter' | 'help' | 'link' | 'path';

export interface Wish {
  mode: Mode;
  /** Without the prefix. */
  text: string;
}

const PREFIXES: Record<string, Mode> = {
  '>': 'commands',
  '#': 'streams',
  '@': 'types',
  ':': 'moments',
  '=': 'filter',
  '?': 'help',
};

export function wishOf(input: string): Wish {
  const text = input.trim();
  if (looksLikeLink(text)) return { mode: 'link', text };
  const mode = PREFIXES[text.slice(0, 1)];
  if (mode) return { mode, text: text.slice(1).trim() };
  return { mode: looksLikePath(text) ? 'path' : 'all', text };
}

/** Cursor texts that a wish may mean, in the order in which they are offered. */
export function cursorsOf({ mode, text }: Wish): string[] {
  const isBare = /^\d+$/.test(text);
  switch (mode) {
    case 'moments':
      if (text === '' || rangeOf(text)) return [];
      return isBare ? [`v${text}`, `#${text}`] : [text];
    case 'streams':
      // `#4711` is a part of an id and a position.
      return isBare ? [`#${text}`] : [];
    case 'all':
      if (isBare) return [`v${text}`, `#${text}`];
      return looksLikeMoment(text) ? [text] : [];
    default:
      return [];
  }
}

/** `v3..v9`, `2026-08-03..-2h`: B and A; `null` when the text is no range. */
export function rangeOf(text: string): { from: string; to: string } | null {
  const [from, to, more] = text.split('..').map((part) => part.trim());
  if (!from || !to || more !== undefined) return null;
  const cursor = (part: string) => (/^\d+$/.test(part) ? `v${part}` : part);
  return { from: cursor(from), to: cursor(to) };
}

/** Whether a text could be a cursor: a version, a position, a time, a relative time, an end. */
export function looksLikeMoment(text: string): boolean {
  return /^(v\d+|#\d+|\d{4}-\d\d.*|-\d+[smhdw]|start|head)$/i.test(text.trim());
}

/** The names that an expression such as `type:Pay*, Order*` chooses; signs other than `*` stand for themselves. */
export function chosenBy(expression: string, names: readonly string[]): string[] {
  const patterns = expression
    .split(',')
    .map((part) => part.trim().replace(/^type:\s*/i, ''))
    .filter((part) => part !== '')
    .map((part) => {
      const parts = part.split('*').map((literal) => literal.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
      // Without a star a part of the name is enough.
      return part.includes('*') ? new RegExp(`^${parts.join('.*')}$`, 'i') : new RegExp(parts.join(''), 'i');
    });
  return names.filter((name) => patterns.some((pattern) => pattern.test(name)));
}

function looksLikePath(text: string): boolean {
  return /^(\/|\.{1,2}\/|[a-z]:[\\/])./i.test(text);
}
