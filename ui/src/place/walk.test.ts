import { expect, it } from 'vitest';
import { Walk } from './walk.svelte';

/** A shower of numbers whose showing ends when the test says so. */
function shower() {
  const pending: { place: number; end: (error?: Error) => void }[] = [];
  const page = { place: 0, failures: [] as unknown[] };
  const walk = new Walk<number>(
    {
      here: () => page.place,
      show: (place, isWanted) =>
        new Promise((resolve, reject) => {
          const end = (error?: Error) => {
            if (error) return reject(error);
            if (isWanted()) page.place = place;
            resolve();
          };
          pending.push({ place, end });
        }),
      failed: (reason) => page.failures.push(reason),
    },
    (a, b) => a === b,
  );
  const go = (place: number) => {
    walk.leave();
    page.place = place;
    walk.visit();
  };
  for (const place of [1, 2, 3]) go(place);
  return { walk, page, pending, go };
}

it('walks back and forward, and says whether it can', async () => {
  const { walk, page, pending } = shower();
  const back = walk.back();
  pending[0]?.end();
  await back;
  expect([page.place, walk.canGoBack, walk.canGoForward]).toEqual([2, true, true]);
  const forward = walk.forward();
  pending[1]?.end();
  await forward;
  expect([page.place, walk.canGoForward]).toEqual([3, false]);
});

it('lets the newest wish win, and remembers no place as it was passed', async () => {
  const { walk, page, pending } = shower();
  const steps = [walk.back(), walk.back()];
  expect(pending.map(({ place }) => place)).toEqual([2, 1]);
  pending[1]?.end();
  pending[0]?.end();
  await Promise.all(steps);
  expect(page.place).toBe(1);
  expect(walk.places).toEqual([3, 2, 1]);
});

it('gives a step up when a person goes elsewhere meanwhile', async () => {
  const { walk, page, pending, go } = shower();
  const back = walk.back();
  go(9);
  pending[0]?.end();
  await back;
  expect(page.place).toBe(9);
  expect(walk.places).toEqual([9, 2, 1]);
});

it('stays where it was when a place cannot be shown, and says so', async () => {
  const { walk, page, pending } = shower();
  const back = walk.back();
  pending[0]?.end(new Error('the file is gone'));
  await back;
  expect([page.place, walk.canGoForward]).toEqual([3, false]);
  expect(`${page.failures[0]}`).toContain('the file is gone');
});
