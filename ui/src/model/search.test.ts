import { expect, it } from 'vitest';
import type { Backend } from '../backend/backend';
import type { FoundRow, SearchEnded, SearchUpdate } from '../backend/bindings';
import { NOTHING_ASKED, SearchTab } from './search.svelte';

interface Running {
  text: string;
  tell: (found: number) => void;
  end: (found: number) => void;
}

/** A host whose searches go on, and whose closings end, when the test says so. */
function host() {
  const running: Running[] = [];
  const closed: number[] = [];
  const closings: (() => void)[] = [];
  const backend = {
    search(_: number, asked: { text: string }, progress: (update: SearchUpdate) => void): Promise<SearchEnded> {
      const search = running.length + 1;
      return new Promise((resolve) => {
        running.push({
          text: asked.text,
          tell: (found) => progress({ search, job: search, found, done: found, total: 10 }),
          end: (found) => resolve({ search, found, end: 'whole', failure: null, findings: [] }),
        });
      });
    },
    closeSearch(search: number): Promise<void> {
      closed.push(search);
      return new Promise((resolve) => closings.push(resolve));
    },
    searchRows: async () => ({ total: 0, rows: [] as FoundRow[] }),
  };
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  const letClose = async () => {
    closings.splice(0).forEach((close) => close());
    await settle();
  };
  return { backend: backend as unknown as Backend, running, closed, letClose, settle };
}

it('forgets a search that another one replaces, from the moment on at which that is asked for', async () => {
  const { backend, running, closed, letClose, settle } = host();
  const tab = new SearchTab(backend, 1, 1, { ...NOTHING_ASKED, text: 'first' });
  void tab.run();
  await settle();
  running[0]?.tell(3);
  expect(tab.found).toBe(3);
  tab.set({ text: 'second' });
  void tab.run();
  // The first one is being closed, and still tells.
  running[0]?.tell(5);
  running[0]?.end(5);
  await settle();
  expect([tab.found, tab.rows, tab.phase]).toEqual([0, null, 'running']);
  expect(closed).toContain(1);
  await letClose();
  expect(running.map(({ text }) => text)).toEqual(['first', 'second']);
  running[1]?.tell(2);
  expect(tab.found).toBe(2);
});

it('stops a search that was replaced before it told its number', async () => {
  const { backend, running, closed, letClose, settle } = host();
  const tab = new SearchTab(backend, 1, 1, { ...NOTHING_ASKED, text: 'first' });
  void tab.run();
  await settle();
  tab.set({ text: 'second' });
  void tab.run();
  await letClose();
  expect(closed).toEqual([]);
  running[0]?.tell(4);
  expect(closed).toEqual([1]);
  expect(tab.found).toBe(0);
});

it('runs only the last one of searches that are asked for at once', async () => {
  const { backend, running, letClose, settle } = host();
  const tab = new SearchTab(backend, 1, 1, { ...NOTHING_ASKED, text: 'first' });
  void tab.run();
  await settle();
  running[0]?.tell(1);
  for (const text of ['second', 'third']) {
    tab.set({ text });
    void tab.run();
  }
  await letClose();
  expect(running.map(({ text }) => text)).toEqual(['first', 'third']);
});
