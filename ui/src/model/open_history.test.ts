import { expect, it, vi } from 'vitest';
import { BackendError, type Backend } from '../backend/backend';
import { fakeBackend } from '../backend/fake';
import { rfc3339FromNanos } from '../base/instant';
import { HistoryNews } from './news.svelte';
import { OpenHistory } from './open_history.svelte';
import { OpenStore } from './open_store.svelte';

/** A history whose folds end only when the test cancels them. */
async function foldingForever() {
  const fake = fakeBackend({ sampleEvents: 200 });
  const folds: ((reason: Error) => void)[] = [];
  const cancelled: number[] = [];
  const backend = new Proxy(fake, {
    get(target, name: keyof Backend) {
      if (name === 'stateFrame') return () => new Promise((_, reject) => folds.push(reject));
      if (name === 'cancelJob') {
        return (job: number) => {
          cancelled.push(job);
          folds
            .splice(0)
            .forEach((end) => end(new BackendError({ code: 'cancelled', message: '', hint: '', choices: [] })));
          return Promise.resolve();
        };
      }
      const member: unknown = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const news = new HistoryNews();
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, null, news.hear);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return { history: new OpenHistory(store, opened, null, null, news), news, folds, cancelled };
}

/** A history over the twin, and the twin. */
async function openHistory() {
  const backend = fakeBackend({ sampleEvents: 200 });
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const news = new HistoryNews();
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, null, news.hear);
  const history = new OpenHistory(store, opened, null, null, news);
  await vi.waitFor(() => expect(history.frame).not.toBeNull());
  return { backend, history };
}

it('folds no more after a stop, where an earlier state is shown', async () => {
  const { backend, history } = await openHistory();
  const frame = backend.stateFrame.bind(backend);
  const shown = history.frame?.moment ?? 0;
  vi.spyOn(backend, 'stateFrame').mockImplementation((of, query) =>
    query.moment === shown ? frame(of, query) : new Promise(() => {}),
  );
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  history.setA(2);
  await vi.advanceTimersByTimeAsync(250);
  expect(history.waiting.now).toBe('slow');
  history.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([history.waiting.now, history.a, history.frame?.moment]).toEqual(['stopped', 2, shown]);
  history.ask();
  await vi.advanceTimersByTimeAsync(250);
  expect(history.waiting.now).toBe('slow');
  vi.useRealTimers();
});

it('asks anew when the time that A was fixed at changes, though its event stays', async () => {
  const { backend, history } = await openHistory();
  const asked = vi.spyOn(backend, 'stateFrame');
  const last = () => asked.mock.lastCall?.[1].asked;
  for (const nanos of [1_787_000_000_000_000_000n, 1_787_000_060_000_000_000n]) {
    history.fixA(2, nanos);
    await vi.waitFor(() => expect(last()).toBe(rfc3339FromNanos(nanos)));
  }
});

it('takes no row of a payload for a field of the state', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const news = new HistoryNews();
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, null, news.hear);
  const history = new OpenHistory(store, opened, null, null, news);
  history.setTab('event');
  await vi.waitFor(() => expect(history.rowAt(1)).toBeDefined());
  const ofThePayload = history.rowAt(1)?.pointer;

  // Pressed so soon that the rows of the state are not there yet.
  history.setTab('state');
  history.focusRow(1);
  expect([history.tree, history.focus, history.activeRow]).toEqual([null, null, -1]);
  await vi.waitFor(() => expect(history.tree).not.toBeNull());
  history.focusRow(1);
  expect(history.focus).not.toBeNull();
  expect(history.focus).not.toBe(ofThePayload);
});

it('says with every state what led to its moment: there may be events behind it that are missing', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const asked: (string | null)[] = [];
  const frame = backend.stateFrame.bind(backend);
  backend.stateFrame = (history, query) => {
    asked.push(query.asked);
    return frame(history, query);
  };
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const news = new HistoryNews();
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, null, news.hear);
  const history = new OpenHistory(store, opened, null, null, news);
  history.setA(2);
  const found = { version: '2', position: '2', recordedAt: '', explanation: '', asOf: null, asked: null };
  const steps = [
    // A version that is missing leads to the one before it, and is asked for all the same.
    () => history.putA({ ...found, moment: 2, asked: 'v3' }),
    () => history.putA({ ...found, moment: 2, asOf: '2026-08-14T09:31:07Z' }),
    // The event itself.
    () => history.setA(2),
  ];
  const expected = [null, 'v3', '2026-08-14T09:31:07Z', null];
  await vi.waitFor(() => expect(asked.at(-1)).toBe(expected[0]));
  for (const [at, step] of steps.entries()) {
    const before = asked.length;
    step();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(before));
    await vi.waitFor(() => expect(asked.at(-1)).toBe(expected[at + 1]));
    expect(history.a).toBe(2);
  }
});

it('stops the first fold of a stream and resumes it when asked', async () => {
  const { history, news, folds, cancelled } = await foldingForever();
  vi.advanceTimersByTime(250);
  news.hear({ job: 7, phase: 'folding', done: 10, total: 200, doublings: 0, findings: null });
  expect([history.waiting.now, folds.length, history.news.running?.done]).toEqual(['slow', 1, 10]);

  history.stop();
  await Promise.resolve();
  expect([history.waiting.now, cancelled, history.failure]).toEqual(['stopped', [7], null]);
  // The tree is laid out anew when the progress goes away: that asks for nothing.
  history.wantRows(0, 30);
  vi.advanceTimersByTime(1000);
  expect([history.waiting.now, folds.length]).toEqual(['stopped', 0]);

  history.ask();
  await vi.advanceTimersByTimeAsync(250);
  expect([history.waiting.now, folds.length]).toEqual(['slow', 1]);
  vi.useRealTimers();
});
