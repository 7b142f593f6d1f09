import { expect, it } from 'vitest';
import { fakeBackend } from '../backend/fake';
import type { JobUpdate } from '../backend/bindings';
import { LongWork } from './long_work.svelte';

interface Asked {
  tell: (job: JobUpdate) => void;
  answer: (text: string) => void;
}

class Work extends LongWork {
  readonly asked: Asked[] = [];
  readonly dropped: string[] = [];
  shown = '';

  async run(doing: string): Promise<void> {
    const text = await this.long(
      doing,
      (tell) => new Promise<string>((answer) => this.asked.push({ tell, answer })),
      async (late) => void this.dropped.push(late),
    );
    if (text !== null) this.shown = text;
  }

  protected forget(): boolean {
    const { shown } = this;
    this.shown = '';
    return shown !== '';
  }
}

const update = (job: number): JobUpdate => ({ job, phase: null, done: 0, total: null, doublings: 0 });
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

it('hears of what runs now and of nothing that ran before', async () => {
  const work = new Work(fakeBackend());
  void work.run('first');
  void work.run('second');
  const [first, second] = work.asked;
  second?.tell(update(2));
  first?.tell(update(1));
  expect([work.doing, work.job?.job]).toEqual(['second', 2]);
  first?.answer('of the first');
  await settle();
  expect([work.doing, work.shown, work.dropped]).toEqual(['second', '', ['of the first']]);
  second?.answer('of the second');
  await settle();
  second?.tell(update(2));
  expect([work.doing, work.shown, work.job]).toEqual(['', 'of the second', null]);
});

it('ends with a word what ran or was shown when another mask holds', async () => {
  const work = new Work(fakeBackend());
  work.maskChanged();
  expect(work.lost).toBe('');
  void work.run('first');
  work.maskChanged();
  expect([work.isRunning, work.lost]).toEqual([false, expect.stringContaining('what ran here was stopped')]);
  work.asked[0]?.answer('revealed');
  await settle();
  expect(work.shown).toBe('');
  void work.run('second');
  expect(work.lost).toBe('');
  work.asked[1]?.answer('hidden');
  await settle();
  work.maskChanged();
  expect([work.shown, work.lost]).toEqual(['', expect.stringContaining('what was shown here is gone')]);
});
