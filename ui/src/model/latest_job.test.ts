import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import type { JobUpdate } from '../backend/bindings';
import { LatestJob } from './latest_job.svelte';

interface Sent {
  row: number;
  tell: (job: JobUpdate) => void;
  answer: (text: string) => void;
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

function controlled() {
  const backend = fakeBackend();
  const cancelled: number[] = [];
  vi.spyOn(backend, 'cancelJob').mockImplementation(async (job) => void cancelled.push(job));
  const sent: Sent[] = [];
  const shown: string[] = [];
  const dropped: string[] = [];
  const latest = new LatestJob<{ row: number }, string>(
    backend,
    ({ row }, tell) => new Promise((answer) => sent.push({ row, tell, answer })),
    { show: (text) => void shown.push(text), fail: () => {}, drop: (text) => void dropped.push(text) },
  );
  const tell = ({ row, tell }: Sent) => tell({ job: row, phase: null, done: 0, total: null, doublings: 0 });
  return { latest, sent, shown, dropped, cancelled, tell };
}

it('has one job in flight while a key is held, cancels it, and reads the row where the key was let go', async () => {
  const { latest, sent, shown, dropped, cancelled, tell } = controlled();
  latest.ask({ row: 1 });
  if (sent[0]) tell(sent[0]);
  for (let row = 2; row <= 60; row += 1) latest.ask({ row });
  expect([sent.length, cancelled]).toEqual([1, [1]]);
  sent[0]?.answer('row 1');
  await settle();
  expect([sent.map(({ row }) => row), shown, dropped]).toEqual([[1, 60], [], ['row 1']]);
  if (sent[1]) tell(sent[1]);
  expect(latest.job?.job).toBe(60);
  sent[1]?.answer('row 60');
  await settle();
  expect([shown, latest.job]).toEqual([['row 60'], null]);
});

it('cancels a job that tells its number only after nobody wants it any more', () => {
  const { latest, sent, cancelled, tell } = controlled();
  latest.ask({ row: 7 });
  latest.forget();
  if (sent[0]) tell(sent[0]);
  expect([cancelled, latest.job]).toEqual([[7], null]);
});
