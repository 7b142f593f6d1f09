import { expect, it, vi } from 'vitest';
import type { Backend } from '../backend/backend';
import type { HandlersNews } from '../backend/bindings';
import { fakeBackend } from '../backend/fake';
import { Comparing } from './comparing.svelte';
import { HistoryNews } from './news.svelte';
import { OpenHistory } from './open_history.svelte';
import { OpenStore } from './open_store.svelte';

const REFERENCE = 'handlers/order@1.1.0';

/** A history whose handler the test changes. */
async function workedOn() {
  const fake = fakeBackend({ sampleEvents: 200 });
  let tell: (news: HandlersNews) => void = () => {};
  let hash = '';
  const asked: string[] = [];
  const backend = new Proxy(fake, {
    get(target, name: keyof Backend) {
      if (name === 'watchHandlers') return async (_: number, news: typeof tell) => void (tell = news);
      const member: unknown = target[name];
      if (typeof member !== 'function') return member;
      return async (...parts: unknown[]) => {
        asked.push(name);
        const answer: unknown = await member.apply(target, parts);
        if (name !== 'historyNow' || hash === '') return answer;
        return { ...(answer as OpenHistory['opened']), handler: { ...opened.handler, hash } };
      };
    },
  });
  const store = new OpenStore(backend, await backend.openStore('orders.db', null));
  const news = new HistoryNews();
  const opened = await backend.openHistory(store.opened.session, 'order-4711', null, REFERENCE, news.hear);
  const history = new OpenHistory(store, opened, REFERENCE, null, news);
  await vi.waitFor(() => expect(history.frame).not.toBeNull());
  await history.problems.check();
  const of = (changed: string): HandlersNews => ({
    changes: 1,
    histories: [{ history: opened.history, handler: { ...opened.handler, hash: changed } }],
    broken: [],
    atHand: null,
  });
  return {
    ...{ store, history, opened, asked, of },
    save(changed: string) {
      hash = changed;
      asked.length = 0;
      tell(of(changed));
    },
    tell: (news: HandlersNews) => tell(news),
  };
}

it('tells no more of a problem that another handler does not have, whatever tab shows', async () => {
  const { history, save } = await workedOn();
  history.setTab('event');
  await vi.waitFor(() => expect(history.detail).not.toBeNull());
  const before = history.detail;
  history.setTab('state');
  await vi.waitFor(() => expect(history.tree).not.toBeNull());
  save('sha256:beef');
  await vi.waitFor(() => expect(history.detail).not.toBe(before));
  expect(history.detail?.row.moment).toBe(history.a);
});

it('asks for everything again that another handler makes, and shows what was there until it came', async () => {
  const { asked, history, save } = await workedOn();
  history.drawers.askWhy({ question: 'why', path: '/status', extent: 'toHere' });
  const before = history.frame;
  save('sha256:beef');
  expect(history.frame).toBe(before);
  await vi.waitFor(() => expect(history.frame).not.toBe(before));
  await vi.waitFor(() => expect(asked).toContain('checkInvariants'));
  expect(history.opened.handler.hash).toBe('sha256:beef');
  expect([history.drawers.whyAsked, history.failure]).toEqual([null, null]);
  expect(asked).toContain('stateFrame');
  expect(history.announcement).toContain('was saved');
});

it('folds nothing anew for a change that is none of its states', async () => {
  const { asked, history, opened, save } = await workedOn();
  const before = history.frame;
  const seen = history.story.seen;
  save(opened.handler.hash);
  await Promise.resolve();
  expect(history.frame).toBe(before);
  expect(asked).not.toContain('historyNow');
  // The words of a story may be others.
  expect(history.story.seen).toBeGreaterThan(seen);
});

it('says why a handler stays as it was loaded, and no more once it is mended', async () => {
  const { history, of, opened, store, tell } = await workedOn();
  const problem = {
    ...{ code: 'RF-PKG-EXPRESSION', message: 'a value is missing', advice: 'correct it there' },
    ...{ file: 'versions/1.1.0/reducer.yaml', line: 103, column: 21 },
  };
  tell({ ...of(opened.handler.hash), broken: [{ reference: REFERENCE, problem }] });
  expect(store.reloading.problemOf(history.handler)).toEqual(problem);
  expect(store.reloading.problemOf('handlers/order@1.0.0')).toBeNull();
  tell(of(opened.handler.hash));
  expect(store.reloading.problemOf(history.handler)).toBeNull();
});

it('tells a history that was closed nothing', async () => {
  vi.stubGlobal('cancelAnimationFrame', () => {});
  const { asked, history, save } = await workedOn();
  await history.close();
  save('sha256:beef');
  await Promise.resolve();
  expect(asked).toEqual([]);
});

it('folds both sides of a comparison again, and only where files made them', async () => {
  const { asked, of, opened, store, tell } = await workedOn();
  const comparing = new Comparing(store);
  const side = (at: string, handler: string) => ({ stream: 'order-4711', at, handler });
  const compare = async (handler: string) => {
    const [base, current] = [side('v2', handler), side('head', handler)];
    comparing.ask({ preset: 'points', base, current, ignoresOrder: false });
    await comparing.run();
    asked.length = 0;
  };
  await compare(REFERENCE);
  const before = comparing.opened;
  tell(of(opened.handler.hash));
  await vi.waitFor(() => expect(comparing.opened).not.toBe(before));
  expect([asked.filter((name) => name === 'openComparison').length, comparing.failure]).toEqual([1, null]);

  await compare('builtin:merge');
  tell({ ...of(opened.handler.hash), changes: 2 });
  // What was told before is no news.
  tell({ ...of(opened.handler.hash), changes: 2 });
  await Promise.resolve();
  expect(asked).not.toContain('openComparison');
});
