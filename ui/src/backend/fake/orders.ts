// The events of the twin's shop: a pure function of a seed and a number of events. Literals are text from the start,
// as they are in a real store.

export interface FakeEvents {
  /** Stream ordinal by position (0-based). */
  streams: Uint32Array;
  /** Version in its stream by position, from 1. */
  versions: Uint32Array;
  /** Ordinal in `TYPES` by position. */
  types: Uint8Array;
  /** Milliseconds since 1970 by position, never falling. */
  times: Float64Array;
  ids: string[];
  /** Streams are of one after the other. */
  categories: readonly string[];
  /** Positions of each stream's events, in version order. */
  ofStream: Uint32Array[];
}

export const TYPES = [
  'ItemAdded',
  'PaymentAuthorised',
  'PaymentCaptured',
  'OrderPlaced',
  'OrderShipped',
  'OrderDelivered',
  'ItemRemoved',
  'PaymentFailed',
  'DiscountApplied',
  'AddressChanged',
  'ReturnRequested',
  'OrderReturned',
  'RefundIssued',
  'OrderCancelled',
  'LoyaltyPointsGranted',
] as const;

export type TypeName = (typeof TYPES)[number];

/** Members of a payload as literals, in order. */
export type Payload = [key: string, literal: string][];

export const UNDECODABLE = { stream: 'order-4713', version: 3 };

const DAY_MILLIS = 86_400_000;
const START_MILLIS = 1_780_358_400_000; // 2026-06-02T00:00:00Z
const PLEASANT: TypeName[] = [
  'OrderPlaced',
  'ItemAdded',
  'ItemAdded',
  'ItemRemoved',
  'DiscountApplied',
  'PaymentFailed',
  'PaymentFailed',
  'PaymentAuthorised',
  'PaymentCaptured',
  'OrderShipped',
  'OrderDelivered',
  'ReturnRequested',
  'OrderReturned',
  'RefundIssued',
  'AddressChanged',
];
const COMMON: TypeName[] = [
  'OrderPlaced',
  'ItemAdded',
  'ItemAdded',
  'PaymentAuthorised',
  'PaymentCaptured',
  'OrderShipped',
  'OrderDelivered',
];
const GIANT: TypeName[] = [
  ...['ItemAdded', 'ItemAdded', 'ItemAdded', 'ItemAdded', 'ItemRemoved', 'PaymentAuthorised'],
  ...['PaymentCaptured', 'PaymentCaptured', 'OrderShipped', 'DiscountApplied', 'PaymentFailed', 'AddressChanged'],
] as TypeName[];

/** A number from 0 to 1 that depends on its arguments alone. */
export function dice(seed: number, a: number, b: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(a + 1, 0xc2b2ae35) ^ Math.imul(b + 1, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4_294_967_296;
}

export function makeEvents(seed: number, count: number, categories: readonly string[] = ['order']): FakeEvents {
  const plan = lengths(seed, count);
  const total = plan.reduce((sum, length) => sum + length, 0);
  const times = new Float64Array(total);
  const streams = new Uint32Array(total);
  const versions = new Uint32Array(total);
  let at = 0;
  plan.forEach((length, stream) => {
    for (let k = 0; k < length; k += 1, at += 1) {
      times[at] = timeOf(seed, stream, k, length);
      streams[at] = stream;
      versions[at] = k + 1;
    }
  });
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  order.sort((x, y) => (times[x] ?? 0) - (times[y] ?? 0) || x - y);
  const events: FakeEvents = {
    streams: order.map((i) => streams[i] ?? 0),
    versions: order.map((i) => versions[i] ?? 0),
    types: new Uint8Array(total),
    times: Float64Array.from(order, (i) => times[i] ?? 0),
    ids: plan.map((_, stream) => `order-${4711 + stream}`),
    categories,
    ofStream: plan.map((length) => new Uint32Array(length)),
  };
  for (let position = 0; position < total; position += 1) {
    const stream = events.streams[position] ?? 0;
    const version = events.versions[position] ?? 1;
    events.types[position] = TYPES.indexOf(typeOf(seed, stream, version));
    const own = events.ofStream[stream];
    if (own) own[version - 1] = position;
  }
  return events;
}

export function categoryOf({ categories }: FakeEvents, stream: number): string {
  return categories[stream % categories.length] ?? '';
}

export function payloadOf(seed: number, stream: number, version: number, type: TypeName): Payload {
  const orderId = `${9_007_199_254_740_993n + 2n * BigInt(4711 + stream)}`;
  const sku = `SKU-${`${Math.floor(dice(seed, stream, version * 7) * 12) + 120}`.padStart(5, '0')}`;
  const qty = `${1 + Math.floor(dice(seed, stream, version * 11) * 4)}`;
  const price = `${3 + Math.floor(dice(seed, stream, version * 13) * 90)}.${version % 2 ? '50' : '95'}`;
  const lead: Payload = [['orderId', orderId]];
  const body = ((): Payload => {
    switch (type) {
      case 'OrderPlaced':
        return [
          ['customerId', `"C-${104_711 + stream}"`],
          ['currency', '"EUR"'],
          ['email', '"ada.keller@example.org"'],
        ];
      case 'ItemAdded':
        return [
          ['sku', `"${sku}"`],
          ['qty', qty],
          ['price', price],
        ];
      case 'ItemRemoved':
        return [
          ['sku', `"${sku}"`],
          ['qty', '1'],
          ['price', price],
        ];
      case 'DiscountApplied':
        return [
          ['code', '"SUMMER10"'],
          ['amount', '5.00'],
        ];
      case 'PaymentFailed':
        return [
          ['paymentId', `"pay-${stream}-${version}"`],
          ['attempt', `${1 + (version % 3)}`],
          ['amount', price],
          ['reason', '"insufficient_funds"'],
        ];
      case 'PaymentAuthorised':
      case 'PaymentCaptured':
        return [
          ['paymentId', `"pay-${stream}-${version}"`],
          ['amount', price],
        ];
      case 'OrderShipped':
        return [
          ['carrier', '"DHL"'],
          ['trackingNumber', `${9_007_199_254_740_993n + BigInt(version)}`],
        ];
      case 'OrderDelivered':
        return [['signedBy', 'null']];
      case 'RefundIssued':
        return [['amount', '12.50']];
      case 'AddressChanged':
        return [['city', version % 2 ? '"Leipzig"' : '"Graz"']];
      case 'LoyaltyPointsGranted':
        return [['points', '120']];
      case 'ReturnRequested':
      case 'OrderReturned':
        return [
          ['returnId', `"ret-${stream}"`],
          ['sku', `"${sku}"`],
        ];
      case 'OrderCancelled':
        return [['reason', '"customer"']];
    }
  })();
  return [...lead, ...body];
}

function lengths(seed: number, count: number): number[] {
  if (count <= 0) return [];
  if (count === 1) return [1];
  const plan = [PLEASANT.length, Math.max(3, Math.floor(count * 0.6)), 7, 5];
  let left = count - plan.reduce((sum, length) => sum + length, 0);
  for (let stream = plan.length; left > 0; stream += 1) {
    const length = Math.min(left, 3 + Math.floor(-Math.log(1 - dice(seed, stream, 3) * 0.999) * 5));
    plan.push(length);
    left -= length;
  }
  return plan;
}

function typeOf(seed: number, stream: number, version: number): TypeName {
  if (version === 1) return 'OrderPlaced';
  if (stream === 0) return PLEASANT[version - 1] ?? 'AddressChanged';
  if (stream === 1) return GIANT[Math.floor(dice(seed, stream, version) * GIANT.length)] ?? 'ItemAdded';
  if (stream === 2 && version === UNDECODABLE.version) return 'AddressChanged';
  if (stream === 3 && version === 4) return 'LoyaltyPointsGranted';
  if (dice(seed, stream, 77) > 0.96 && version === 3) return 'OrderCancelled';
  return COMMON[version - 1] ?? (['PaymentFailed', 'RefundIssued', 'ItemAdded'] as const)[version % 3] ?? 'ItemAdded';
}

function timeOf(seed: number, stream: number, k: number, length: number): number {
  if (stream === 0) return START_MILLIS + 60 * DAY_MILLIS + k * 0.8 * DAY_MILLIS + dice(seed, 0, k) * DAY_MILLIS * 0.3;
  if (stream === 1) {
    const share = (k + dice(seed, 1, k) * 0.9) / length;
    return START_MILLIS + Math.floor(wave(share) * 90 * DAY_MILLIS);
  }
  const start = START_MILLIS + wave(dice(seed, stream, 1)) * 78 * DAY_MILLIS;
  return Math.floor(start + k * 3_600_000 * (1 + 9 * dice(seed, stream, 2)) + dice(seed, stream, k + 9) * 3_000_000);
}

// Busy and quiet weeks, and three days on which the shop stood still.
function wave(share: number): number {
  const bent = share + Math.sin(share * 31) * 0.016 * (1 - share) + Math.sin(share * Math.PI) * 0.02;
  const whole = Math.min(1, Math.max(0, bent));
  return whole < 0.62 ? whole * 0.97 : 0.62 * 0.97 + 0.05 + (whole - 0.62) * ((1 - 0.62 * 0.97 - 0.05) / 0.38);
}
