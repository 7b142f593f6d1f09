import { expect, it, vi } from 'vitest';
import type { Desk } from '../model/desk.svelte';
import { TIMELINE } from './timeline';

it('zooms at A where it is fixed at an instant, and not at the event before it', async () => {
  const zoom = vi.fn();
  const hold = { again: (_: unknown, __: unknown, x: number) => x };
  const timeline = { width: 1000, hold, glide: { zoom, paceAt: () => 2 } };
  // All that the command looks at.
  const history = { a: 7, xOfA: 640, xOfMoment: () => 90, timeline };
  const desk = { view: 'history', history, store: null } as unknown as Desk;
  const find = (id: string) => TIMELINE.find((one) => one.id === id);
  await find('timeline.zoomIn')?.run(desk, {} as never, '');
  expect(zoom.mock.calls[0]?.[0]).toBe(640);
  history.xOfA = -3;
  await find('timeline.zoomIn')?.run(desk, {} as never, '');
  expect(zoom.mock.calls[1]?.[0]).toBe(500);
});
