import { expect, it } from 'vitest';
import { GrowingRows } from './growing';

it('keeps every row where it is while rows come behind it', async () => {
  const all: number[] = [];
  let asked = 0;
  const rows = new GrowingRows<number>(
    async (offset, limit) => {
      asked += 1;
      return all.slice(offset, offset + limit);
    },
    () => {},
    (reason) => {
      throw reason;
    },
  );
  rows.want(0, 30);
  for (const length of [1, 50, 199, 200, 950]) {
    while (all.length < length) all.push(all.length);
    rows.grow(length);
    await settled();
    for (let index = 0; index < Math.min(length, 30); index += 1) expect(rows.at(index)).toBe(index);
  }
  rows.want(900, 930);
  await settled();
  expect(rows.at(929)).toBe(929);
  const before = asked;
  rows.grow(950);
  rows.want(0, 30);
  await settled();
  expect(asked).toBe(before);
});

it('asks again for what failed, when it is told to', async () => {
  let isBroken = true;
  const failures: unknown[] = [];
  const rows = new GrowingRows<string>(
    async () => {
      if (isBroken) throw new Error('away');
      return ['a'];
    },
    () => {},
    (reason) => failures.push(reason),
  );
  rows.grow(1);
  await settled();
  expect([rows.at(0), failures.length]).toEqual([undefined, 1]);
  isBroken = false;
  rows.retry();
  await settled();
  expect(rows.at(0)).toBe('a');
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
