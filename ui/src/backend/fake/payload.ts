// Payloads of the in-memory twin: small trees, and one that cannot be read.

import type { Backend } from '../backend';
import type { EventDetail, HexPage, MaskState, PayloadHit, PayloadQuery, PayloadView } from '../bindings';

export type PayloadBackend = Pick<
  Backend,
  'payloadView' | 'payloadHex' | 'findInPayload' | 'savePayload' | 'maskState' | 'reveal' | 'conceal'
>;

/** A twin that answers for payloads too, out of the details of its events. No masking rule holds in it. */
export function withPayloads<Rest extends Pick<Backend, 'eventDetail'>>(twin: Rest): Rest & PayloadBackend {
  const looked = (history: number, { moment }: PayloadQuery) => twin.eventDetail(history, moment);
  const hidden: MaskState = { hasRules: false, revealed: [] };
  const answers: PayloadBackend = {
    payloadView: async (history, query) => payloadView(await looked(history, query)),
    payloadHex: async (history, query, first, count) => payloadHex(await looked(history, query), first, count),
    findInPayload: async (history, query, text, after) => findInPayload(await looked(history, query), text, after),
    savePayload: async () => null,
    maskState: async () => hidden,
    reveal: async () => hidden,
    conceal: async () => hidden,
  };
  return Object.assign(twin, answers);
}

function payloadView(detail: EventDetail): PayloadView {
  const isBroken = detail.undecodable !== null;
  return {
    kind: isBroken ? 'undecodable' : 'tree',
    size: `${detail.payloadBytes} B`,
    byteCount: detail.payloadBytes,
    sha256: detail.payloadSha256,
    looksLike: isBroken ? 'text' : 'JSON',
    beginning: null,
    fault: isBroken ? { codec: 'JSON', offset: '112', reason: 'the text ends inside a string' } : null,
    isRedacted: false,
  };
}

function payloadHex(detail: EventDetail, first: number, count: number): HexPage {
  const bytes = new TextEncoder().encode(textOf(detail));
  const total = Math.ceil(bytes.length / BYTES_PER_ROW);
  const rows = Array.from({ length: Math.max(0, Math.min(count, total - first)) }, (_, at) => {
    const start = (first + at) * BYTES_PER_ROW;
    const row = [...bytes.slice(start, start + BYTES_PER_ROW)];
    return {
      offset: start.toString(16).padStart(8, '0'),
      hex: row.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      text: row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join(''),
    };
  });
  return { total, rows };
}

/** In the bytes of a payload that cannot be read. */
function findInPayload(detail: EventDetail, text: string, after: number): PayloadHit | null {
  const whole = textOf(detail);
  const places: number[] = [];
  for (let at = whole.indexOf(text); at >= 0 && text !== ''; at = whole.indexOf(text, at + text.length))
    places.push(at);
  if (places.length === 0) return null;
  const next = after < places.length ? after : 0;
  return { row: Math.floor((places[next] ?? 0) / BYTES_PER_ROW), place: next + 1, total: places.length };
}

const BYTES_PER_ROW = 16;

function textOf(detail: EventDetail): string {
  return detail.raw.find((column) => column.name === 'message_data')?.text ?? '';
}
