import { expect, it, vi } from 'vitest';
import type { Desk } from '../model/desk.svelte';
import { listOf } from './lists';
import { ROWS } from './rows';

vi.mock('./compare_acts', () => {
  throw new Error('it cannot be read');
});

// All that the list of this view looks at.
const desk = { view: 'compare', store: { boards: new Map() }, history: null } as unknown as Desk;

it('hands on what cannot be read, for whoever pressed the key', async () => {
  const list = listOf(desk);
  await expect(async () => list?.move(1)).rejects.toThrow();
  const next = ROWS.find(({ id }) => id === 'row.next');
  await expect(async () => next?.run(desk, {} as never, '')).rejects.toThrow();
});
