// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { BackendError } from '../../backend/backend';
import type { FakeOptions } from '../../backend/fake';

let page: Page | null = null;

afterEach(async () => {
  await page?.close();
  page = null;
});

async function open(options: Partial<FakeOptions> = {}): Promise<Page> {
  const shown = (page = openPage({
    launch: { store: '/srv/orders.db', stream: 'order-4711', at: null, handler: null, layout: null },
    ...options,
  }));
  await shown.until(() => shown.find('[data-test=state-rows] [role=row]'));
  return shown;
}

async function openSettings(shown: Page): Promise<void> {
  shown.press('Ctrl+,');
  await shown.until(() => shown.find('[data-test=settings]'));
}

function choose(shown: Page, key: string, value: string): void {
  shown.find<HTMLInputElement>(`[data-test=setting-${key}] input[value=${value}]`)?.click();
}

it('is entered at its first choice, and not where one is taken back', async () => {
  const shown = await open();
  shown.find('[data-region=view] [role=grid]')?.focus();
  await openSettings(shown);
  await shown.until(() => document.activeElement?.matches('.settings [type=radio]:checked'));
});

it('opens the settings file and its folder, and says its path where that fails', async () => {
  const shown = await open();
  await openSettings(shown);
  const folder = vi.spyOn(shown.backend, 'openSettingsFolder');
  shown.find('[data-test=settings-folder]')?.click();
  expect(folder).toHaveBeenCalledOnce();
  const error = {
    code: 'notFound',
    message: 'there is no settings file yet: /ada/settings.toml',
    hint: '',
    choices: [],
  };
  vi.spyOn(shown.backend, 'openSettings').mockRejectedValue(new BackendError({ ...error, code: 'notFound' }));
  shown.find('[data-test=settings-open]')?.click();
  await shown.until(() => shown.texts('[data-test=error-card]').join().includes('/ada/settings.toml'));
});

it('applies a setting at once and takes it back', async () => {
  const shown = await open();
  await openSettings(shown);
  const { dataset } = document.documentElement;
  choose(shown, 'diffColours', 'greenRed');
  await shown.until(() => dataset['diff'] === 'greenRed');
  choose(shown, 'role', 'onCall');
  await shown.until(() => dataset['density'] === 'compact');
  shown.press('Ctrl+k');
  shown.type('>undo the last setting');
  shown.press('Enter');
  await shown.until(() => dataset['density'] === 'comfortable');
  expect(dataset['diff']).toBe('greenRed');
});

it('finds settings by their words, and says when there are none', async () => {
  const shown = await open();
  await openSettings(shown);
  const filter = shown.find<HTMLInputElement>('[data-test=settings-filter]');
  filter?.focus();
  shown.type('wheel');
  expect(shown.texts('[data-test=settings] section h2')).toEqual(['Timeline']);
  shown.type('nothing of the kind');
  expect(shown.texts('[data-test=settings] .none')[0]).toContain('No setting matches');
});

it('shows times in the chosen zone everywhere, and says which', async () => {
  const shown = await open();
  await shown.until(() => /:\d\d(\.\d+)?Z/.test(document.body.textContent ?? ''));
  shown.press('Ctrl+k');
  shown.type('>time zone');
  shown.press('Enter');
  shown.type('Asia/Tokyo');
  shown.press('Enter');
  await shown.until(() => /:\d\d(\.\d+)?\+09:00/.test(document.body.textContent ?? ''));
  expect(shown.texts('[data-test=status-bar]')[0]).toContain('Asia/Tokyo');
});

it('says what of the file cannot be used', async () => {
  const shown = await open({ settingsProblems: ['line 3: theme is "drak", and must be one of dark, light, system'] });
  await shown.until(() => shown.texts('[data-test=error-card]').some((text) => text.includes('line 3: theme is')));
});

it('binds keys, tells of a clash, and gives them back', async () => {
  const shown = await open();
  await openSettings(shown);
  const command = shown.find<HTMLSelectElement>('[data-test=key-command]');
  if (!command) throw new Error('the editor is there');
  command.value = 'go.link.copy';
  command.dispatchEvent(new Event('change', { bubbles: true }));
  shown.find('[data-test=key-press]')?.focus();
  shown.press('Ctrl+k');
  await shown.until(() => shown.texts('[data-test=key-clash]')[0]?.includes('Search or run a command'));
  shown.press('Ctrl+y');
  await shown.until(() => shown.find('[data-test=key-clash]') === null);
  shown.find('[data-test=key-bind]')?.click();
  await shown.until(() => shown.texts('[data-test=key-editor] li kbd').includes('Ctrl+y'));
  shown.find('[data-test=key-bind]')?.focus();
  shown.press('Ctrl+1');
  shown.press('Ctrl+y');
  await shown.until(() => shown.copied.some((text) => text.startsWith('refold://')));
  await openSettings(shown);
  shown.find('[data-test=key-editor] li button')?.click();
  await shown.until(() => shown.find('[data-test=key-editor] li kbd') === null);
});

it('frames the window and its title by what the store is', async () => {
  const shown = await open();
  const band = () => shown.find('[data-test=env-band]');
  expect(band()?.dataset['environment']).toBe('local');
  shown.press('Ctrl+k');
  shown.type('>say what this store is');
  shown.press('Enter');
  shown.type('production');
  shown.press('Enter');
  await shown.until(() => band()?.dataset['environment'] === 'production');
  expect(band()?.textContent).toContain('PRODUCTION · READ-ONLY');
  expect(document.title).toMatch(/^\[PROD\] /);
});
