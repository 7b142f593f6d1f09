// @vitest-environment jsdom
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, it, vi } from 'vitest';
import Segment from './Segment.svelte';

let stop = () => {};
afterEach(() => stop());

it('is one stop of Tab, and arrows choose in it and wrap around', async () => {
  document.body.innerHTML = '';
  const chosen = vi.fn();
  const options = ['a', 'b', 'c'].map((value) => ({ value, text: value }));
  const segment = mount(Segment, {
    target: document.body,
    props: { label: 'Order', value: 'c', options, onchoose: chosen },
  });
  stop = () => void unmount(segment);
  flushSync();
  const all = [...document.querySelectorAll<HTMLElement>('[role=radio]')];
  expect(all.map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, 0]);
  const behind = vi.fn();
  window.addEventListener('keydown', behind);
  all[2]?.focus();
  const press = (key: string) =>
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  press('ArrowRight');
  expect([chosen.mock.lastCall, document.activeElement]).toEqual([['a'], all[0]]);
  press('ArrowUp');
  expect(chosen.mock.lastCall).toEqual(['b']);
  // The page moves nothing of its own meanwhile.
  expect(behind).not.toHaveBeenCalled();
  press('Enter');
  expect(behind).toHaveBeenCalledOnce();
  window.removeEventListener('keydown', behind);
});
