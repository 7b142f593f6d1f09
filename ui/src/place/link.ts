// A place as text that can be sent and pasted: `refold://orders.db/Order/order-4711@734201?b=734198&tab=diff`. A store
// is told by its name, not by its path: a path holds the names of people and machines. Pure.

import type { ComparedPreset } from '../backend/bindings';
import { bigFromText, floatFromBig } from '../base/exact';

export interface Link {
  /** Name of the store: that of its file. */
  store: string;
  /** `null`: the whole store. */
  stream: string | null;
  /** `null` where the link does not say it. */
  category: string | null;
  /** Cursor text of A: `v734201`, `start`; `null`: the head. */
  at: string | null;
  /** Cursor text of B. */
  base: string | null;
  /** Tab of the inspector. */
  lens: string | null;
  /** Streams on lanes, where the scope is the whole store; `null`: none. */
  lanes: LanesLink | null;
  /** What stands beside the stream; `null`: nothing. `base` is the moment of that side then. */
  compare: CompareLink | null;
}

export interface CompareLink {
  preset: ComparedPreset;
  /** The stream of the other side; `null`: the same. */
  stream: string | null;
  /** Handlers as `name@version`, for a path holds the names of people and machines; `null`: what fits the category. */
  handler: string | null;
  against: string | null;
  ignoresOrder: boolean;
}

export interface LanesLink {
  streams: string[];
  clock: 'recorded' | 'occurred';
  /** Index of the stream whose state shows. */
  chosen: number;
  /** The instant of their cursor, RFC 3339; `null` where the link does not say it. */
  at: string | null;
}

const SCHEME = 'refold://';
const PRESETS: readonly ComparedPreset[] = ['points', 'aggregates', 'handlers'];

export function looksLikeLink(text: string): boolean {
  return text.trim().toLowerCase().startsWith(SCHEME);
}

export function linkText({ store, stream, category, at, base, lens, lanes, compare }: Link): string {
  if (stream === null) return `${SCHEME}${written(store)}${lanes === null ? '' : `?${lanesText(lanes)}`}`;
  const path = [store, category ?? '', stream].map(written).join('/');
  const asked = [base === null ? '' : `b=${versionOf(base)}`, lens === null ? '' : `tab=${written(lens)}`];
  if (compare !== null) asked.push(...compareTexts(compare));
  const query = asked.filter(Boolean).join('&');
  return `${SCHEME}${path}${at === null ? '' : `@${versionOf(at)}`}${query === '' ? '' : `?${query}`}`;
}

/** `null` when the text is no link that can be followed. */
export function readLink(text: string): Link | null {
  const trimmed = text.trim();
  if (!looksLikeLink(trimmed)) return null;
  const [path = '', query = ''] = halves(trimmed.slice(SCHEME.length), trimmed.indexOf('?') - SCHEME.length);
  const at = path.lastIndexOf('@');
  const [place, moment] = at > path.lastIndexOf('/') ? halves(path, at) : [path, ''];
  const parts = place.replace(/\/$/, '').split('/').map(readText);
  const [store, second, third] = parts;
  if (store === undefined || store === null || store === '' || parts.length > 3) return null;
  if (second === null || third === null || third === '') return null;
  const asked = new URLSearchParams(query);
  const stream = third ?? second ?? null;
  return {
    store,
    stream,
    category: third === undefined || second === undefined || second === '' ? null : second,
    at: stream === null || moment === '' ? null : cursorOf(readText(moment) ?? moment),
    base: stream === null ? null : emptyIsNull(asked.get('b'), cursorOf),
    lens: stream === null ? null : emptyIsNull(asked.get('tab'), (tab) => tab),
    lanes: stream === null ? readLanes(asked) : null,
    compare: stream === null ? null : readCompare(asked),
  };
}

function compareTexts({ preset, stream, handler, against, ignoresOrder }: CompareLink): string[] {
  const named = Object.entries({ compare: preset, with: stream, handler, against });
  const parts = named.flatMap(([name, value]) => (value === null ? [] : [`${name}=${written(value)}`]));
  return ignoresOrder ? [...parts, 'order=any'] : parts;
}

function readCompare(asked: URLSearchParams): CompareLink | null {
  const preset = PRESETS.find((one) => one === asked.get('compare'));
  if (preset === undefined) return null;
  const [stream, handler, against] = ['with', 'handler', 'against'].map((name) =>
    emptyIsNull(asked.get(name), (text) => text),
  );
  return {
    ...{ preset, stream: stream ?? null, handler: handler ?? null, against: against ?? null },
    ignoresOrder: asked.get('order') === 'any',
  };
}

function lanesText({ streams, clock, chosen, at }: LanesLink): string {
  const parts = streams.map((stream) => `lane=${written(stream)}`);
  parts.push(`clock=${clock}`, `chosen=${chosen + 1}`);
  if (at !== null) parts.push(`at=${written(at)}`);
  return parts.join('&');
}

function readLanes(asked: URLSearchParams): LanesLink | null {
  const streams = asked.getAll('lane').filter((stream) => stream !== '');
  if (streams.length === 0) return null;
  const chosen = floatFromBig(bigFromText(asked.get('chosen') ?? '') ?? 1n);
  return {
    streams,
    clock: asked.get('clock') === 'occurred' ? 'occurred' : 'recorded',
    chosen: Math.min(streams.length, Math.max(1, chosen)) - 1,
    at: emptyIsNull(asked.get('at'), (at) => at),
  };
}

// A bare number in a link is a version: what links are mostly of.
function cursorOf(text: string): string {
  return /^\d+$/.test(text) ? `v${text}` : text;
}

function versionOf(cursor: string): string {
  return written(cursor.replace(/^v(?=\d)/, ''));
}

function emptyIsNull(text: string | null, read: (text: string) => string): string | null {
  return text === null || text === '' ? null : read(text);
}

function halves(text: string, at: number): [string, string] {
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

// Letters, digits and signs that mean nothing here stay readable; all other are percent-encoded.
function written(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%7C', '|');
}

function readText(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // A `%` that encodes nothing.
    return null;
  }
}
