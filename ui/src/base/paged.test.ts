import { expect, it } from 'vitest';
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

it('forgets old pages', async () => {
  const { rows } = pages(1_000_000);
  for (let first = 0; first < 100_000; first += 1000) {
    rows.want(first, first + 30);
    await settle();
  }
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
