import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Backend } from '../backend/backend';
import type { StoreNews } from '../backend/bindings';
import { Live } from './live.svelte';

const QUIET: StoreNews = {
  ...{
    events: 10,
    newEvents: 0,
    size: null,
    eventsPerSecond: 0,
    histories: [],
    lost: null,
    isOutdated: false,
    back: null,
    heldBack: null,
  },
  asOf: '2026-08-14T09:31:07.482Z',
};

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

async function watched() {
  let tell: (news: StoreNews) => void = () => {};
  const backend = {
    watchStore: (_: number, news: (news: StoreNews) => void) => {
      tell = news;
      return Promise.resolve();
    },
  } as unknown as Backend;
  const live = new Live(backend, 1);
  await live.watch();
  const grown: boolean[] = [];
  live.join({
    grow: (isFollowing) => {
      grown.push(isFollowing);
      return Promise.resolve();
    },
  });
  return { live, grown, tell: (news: Partial<StoreNews>) => tell({ ...QUIET, ...news }) };
}

afterEach(() => vi.useRealTimers());

describe('a store that is watched', () => {
  it('only says what is new until somebody wants to see it', async () => {
    const { live, grown, tell } = await watched();
    tell({ newEvents: 7 });
    tell({ newEvents: 12 });
    expect([live.newEvents, grown]).toEqual([12, []]);
    await live.takeIn();
    expect([live.newEvents, grown]).toEqual([0, [false]]);
    tell({ newEvents: 15 });
    expect(live.newEvents).toBe(3);
  });

  it('shows what comes while it is followed, and nothing twice', async () => {
    const { live, grown, tell } = await watched();
    live.follow(true);
    await live.takeIn();
    grown.length = 0;
    tell({ newEvents: 5 });
    tell({ newEvents: 5, eventsPerSecond: 3 });
    await settle();
    expect([live.newEvents, grown]).toEqual([0, [true]]);
  });

  it('shows the store itself as soon as its server is back, with what came meanwhile, and then what is new', async () => {
    const { live, grown, tell } = await watched();
    const of = { since: '2026-08-14T09:40:00Z', kind: 'PostgreSQL 15.18', evidence: [], size: '1 MB', findings: [] };
    tell({ newEvents: 3, back: { ...of, readOnly: ['the role may not write'] } });
    await settle();
    expect([live.back?.readOnly, live.newEvents, grown]).toEqual([['the role may not write'], 0, [false]]);
    tell({ newEvents: 4 });
    await settle();
    expect([live.backSince, live.newEvents, grown]).toEqual([of.since, 1, [false]]);
    // Once it was away again, that time is no news; what it said of itself stays.
    const error = { code: 'unreachable' as const, message: 'gone', hint: '', choices: [] };
    tell({ lost: { error, since: QUIET.asOf, retryInMillis: 1_000, isAnother: false } });
    tell({});
    expect([live.backSince, live.back?.kind]).toEqual([null, of.kind]);
    live.close();
  });

  it('says that it is lost, and that it is back', async () => {
    const { live, tell } = await watched();
    const error = { code: 'unreachable' as const, message: 'gone', hint: 'put it back', choices: [] };
    tell({ lost: { error, since: QUIET.asOf, retryInMillis: 1_000, isAnother: false } });
    expect(live.lost?.error.message).toBe('gone');
    tell({});
    expect(live.lost).toBeNull();
    live.close();
  });

  it('counts from the loss, not from the last try, until it is back', async () => {
    vi.useFakeTimers();
    const { live, tell } = await watched();
    const error = { code: 'unreachable' as const, message: 'gone', hint: 'put it back', choices: [] };
    const fail = (retryInMillis: number): void =>
      tell({ lost: { error, since: QUIET.asOf, retryInMillis, isAnother: false } });
    const told: [number, number][] = [];
    const look = (): void => void told.push([live.secondsLost, live.secondsToRetry]);
    for (const seconds of [1, 2, 4]) {
      fail(seconds * 1_000);
      look();
      vi.advanceTimersByTime(seconds * 1_000);
      look();
    }
    expect(told).toEqual([
      ...[
        [0, 1],
        [1, 0],
      ],
      ...[
        [1, 2],
        [3, 0],
      ],
      ...[
        [3, 4],
        [7, 0],
      ],
    ]);
    tell({});
    vi.advanceTimersByTime(60_000);
    fail(1_000);
    expect([live.secondsLost, live.secondsToRetry]).toEqual([0, 1]);
    live.close();
  });
});
