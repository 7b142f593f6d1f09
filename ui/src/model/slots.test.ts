import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import { FAILURE, Slots, SLOTS } from './slots';

const NAMES = [
  ...['OrderPlaced', 'ItemAdded', 'ItemRemoved', 'DiscountApplied', 'PaymentAuthorised', 'PaymentCaptured'],
  ...['PaymentFailed', 'OrderShipped', 'OrderDelivered', 'ReturnRequested', 'RefundIssued', 'AddressChanged'],
];

function slotsOf(names: readonly string[]): Slots {
  const slots = new Slots();
  slots.give(names);
  return slots;
}

it('gives eight names a slot each, and all others the one after them', () => {
  const slots = slotsOf(NAMES);
  expect(new Set(NAMES.slice(0, SLOTS).map((name) => slots.of(name))).size).toBe(SLOTS);
  expect(NAMES.slice(SLOTS).map((name) => slots.of(name))).toEqual([8, 8, 8, 8]);
  expect(slots.of('Unheard')).toBe(8);
});

it('depends on names, never on which of them are frequent', () => {
  const next = randomFrom(4711);
  for (let round = 0; round < 200; round += 1) {
    const names = NAMES.slice(0, 1 + Math.floor(next() * SLOTS));
    const shuffled = names.toSorted(() => next() - 0.5);
    const [one, other] = [slotsOf(names), slotsOf(shuffled)];
    expect(
      names.map((name) => other.of(name)),
      shuffled.join(),
    ).toEqual(names.map((name) => one.of(name)));
  }
});

it('gives a name alone what it has among others, unless another one wants the same', () => {
  const all = slotsOf(NAMES.slice(0, SLOTS));
  const alone = (name: string) => slotsOf([name]).of(name);
  for (const name of NAMES.slice(0, SLOTS)) {
    const rivals = NAMES.slice(0, SLOTS).filter((other) => other !== name && alone(other) === alone(name));
    if (rivals.every((other) => other > name)) expect(all.of(name), name).toBe(alone(name));
  }
});

it('leaves a name the slot that it has when others come', () => {
  const slots = slotsOf(NAMES.slice(0, 3));
  const before = NAMES.slice(0, 3).map((name) => slots.of(name));
  slots.give(['Aaa', ...NAMES]);
  expect(NAMES.slice(0, 3).map((name) => slots.of(name))).toEqual(before);
});

it('keeps the red cross for the most frequent of what failed, and for nothing else', () => {
  const sound = Array.from({ length: 40 }, (_, at) => `Thing${at}Done`);
  const slots = slotsOf([...sound, 'OrderRejected', 'OrderCancelled']);
  expect([...sound, 'OrderRejected', 'OrderCancelled'].filter((name) => slots.of(name) === FAILURE)).toEqual([
    'OrderRejected',
  ]);
  expect(sound.filter((name) => slots.of(name) < SLOTS)).toEqual(sound.slice(0, SLOTS - 1));
  const named = ['TerroristScreened', 'Unfailing', 'payment_failed', 'PAYMENT.FAILED', 'ErrorSeen', 'OrderCANCELLED'];
  expect(named.filter((name) => slotsOf([name]).of(name) === FAILURE)).toEqual(named.slice(2));
  const late = slotsOf(sound);
  late.give(['PaymentFailed']);
  expect(late.of('PaymentFailed')).toBe(FAILURE);
});
