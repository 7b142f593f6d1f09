import { expect, it } from 'vitest';
import {
  bytesText,
  countText,
  cursorOfEvent,
  cursorOfFinding,
  eventPlaceText,
  halvesOf,
  middleCut,
  percentText,
  placeText,
  typeCode,
} from './format';

it('separates thousands of counts and leaves other texts alone', () => {
  expect(countText(1_000_214)).toBe('1,000,214');
  expect(countText('9007199254740993')).toBe('9,007,199,254,740,993');
  expect(countText('a/b-1234')).toBe('a/b-1234');
  expect(countText(-1234n)).toBe('-1,234');
});

it('never says 100 % before the end', () => {
  expect(percentText(999_999, 1_000_000)).toBe('99 %');
  expect(percentText(1_000_000, 1_000_000)).toBe('100 %');
});

it('gives sizes a unit', () => {
  expect([bytesText(999), bytesText(48_200), bytesText(999_960)]).toEqual(['999 B', '48.2 kB', '999.9 kB']);
  // As the engine writes them, which rounds down.
  expect([bytesText(3_760_000), bytesText(65_536), bytesText(1_999_999)]).toEqual(['3.7 MB', '65.5 kB', '1.9 MB']);
});

it('cuts a text in its middle: which version it is stands at the end', () => {
  expect(middleCut('shop/handlers/order@1.1.0', 36)).toBe('shop/handlers/order@1.1.0');
  const cut = middleCut('shops/north/handlers/purchase/order@1.12.0-rc1', 36);
  expect([cut, cut.length]).toEqual(['shops/north…urchase/order@1.12.0-rc1', 36]);
});

it('makes two letters of a type', () => {
  expect(typeCode('LoyaltyPointsGranted')).toBe('LP');
  expect(typeCode('order_placed')).toBe('OR');
});

it('names an event by version, or by position where there is none', () => {
  expect(placeText('734201')).toBe('v 734,201');
  expect(placeText('#4711')).toBe('#4,711');
});

it('an event without a version is named by its position', () => {
  const [kept, bare] = [
    { version: '1234', position: '7' },
    { version: '', position: '4711' },
  ];
  expect([eventPlaceText(kept), cursorOfEvent(kept)]).toEqual(['v 1,234', 'v1234']);
  expect([eventPlaceText(bare), cursorOfEvent(bare)]).toEqual(['#4,711', '#4711']);
  expect([cursorOfFinding(kept), cursorOfFinding({ version: null, position: '4711' })]).toEqual(['v1234', '#4711']);
  expect(cursorOfFinding({ version: null, position: null })).toBe('');
});

it('keeps of a long id what stands behind its category', () => {
  expect(halvesOf('PurchaseOrderItem-4507027474_00010')).toEqual(['PurchaseOrderItem-', '4507027474_00010']);
  expect(halvesOf('order-550e8400-e29b-41d4-a716-446655440000')).toEqual([
    'order-550e8400-e29b-41d4-a716-4466',
    '55440000',
  ]);
  expect(halvesOf('order-4711')).toEqual(['order-4711', '']);
  expect(halvesOf('/srv/the-shop/handlers/order.toml')[1]).toBe('der.toml');
});
