import { expect, it, vi } from 'vitest';
import { Latest } from './latest';

function controlled() {
  const open: { query: number; answer: (value: number) => void; refuse: (reason: Error) => void }[] = [];
  const shown: number[] = [];
  const failed: number[] = [];
  const latest = new Latest<number, number>(
    (query) => new Promise((answer, refuse) => open.push({ query, answer, refuse })),
    (answer) => shown.push(answer),
    (_, query) => failed.push(query),
  );
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  return { latest, open, shown, failed, settle };
}

it('keeps one request in flight and only the newest waiting', async () => {
  const { latest, open, shown, settle } = controlled();
  for (let query = 1; query <= 50; query += 1) latest.ask(query);
  expect(open.map((sent) => sent.query)).toEqual([1]);
  open[0]?.answer(1);
  await settle();
  expect(open.map((sent) => sent.query)).toEqual([1, 50]);
  open[1]?.answer(50);
  await settle();
  expect(shown).toEqual([1, 50]);
});

it('does not show what an interrupting request overtook', async () => {
  const { latest, open, shown, failed, settle } = controlled();
  latest.ask(1);
  latest.interrupt(2);
  open[1]?.answer(2);
  await settle();
  open[0]?.refuse(new Error('superseded'));
  await settle();
  expect(shown).toEqual([2]);
  expect(failed).toEqual([]);
});

it('overtakes a slow request, and is more patient with the next one', () => {
  vi.useFakeTimers();
  const sent: number[] = [];
  const latest = new Latest<number, number>(
    (query) => {
      sent.push(query);
      return new Promise(() => undefined);
    },
    () => undefined,
    () => undefined,
    100,
  );
  latest.ask(1);
  for (let millis = 0; millis < 700; millis += 10) {
    latest.ask(millis + 2);
    vi.advanceTimersByTime(10);
  }
  vi.useRealTimers();
  // After 100, then 200, then 400 milliseconds: three overtakings in 700.
  expect(sent).toHaveLength(4);
});

it('goes on after a failure', async () => {
  const { latest, open, shown, failed, settle } = controlled();
  latest.ask(1);
  latest.ask(2);
  open[0]?.refuse(new Error('unreachable'));
  await settle();
  open[1]?.answer(2);
  await settle();
  expect(failed).toEqual([1]);
  expect(shown).toEqual([2]);
});

it('is silent once closed', async () => {
  const { latest, open, shown, settle } = controlled();
  latest.ask(1);
  latest.ask(2);
  latest.close();
  open[0]?.answer(1);
  await settle();
  expect(shown).toEqual([]);
  expect(open).toHaveLength(1);
});
