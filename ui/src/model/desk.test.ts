// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { Desk } from './desk.svelte';

it('writes down that a store is closed, however soon after it was opened', async () => {
  const backend = fakeBackend({ sampleEvents: 200 });
  const remembered = vi.spyOn(backend, 'rememberPlace');
  const desk = new Desk(backend);
  await desk.openStore('orders.db');
  expect(desk.store).not.toBeNull();
  await desk.leaveStore();
  await vi.waitFor(() => expect(remembered.mock.lastCall).toEqual([null]), { timeout: 5000 });
});
