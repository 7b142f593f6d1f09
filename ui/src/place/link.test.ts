import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import { linkText, looksLikeLink, readLink, type Link } from './link';

const HERE: Link = {
  ...{ store: 'orders.db', stream: 'order-4711', category: 'Order' },
  ...{ at: 'v734201', base: null, lens: null },
};

it('writes a place as a person would', () => {
  expect(linkText(HERE)).toBe('refold://orders.db/Order/order-4711@734201');
  expect(linkText({ ...HERE, base: 'v9', lens: 'diff' })).toBe(
    'refold://orders.db/Order/order-4711@734201?b=9&tab=diff',
  );
  expect(linkText({ ...HERE, at: 'start', category: null })).toBe('refold://orders.db//order-4711@start');
  expect(linkText({ ...HERE, stream: null })).toBe('refold://orders.db');
});

it('reads what people write', () => {
  expect(readLink(' refold://orders.db/Order/order-4711@734201 ')).toEqual(HERE);
  expect(readLink('refold://orders.db/order-4711')).toEqual({ ...HERE, category: null, at: null });
  expect(readLink('refold://orders.db/')).toMatchObject({ store: 'orders.db', stream: null, at: null });
  expect(readLink('refold://orders.db/Order/a@b@7')).toMatchObject({ stream: 'a@b', at: 'v7' });
  expect(readLink('refold://orders.db/Order/x@2026-08-03T14:00:00Z')).toMatchObject({ at: '2026-08-03T14:00:00Z' });
  expect(readLink('REFOLD://orders.db/Order/x?tab=blame')).toMatchObject({ lens: 'blame', at: null });
});

it('refuses what it cannot read', () => {
  for (const text of ['', 'order-4711', 'https://orders.db/x', 'refold://', 'refold:///x', 'refold://a/b/c/d/e']) {
    expect(readLink(text), text).toBeNull();
  }
  expect(readLink('refold://a/%zz')).toBeNull();
  expect(looksLikeLink('refold://a/%zz')).toBe(true);
});

it('comes back from text as it went, for ids of any characters', () => {
  const next = randomFrom(20_260_803);
  const random = (below: number) => Math.floor(next() * below);
  const signs = [...'aZ09-_:/@?#%&=|. äß漢🛒\n"\'<>'];
  const text = () => Array.from({ length: 1 + random(8) }, () => signs[random(signs.length)] ?? 'x').join('');
  for (let round = 0; round < 2_000; round += 1) {
    const link: Link = {
      ...{ store: text(), stream: text(), category: random(3) === 0 ? null : text() },
      at: [null, 'start', `v${random(1_000_000)}`, '2026-08-03T14:00:00.123456789Z'][random(4)] ?? null,
      base: random(2) === 0 ? null : `v${random(99)}`,
      lens: random(2) === 0 ? null : 'diff',
    };
    expect(readLink(linkText(link)), JSON.stringify(link)).toEqual(link);
  }
});
