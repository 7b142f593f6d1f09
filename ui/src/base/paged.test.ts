import { expect, it, vi } from 'vitest';
import { PagedRows } from './paged';

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

function pages(total: number) {
  const asked: number[] = [];
  const rows = new PagedRows<number>(
    async (offset, limit) => {
      asked.push(offset);
      const end = Math.min(total, offset + limit);
      return { total, matching: total, rows: Array.from({ length: Math.max(0, end - offset) }, (_, i) => offset + i) };
    },
    () => undefined,
    () => undefined,
  );
  return { rows, asked };
}

it('fetches what is wanted and nothing far from it', async () => {
  const { rows, asked } = pages(1_000_000);
  rows.want(700_000, 700_030);
  await settle();
  expect(rows.at(700_000)).toBe(700_000);
  expect(rows.at(700_029)).toBe(700_029);
  expect(asked.length).toBeLessThanOrEqual(4);
});

it('fetches few of the rows that rush past, and those where it comes to rest', async () => {
  vi.useFakeTimers();
  const { rows, asked } = pages(1_000_000);
  // A second of frames, each a thousand rows further.
  for (let frame = 0; frame < 60; frame += 1) {
    rows.want(frame * 1000, frame * 1000 + 30);
    await vi.advanceTimersByTimeAsync(16);
  }
  expect(asked.length).toBeLessThan(25);
  await vi.advanceTimersByTimeAsync(150);
  expect(rows.at(59_000)).toBe(59_000);
  expect(rows.at(59_029)).toBe(59_029);
  vi.useRealTimers();
});

it('forgets old pages', async () => {
  vi.useFakeTimers();
  const { rows } = pages(1_000_000);
  for (let first = 0; first < 100_000; first += 1000) {
    rows.want(first, first + 30);
    await vi.advanceTimersByTimeAsync(150);
  }
  vi.useRealTimers();
  expect(rows.at(0)).toBeUndefined();
  expect(rows.at(99_010)).toBe(99_010);
});

it('asks anew after a reset, also when nothing matched before', async () => {
  let total = 0;
  const rows = new PagedRows<number>(
    async (offset) => ({ total: 9, matching: total, rows: total === 0 ? [] : [offset] }),
    () => undefined,
    () => undefined,
  );
  rows.want(0, 1);
  await settle();
  total = 1;
  rows.reset();
  await settle();
  expect(rows.at(0)).toBe(0);
});

it('keeps every row where it is while rows come behind it', async () => {
  const asked: number[] = [];
  const all: number[] = [];
  const growing = new PagedRows<number>(
    async (offset, limit) => {
      asked.push(offset);
      return { total: all.length, matching: all.length, rows: all.slice(offset, offset + limit) };
    },
    () => {},
    (reason) => expect.fail(`${reason}`),
  );
  for (const length of [1, 50, 199, 200, 950]) {
    while (all.length < length) all.push(all.length);
    growing.extend(length);
    growing.want(0, 30);
    await settle();
    for (let index = 0; index < Math.min(length, 30); index += 1) expect(growing.at(index)).toBe(index);
  }
  growing.want(900, 930);
  await settle();
  expect(growing.at(929)).toBe(929);
  const before = asked.length;
  growing.extend(950);
  growing.want(0, 30);
  await settle();
  expect(asked.length).toBe(before);
});

it('takes rows that come while a page is on its way for no loss', async () => {
  let answer: (rows: number[]) => void = () => {};
  const failures: unknown[] = [];
  let found = 100;
  const rows = new PagedRows<number>(
    async () => {
      const rows = await new Promise<number[]>((resolve) => (answer = resolve));
      return { total: found, matching: found, rows };
    },
    () => {},
    (reason) => failures.push(reason),
  );
  rows.extend(100);
  found = 150;
  rows.extend(150);
  answer(Array.from({ length: 100 }, (_, k) => k));
  await settle();
  expect([failures, rows.at(99), rows.at(149)]).toEqual([[], 99, undefined]);
  answer(Array.from({ length: 150 }, (_, k) => k));
  await settle();
  expect([failures, rows.at(149)]).toEqual([[], 149]);
});

it('asks again for what failed when it is told to, and not on and on for rows that are gone', async () => {
  let isBroken = true;
  const failures: unknown[] = [];
  const rows = new PagedRows<string>(
    async () => {
      if (isBroken) throw new Error('away');
      return { total: 2, matching: 2, rows: ['a'] };
    },
    () => {},
    (reason) => failures.push(reason),
  );
  rows.want(0, 1);
  await settle();
  expect([rows.at(0), failures.length]).toEqual([undefined, 1]);
  isBroken = false;
  rows.retry();
  await settle();
  expect([rows.at(0), rows.at(1), failures.length]).toEqual(['a', undefined, 2]);
});
