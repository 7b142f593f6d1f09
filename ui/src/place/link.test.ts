import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import { linkText, looksLikeLink, readLink, type Link } from './link';

const HERE: Link = {
  ...{ store: 'orders.db', stream: 'order-4711', category: 'Order' },
  ...{ at: 'v734201', base: null, lens: null, lanes: null, compare: null },
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
      lanes: null,
      compare:
        random(2) === 0
          ? null
          : {
              preset: (['points', 'aggregates', 'handlers'] as const)[random(3)] ?? 'points',
              ...{ stream: random(2) === 0 ? null : text(), handler: random(2) === 0 ? null : text() },
              ...{ against: random(2) === 0 ? null : text(), ignoresOrder: random(2) === 0 },
            },
    };
    expect(readLink(linkText(link)), JSON.stringify(link)).toEqual(link);
  }
});

it('names the streams on lanes, of any characters', () => {
  const store: Link = {
    store: 'orders.db',
    stream: null,
    category: null,
    at: null,
    base: null,
    lens: null,
    lanes: null,
    compare: null,
  };
  const lanes = {
    streams: ['order-1', 'a&b=c?#%/ä'],
    clock: 'occurred',
    chosen: 1,
    at: '2026-08-14T09:31:07.5Z',
  } as const;
  const link: Link = { ...store, lanes: { ...lanes, streams: [...lanes.streams] } };
  expect(linkText(link)).toBe(
    'refold://orders.db?lane=order-1&lane=a%26b%3Dc%3F%23%25%2F%C3%A4&clock=occurred&chosen=2&at=2026-08-14T09:31:07.5Z',
  );
  expect(readLink(linkText(link))).toEqual(link);
  expect(readLink('refold://orders.db?lane=order-1&chosen=9')?.lanes).toEqual({
    ...{ streams: ['order-1'], clock: 'recorded', chosen: 0, at: null },
  });
});

it('writes a comparison as a person would', () => {
  const compare = {
    preset: 'handlers',
    stream: null,
    handler: 'order@1.1.0',
    against: 'order@1.0.0',
    ignoresOrder: true,
  };
  const link: Link = { ...HERE, base: 'v9', compare: { ...compare, preset: 'handlers' } };
  expect(linkText(link)).toBe(
    'refold://orders.db/Order/order-4711@734201?b=9&compare=handlers&handler=order%401.1.0&against=order%401.0.0&order=any',
  );
  expect(readLink(linkText(link))).toEqual(link);
  expect(readLink('refold://orders.db/order-4711?compare=colours')?.compare).toBeNull();
});
