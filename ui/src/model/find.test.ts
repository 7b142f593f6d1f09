import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { findOf } from './find.svelte';
import { HistoryNews } from './news.svelte';
import { OpenHistory } from './open_history.svelte';
import { OpenStore } from './open_store.svelte';
import { NOTHING_ASKED } from './search.svelte';

it('keeps what is looked for while what was closed before it is still being stopped', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const answers: ((moments: number[]) => void)[] = [];
  vi.spyOn(backend, 'historyHits').mockImplementation((_, __, progress) => {
    progress({ job: answers.length + 1, done: 1, total: 10, doublings: 0, phase: 'readingEvents' });
    return new Promise((resolve) => answers.push((moments) => resolve({ moments, parts: [], findings: [] })));
  });
  let stop = () => {};
  vi.spyOn(backend, 'cancelJob').mockReturnValue(new Promise((resolve) => (stop = resolve)));
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, null, () => {});
  const find = findOf(new OpenHistory(store, opened, null, null, new HistoryNews()));
  const told = () => [find.isOpen, find.isRunning, find.asked.text, find.moments];

  void find.run({ ...NOTHING_ASKED, text: 'first' });
  await vi.waitFor(() => expect(find.job).not.toBeNull());
  const closed = find.close();
  const ran = find.run({ ...NOTHING_ASKED, text: 'second' });
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  stop();
  await closed;
  expect(told()).toEqual([true, true, 'second', null]);
  answers[1]?.([3, 5]);
  await ran;
  expect(told()).toEqual([true, false, 'second', [3, 5]]);
});
