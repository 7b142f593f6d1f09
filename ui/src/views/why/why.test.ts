// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { Faults } from '../../backend/fake/faults';

let page: Page;
afterEach(() => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';
const field = () => page.find<HTMLInputElement>('[data-test=why-path]');

async function open(at = 'head', faults = new Faults()): Promise<void> {
  page = openPage({ launch: { store: 'sample.db', stream: 'order-4711', at, handler: null, layout: null }, faults });
  await page.until(() => page.find('[data-test=state-rows] [role=row]'));
}

/** Focuses the first field of the tree. */
function focusField(): void {
  page.find('[data-test=state-rows] [role=treegrid], [role=treegrid][data-test=state-rows]')?.focus();
  page.press('ArrowDown');
}

async function ask(path: string): Promise<void> {
  page.press('Shift+y');
  const text = await page.until(field);
  text.focus();
  page.type(path);
  text.closest('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  text.blur();
}

it('tells the operations that made a value, also where two conditions before one stand at one place', async () => {
  await open();
  await ask('/status');
  page.find('[data-test=segment-why]')?.click();
  await page.until(() => page.all('[data-test=why-step]').length === 2);
  expect(text('why-outcome')).toContain('folded alone, they give the same value');
  expect(text('why-at')).toBe('at v 15');
  expect(page.texts('[data-test=why-step] .guard')).toEqual(['because this held versions/1.1.0/reducer.yaml:85:13']);
  page.press('Escape');
  await page.until(() => page.find('[data-test=why]') === null);
});

it('tells which conditions were false, what they read, and what would be there else', async () => {
  await open();
  await ask('/totals/discount');
  await page.until(() => page.find('[data-test=why-not-tried]'));
  expect(text('why-not-outcome')).toMatch(/^15 events asked: \d+ changed it, last v \d+ /);
  const guards = page.all('[data-test=why-not-tried]:first-of-type [data-test=why-not-guard]');
  expect(guards.slice(0, 2).map(({ dataset }) => dataset['holds'])).toEqual(['true', 'false']);
  expect(text('why-read')).toMatch(/^\/totals\/total \d+\.\d\d$/);
  expect(text('why-not-otherwise')).toBe('else it would be 5.00');
  expect(page.texts('[data-test=why-not-types] tbody tr')).toContain('OrderPlaced11can write there');

  // One of them alone, and from there to its moment.
  const of = page.find('[data-test=why-event]');
  const place = of?.querySelector('.place')?.textContent ?? '';
  of?.click();
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === place.replace(/\D/g, ''));
  await ask('/totals/discount');
  page.find('[data-test=segment-event]')?.click();
  await page.until(() => text('why-not-outcome') === '1 event asked: none changed it');
  expect(text('why-at')).toBe(`at ${place}`);
});

it('takes the path of a field that is not there, and says that no rule writes it', async () => {
  await open();
  page.press('Shift+y');
  await page.until(() => text('why-empty').startsWith('Type the path'));
  await page.until(() => document.activeElement === field());
  field()?.blur();
  await ask('/coupon');
  await page.until(() => text('why-not-note') === 'No rule of this handler for these events writes there');
  expect(page.all('[data-test=why-not-tried]')).toHaveLength(0);
  page.find('[data-test=segment-why]')?.click();
  await page.until(() => text('why-outcome') === 'No event made it: nothing was ever there');
});

it('says before the first event that there is none to ask', async () => {
  await open('start');
  await ask('/status');
  await page.until(() => text('why-empty').startsWith('No event is folded here yet'));
});

it.each(['why', 'whyNot'] as const)('%s fails, is told of, and is tried again', async (method) => {
  const faults = new Faults();
  faults.set(method, 'disconnected');
  await open('head', faults);
  focusField();
  page.press(method === 'why' ? 'y' : 'Shift+y');
  await page.until(() => page.find('[data-test=why] [data-test=error-card]'));
  faults.set(method, null);
  page.find('[data-test=error-retry]')?.click();
  await page.until(() => page.find('[data-test^=why-][data-test$=outcome]'));
  expect(page.find('[data-test=error-card]')).toBeNull();
});

const SINCE = { version: '3', position: '30', eventType: 'ItemAdded' };
const WITHOUT = { place: '12', eventType: 'ItemAdded', recordedAt: '2026-08-03T14:00:00Z' };

it('tells of code which events change the value when they are left out, and how far that is all', async () => {
  await open();
  const why = page.backend.why.bind(page.backend);
  page.backend.why = async (...asked) => ({
    ...(await why(...asked)),
    ...{ steps: [], events: 0, confirmed: null, untold: { unseen: 'reads', of: 'js', instead: null } },
    leftOut: {
      events: [
        { ...WITHOUT, moment: 12, value: '7.50', failedAt: null, fault: null },
        { ...WITHOUT, moment: 2, place: '2', value: null, failedAt: SINCE, fault: 'RF-HANDLER-THROW: no order' },
      ],
      ...{ further: 3, tried: 1_200, untaken: 4, since: SINCE, enough: null },
    },
  });
  await ask('/totals/total');
  page.find('[data-test=segment-why]')?.click();
  await page.until(() => page.all('[data-test=why-without]').length === 2);
  expect(text('why-outcome')).toBe(
    'What a handler of the engine js reads while it folds cannot be seen; events were left out instead, one at a time, and the others folded',
  );
  expect(text('why-left-out')).toBe(
    '1,200 events left out in turn, 5 of them matter; 4 other events were not left out: the handler folds none of them',
  );
  expect(text('why-left-out-since')).toMatch(/^Events before this one were not left out.*v 3 ItemAdded$/);
  expect(text('why-left-out-further')).toBe('and 3 events before that');
  expect(page.find('[data-test=why-left-out-enough]')).toBeNull();
  const [first, second] = page.texts('[data-test=why-without]');
  expect(first).toMatch(/without it, it would be 7\.50$/);
  expect(second).toMatch(
    /without it, it would be absent for the handler would fail on v 3 ItemAdded RF-HANDLER-THROW: no order$/,
  );
  page.find('[data-test=why-without] [data-test=why-event]')?.click();
  await page.until(() => page.find('[data-test=state-header]')?.dataset['version'] === '12');
});

it('tells of code what it did with an event instead', async () => {
  await open();
  const whyNot = page.backend.whyNot.bind(page.backend);
  const miss = { ...WITHOUT, fault: null, isUnread: false, tried: [] };
  page.backend.whyNot = async (...asked) => ({
    ...(await whyNot(...asked)),
    types: [
      { eventType: 'ItemAdded', events: 2, changed: 0, writes: null, untaken: 0 },
      { eventType: 'Noted', events: 3, changed: 0, writes: null, untaken: 3 },
    ],
    misses: [
      { ...miss, moment: 12, ran: { changed: ['/items', ''], further: 2 } },
      { ...miss, moment: 3, ran: { changed: [], further: 0 } },
    ],
    untold: { unseen: 'asks', of: 'wasm', instead: null },
  });
  await ask('/totals/discount');
  await page.until(() => page.find('[data-test=why-not-ran]'));
  expect(text('why-not-note')).toBe(
    'What a handler of the engine wasm asks while it folds cannot be seen, only what it did with each event',
  );
  expect(page.texts('[data-test=why-not-ran]')).toEqual([
    'The handler took it and changed /items, the state, 2 more instead',
    'The handler took it and changed nothing',
  ]);
  expect(page.texts('[data-test=why-not-types] tbody tr')).toEqual(['ItemAdded20cannot be seen', 'Noted30none']);
});

it('says since where the state may lack something, whichever is asked', async () => {
  await open();
  const { backend } = page;
  const [why, whyNot] = [backend.why.bind(backend), backend.whyNot.bind(backend)];
  backend.why = async (...asked) => ({ ...(await why(...asked)), incompleteSince: '4' });
  backend.whyNot = async (...asked) => ({ ...(await whyNot(...asked)), incompleteSince: '7' });
  await ask('/totals/discount');
  await page.until(() => text('why-incomplete') === 'incomplete since v 7');
  page.find('[data-test=segment-why]')?.click();
  await page.until(() => text('why-incomplete') === 'incomplete since v 4');
});

it('is one drawer: values of a field take its place, and it theirs', async () => {
  await open();
  focusField();
  page.press('y');
  await page.until(() => page.find('[data-test=why]'));
  page.press('h');
  await page.until(() => page.find('[data-test=field-history]'));
  expect(page.find('[data-test=why]')).toBeNull();
  page.press('y');
  await page.until(() => page.find('[data-test=why]'));
  expect(page.find('[data-test=field-history]')).toBeNull();
});
