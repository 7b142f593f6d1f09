import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { nanosFromRfc3339 } from '../base/instant';
import { Desk } from './desk.svelte';
import { SelectedEvents } from './selected.svelte';

it('measures from the one cursor to the other, as the band on the plot does', async () => {
  const launch = { store: 'orders.db', stream: 'order-4711', at: null, handler: null, layout: null };
  const desk = new Desk(fakeBackend({ sampleEvents: 2_000, launch }));
  await desk.start();
  const { history } = desk;
  if (!history) throw new Error('the stream did not open');
  const time = async (moment: number) => {
    const { row } = await desk.backend.eventDetail(history.opened.history, moment);
    return nanosFromRfc3339(row.recordedAt) ?? 0n;
  };
  const selected = new SelectedEvents(history);
  for (const [a, b] of [
    [14, 13],
    [2, 9],
    [3, 0],
  ] as const) {
    selected.want(a, b, false);
    await vi.waitFor(() => expect(selected.facts).not.toBeNull());
    const [from, to] = [Math.max(1, Math.min(a, b)), Math.max(a, b)];
    expect(selected.facts?.span, `${b} to ${a}`).toBe((await time(to)) - (await time(from)));
    expect(selected.facts?.span).toBeGreaterThan(0n);
  }
});
