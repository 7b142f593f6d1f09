// What a text in the palette asks for. Pure.

import { cursorOfTyped, isTypedTime } from '../base/typed_time';
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

/** Cursors that a wish may mean, in the order in which they are offered. A time alone is of the day of `on`. */
export function cursorsOf({ mode, text }: Wish, on: string | null = null): string[] {
  const digits = digitsOf(text);
  switch (mode) {
    case 'moments':
      if (text === '' || rangeOf(text)) return [];
      return digits !== null ? [`v${digits}`, `#${digits}`] : [cursorOfTyped(text, on)];
    case 'streams':
      // `#4711` is a part of an id and a position.
      return digits !== null ? [`#${digits}`] : [];
    case 'all':
      if (digits !== null) return [`v${digits}`, `#${digits}`];
      return looksLikeMoment(text) ? [cursorOfTyped(text, on)] : [];
    default:
      return [];
  }
}

/** `4,711` as `4711`; `null`: it is no number as it is typed or shown. */
export function digitsOf(text: string): string | null {
  return /^(\d+|\d{1,3}(,\d{3})+)$/.test(text) ? text.replaceAll(',', '') : null;
}

/** `v3..v9`, `2026-08-03..-2h`: B and A; `null` when the text is no range. */
export function rangeOf(text: string, on: string | null = null): { from: string; to: string } | null {
  const [from, to, more] = text.split('..').map((part) => part.trim());
  if (!from || !to || more !== undefined) return null;
  const cursor = (part: string) => {
    const digits = digitsOf(part);
    return digits === null ? cursorOfTyped(part, on) : `v${digits}`;
  };
  return { from: cursor(from), to: cursor(to) };
}

/** Whether a text could be a cursor: a version, a position, a time, a relative time, an end. */
export function looksLikeMoment(text: string): boolean {
  const isCursor = /^((v|#)\s?[\d,]+|\d{4}-\d\d.*|-\d+[smhdw]|start|head|now)$/i.test(text.trim());
  return isCursor || isTypedTime(text);
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
