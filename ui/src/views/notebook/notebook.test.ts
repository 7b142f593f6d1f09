// @vitest-environment jsdom
import { tick } from 'svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';

let page: Page;
afterEach(() => page.close());

const text = () => page.texts('[data-test=note]').join(' ');

it('bookmarks a moment, writes a note, deletes it and has it back, and goes there', async () => {
  page = openPage({ launch: { store: 'sample', stream: 'order-4711', at: 'v3', handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '3');
  page.press('m');
  await page.until(() => page.texts('[data-test=notice]')[0]?.includes('Bookmarked order-4711 v3'));
  page.press('Shift+m');
  (await page.until(() => page.find<HTMLTextAreaElement>('[data-test=note-text]'))).focus();
  const field = page.find<HTMLTextAreaElement>('[data-test=note-text]');
  if (!field) throw new Error('no field to write in');
  field.value = 'refused\ntwice';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  page.find('[data-test=note-save]')?.click();
  await page.until(() => page.find('[data-test=note-go]') && text().includes('refused twice'));
  page.find('[data-test=note-remove]')?.click();
  await page.until(() => !text().includes('refused twice'));
  page.find('[data-test=undo-act]')?.click();
  await page.until(() => text().includes('refused twice'));
  expect(text()).toContain('refold://orders/order/order-4711@3');
  page.find('[data-test=note-go]')?.click();
  await page.until(() => page.find('.page')?.dataset['view'] === 'history');
});

it('leaves the focus where it is when a moment is bookmarked, and when it is not any more', async () => {
  page = openPage({ launch: { store: 'sample', stream: 'order-4711', at: 'v3', handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '3');
  const put = vi.spyOn(page.backend, 'putNote');
  const removed = vi.spyOn(page.backend, 'removeNote');
  for (const place of ['state-rows', 'event-list', 'tab-state', 'cursor-a']) {
    const element = page.find(`[data-test=${place}]`);
    element?.focus();
    for (const [said, calls] of [
      ['bookmark', put.mock.calls],
      ['no bookmark', removed.mock.calls],
    ] as const) {
      const before = calls.length;
      page.press('m');
      await page.until(() => calls.length > before);
      await tick();
      expect(document.activeElement, `${place}, ${said}`).toBe(element);
    }
  }
});

it('keeps what is written and not saved, wherever a person goes meanwhile', async () => {
  page = openPage({ launch: { store: 'sample', stream: 'order-4711', at: 'v3', handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '3');
  const box = () => page.find<HTMLTextAreaElement>('[data-test=note-text]');
  page.press('Shift+m');
  const field = await page.until(box);
  expect(page.texts('[data-test=note-hint]')[0]).toContain('Ctrl Enter saves');
  field.value = 'half a thought';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  page.press('Ctrl+1');
  await page.until(() => page.find('.page')?.dataset['view'] !== 'notebook');
  page.press('Alt+ArrowLeft');
  await page.until(() => box()?.value === 'half a thought');

  box()?.focus();
  page.press('Escape');
  await page.until(() => box() === null);
  expect(page.texts('[data-test=note-drafts]')[0]).toBe('Not saved yet: order-4711 v3');
  page.find('[data-test=note-draft]')?.click();
  await page.until(() => box()?.value === 'half a thought');
  expect(page.find('[data-test=note-drafts]')).toBeNull();
  box()?.focus();
  page.press('Ctrl+Enter');
  await page.until(() => box() === null && text().includes('half a thought'));
  expect(page.find('[data-test=note-drafts]')).toBeNull();
});

it('keeps the mark on its note when another comes before it', async () => {
  page = openPage({ launch: { store: 'sample', stream: 'order-4711', at: 'v3', handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '3');
  page.press('m');
  await page.until(() => page.texts('[data-test=notice]')[0]?.includes('Bookmarked order-4711 v3'));
  let hasTrail = false;
  const put = page.backend.putNote.bind(page.backend);
  vi.spyOn(page.backend, 'putNote').mockImplementation(async (session, note) => {
    const answer = await put(session, note);
    hasTrail ||= note.kind === 'trail';
    return answer;
  });
  page.press('ArrowRight');
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '4');
  page.find('[data-test=rail-notebook]')?.click();
  await page.until(() => page.texts('[data-test=note] h2')[0] === 'order-4711 v3');
  // Where A rests is noted a moment later, above the bookmark.
  await page.until(() => hasTrail);
  expect(page.texts('[data-test=note] h2')[0]).toBe('order-4711 v3');
});

it('says what a notebook is for while nothing is noted', async () => {
  page = openPage({ launch: { store: 'sample', stream: null, at: null, handler: null, layout: null } });
  await page.until(() => page.find('[data-test=rail-notebook]'));
  page.find('[data-test=rail-notebook]')?.click();
  await page.until(() => page.find('[data-test=notebook-empty]'));
});

it('opens a case file where it stood, says as of when, and lets nobody write into it', async () => {
  page = openPage({
    launch: { store: '/home/ada/refund.refold-case', stream: null, at: null, handler: null, layout: null },
  });
  await page.until(() => page.find('[data-test=tab-diff]')?.ariaSelected === 'true');
  expect(page.texts('[data-test=cursor-b-label]')).toEqual(['B v 6']);
  expect(page.texts('[data-test=env-band]')[0]).toMatch(/CASE FILE.*as of 2026-08-30/);
  page.press('m');
  await page.until(() => page.texts('[data-test=notice]')[0]?.includes('read and not written'));
  page.find('[data-test=rail-notebook]')?.click();
  await page.until(() => page.find('[data-test=case-facts]') && text().includes('ask the provider'));
  expect(page.texts('[data-test=case-left-out]')[0]).toContain('1 of 5,001');
  expect(page.texts('[data-test=case-as-of]')[0]).toMatch(/^2026-08-30.*last event of the store was recorded: #2,000$/);
  expect(page.texts('[data-test=case-until]')[0]).toMatch(/^2026-08-03/);
  expect(page.find('[data-test=note-edit]')).toBeNull();
  expect(page.find('[data-test=case-save]')).toBeNull();
});

it('writes what is noted and open into a case file, and says where it is', async () => {
  page = openPage({ launch: { store: 'sample', stream: 'order-4711', at: 'v3', handler: null, layout: null } });
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '3');
  page.find('[data-test=rail-notebook]')?.click();
  (await page.until(() => page.find('[data-test=case-save]'))).click();
  await page.until(() => page.texts('[data-test=case-written]')[0]?.includes('Case of 15 events saved as'));
});
