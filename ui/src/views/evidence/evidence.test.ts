// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { openPage, type Page } from '../../app/page.test-kit';
import { BackendError } from '../../backend/backend';
import type { JobUpdate } from '../../backend/bindings';
import { fakeBackend } from '../../backend/fake';

let page: Page;

afterEach(async () => page.close());

const text = (test: string) => page.texts(`[data-test=${test}]`)[0] ?? '';

function drop(name: string): void {
  const event = Object.assign(new Event('drop', { cancelable: true }), { dataTransfer: { files: [{ name }] } });
  window.dispatchEvent(event);
}

/** A store open at a stream, in the view of some keys. */
async function open(keys: string, ready: string, store = 'orders.db'): Promise<ReturnType<typeof fakeBackend>> {
  const launch = { store, stream: 'order-4711', at: 'v8', handler: null, layout: null };
  const backend = fakeBackend({ launch, sampleEvents: 2_000 });
  page = openPage({ launch }, backend);
  await page.until(() => page.find('[data-test=cursor-a-label]'));
  page.press(keys);
  await page.until(() => page.find(`[data-test=${ready}]`));
  return backend;
}

it('makes an anchor where a person says, and verifies against it, with the keys alone', async () => {
  await open('Ctrl+8', 'anchors-empty');
  page.press('Ctrl+Enter');
  expect(text('notice')).toBe('Choose an anchor first');
  page.press('n');
  await page.until(() => text('anchor-made').includes('/home/ada/evidence/anchor-20261122'));
  expect(text('anchor-made')).toContain('.salt');
  expect(page.all('[data-test=anchor]')).toHaveLength(3);
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=verdict]')?.dataset['outcome'] === 'verified');
  expect(text('outcome')).toContain('Verified Unchanged since');
  expect(text('verify-level')).toContain('every event up to its horizon');
  const terms = page.texts('[data-test=anchor-detail] dt');
  expect(terms.filter((term) => ['Root', 'Signed by'].includes(term)).toSorted()).toEqual(['Root', 'Signed by']);
});

it('shows who stamped an anchor, and relies on it where the authority is named', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty');
  const asked = vi.spyOn(backend, 'makeAnchor');
  page.find('[data-test=anchor-stamp]')?.focus();
  page.type(' https://stamps.example/tsr ');
  page.find('[data-test=anchors-empty]')?.closest('section')?.focus();
  page.press('n');
  await page.until(() => text('anchor-made').includes('stamped 2026-11-22'));
  expect(asked.mock.calls[0]?.[1].stamp).toBe('https://stamps.example/tsr');
  vi.spyOn(backend, 'pickFile').mockResolvedValue('/home/ada/root.pem');
  page.find('[data-test=verify-authority-choose]')?.click();
  await page.until(() => text('verify-authority').includes('root.pem'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=verdict]')?.dataset['outcome'] === 'verified');
  expect(text('verify-level')).toContain('that an authority');
  expect(text('verify-stamp')).toContain('CN=Time Stamps');
});

it('says of the chain of a store that is not what it says, as of nothing good', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty', 'chained.ndjson');
  const verify = backend.verifyStore.bind(backend);
  vi.spyOn(backend, 'verifyStore').mockImplementation(async (...asked) => {
    const sentence = 'NOT consistent with its own chain: 1 contradiction among 59 events';
    const chain = {
      ...{ outcome: 'broken' as const, sentence, level: '', signatures: 'no event is signed', isBroken: true },
      ...{ isPartial: false, last: '58', head: '', findings: [], findingCount: 0, notChecked: [] },
    };
    return { ...(await verify(...asked)), chain };
  });
  page.press('n');
  await page.until(() => text('anchor-made').includes('anchor-20261122'));
  page.press('Ctrl+Enter');
  await page.until(() => text('verify-chain').includes('NOT consistent'));
  expect(page.find('[data-test=verify-chain]')?.classList).toContain('broken');
  // The header tells what was said last, wherever it was asked, and leads there.
  page.press('Ctrl+1');
  await page.until(() => text('chain-chip') === 'chain broken');
  page.find('[data-test=chain-chip]')?.click();
  await page.until(() => text('verify-chain').includes('NOT consistent'));
});

it('verifies the chain that a store keeps itself with its key, without an anchor', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty', 'chained.ndjson');
  await page.until(() => page.find('[data-test=segment-chain]'));
  page.press('s');
  await page.until(() => page.find('[data-test=chain-empty]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=chain-verdict]')?.dataset['outcome'] === 'verified');
  expect(text('chain-level')).toContain('proof that the store itself keeps');
  expect(text('chain-signatures')).toContain('no signature was checked');
  expect(text('chain-not-checked')).toContain('cut off');
  vi.spyOn(backend, 'pickFile').mockResolvedValue('/home/ada/library-public.pem');
  const verify = vi.spyOn(backend, 'verifyChain');
  page.find('[data-test=native-key-choose]')?.click();
  await page.until(() => text('native-key').includes('library-public.pem'));
  page.press('Ctrl+Enter');
  await page.until(() => text('chain-signatures').includes('every event is signed'));
  expect(verify.mock.lastCall?.slice(1, 3)).toEqual(['/home/ada/library-public.pem', '']);
});

it('says in the header what verifying the own chain came to, and leads there', async () => {
  const backend = await open('Ctrl+2', 'chain-chip', 'chained.ndjson');
  expect(text('chain-chip')).toBe('chain not verified');
  page.find('[data-test=chain-chip]')?.click();
  await page.until(() => page.find('[data-test=chain-empty]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=chain-verdict]'));
  page.press('Ctrl+2');
  await page.until(() => text('chain-chip').startsWith('chain holds to #'));
  expect(page.find('[data-test=chain-chip]')?.classList).toContain('notice');
  // The store as a whole has it too.
  page.press('Ctrl+1');
  await page.until(() => page.find('[data-test=overview-streams], [data-test=stream-filter]'));
  await page.until(() => text('chain-chip').startsWith('chain holds to #'));
  const verify = backend.verifyChain.bind(backend);
  vi.spyOn(backend, 'verifyChain').mockImplementation(async (...asked) => {
    const held = await verify(...asked);
    return { ...held, outcome: 'broken', isBroken: true, sentence: 'NOT consistent' };
  });
  page.find('[data-test=chain-chip]')?.click();
  await page.until(() => page.find('[data-test=chain-verdict]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=chain-verdict]')?.dataset['outcome'] === 'broken');
  page.press('Ctrl+1');
  await page.until(() => text('chain-chip') === 'chain broken');
  expect(page.find('[data-test=chain-chip]')?.title).toBe('NOT consistent');
});

it('shows no word of a chain where the store keeps none', async () => {
  await open('Ctrl+2', 'scope-header');
  expect(page.find('[data-test=chain-chip]')).toBeNull();
});

it('asks lists of revoked certificates only beside an authority', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty');
  page.press('n');
  await page.until(() => text('anchor-made').includes('anchor-20261122'));
  expect(page.find('[data-test=verify-revoked]')).toBeNull();
  const files = ['/home/ada/root.pem', '/home/ada/root.crl', '/home/ada/middle.crl'];
  vi.spyOn(backend, 'pickFile').mockImplementation(() => Promise.resolve(files.shift() ?? null));
  page.find('[data-test=verify-authority-choose]')?.click();
  await page.until(() => page.find('[data-test=verify-revoked]'));
  page.find('[data-test=verify-revoked-choose]')?.click();
  await page.until(() => text('verify-revoked').includes('root.crl'));
  page.find('[data-test=verify-revoked-choose]')?.click();
  await page.until(() => text('verify-revoked').includes('middle.crl'));
  const verify = vi.spyOn(backend, 'verifyStore');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=verdict]'));
  expect(verify.mock.lastCall?.[1].revoked).toEqual(['/home/ada/root.crl', '/home/ada/middle.crl']);
});

it('names what differs, what it did, and goes to the event', async () => {
  await open('Ctrl+8', 'anchors-empty', 'tampered.db');
  page.press('f');
  await page.until(() => page.all('[data-test=anchor]').length === 2);
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=verdict]')?.dataset['outcome'] === 'broken');
  expect(text('outcome')).toContain('Broken at #40,301');
  expect(text('verify-partial')).toContain('10 events that came since');
  expect(page.texts('[data-test=verify-finding]').map((row) => row.split(' ')[0])).toEqual(['CHANGED', 'REMOVED']);
  expect(page.texts('[data-test=verify-impact] h2 .mono')).toEqual(['order-4711', 'order-4712']);
  expect(page.texts('[data-test=verify-impact] td')).toEqual(['/paid', '104.50', '1.00']);
  expect(page.find('[data-test=verify-unasked]')).toBeNull();
  page.find('[data-test=verify-findings]')?.focus();
  page.press('ArrowDown');
  await page.until(() => page.find('[data-test=verify-impact]') === null);
  expect(text('verify-unasked')).toContain('Nobody looked what this did to states');
  page.press('o');
  expect(text('notice')).toBe('Choose a finding about an event first');
  page.press('ArrowUp');
  page.press('Enter');
  await page.until(() => page.find('.page')?.dataset['view'] === 'history');
});

it('leads to an older copy of the store where one would tell more', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty', 'tampered.db');
  page.press('f');
  await page.until(() => page.all('[data-test=anchor]').length === 2);
  const verify = backend.verifyStore.bind(backend);
  const asked = vi.spyOn(backend, 'verifyStore').mockImplementation(async (...of) => {
    const verified = await verify(...of);
    const [first, ...rest] = verified.findings;
    const sentence = 'the state before is told by nobody: name an older copy of the store';
    const impacts = [{ stream: 'order-4711', isProven: false, sentence, changes: [] }];
    return { ...verified, findings: first ? [{ ...first, impacts, wantsCopy: true }, ...rest] : [] };
  });
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=finding-copy]'));
  expect(text('verify-impact')).toContain('The state before is told by nobody');
  vi.spyOn(backend, 'pickFile').mockResolvedValue('/home/ada/older.db');
  // The next finding is one that no copy would tell more of.
  page.find('[data-test=verify-findings]')?.focus();
  page.press('ArrowDown');
  await page.until(() => page.find('[data-test=finding-copy]') === null);
  page.press('ArrowUp');
  const door = await page.until(() => page.find('[data-test=finding-copy]'));
  door.click();
  await page.until(() => asked.mock.calls.length === 2);
  expect(asked.mock.lastCall?.[1].copy).toBe('/home/ada/older.db');
});

it('refuses an anchor of another store before it is tried', async () => {
  await open('Ctrl+8', 'anchors-empty');
  page.press('f');
  await page.until(() => page.all('[data-test=anchor]').length === 2);
  page.press(']');
  page.press('Ctrl+Enter');
  expect(text('notice')).toBe('This anchor is of another kind of store');
});

it('stops what runs, and leaves nothing of it', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty');
  vi.spyOn(backend, 'pickFolder').mockResolvedValue('/home/ada/slow');
  page.press('n');
  await page.until(() => page.find('[data-test=job-progress]'));
  await page.until(() => text('job-progress').includes('anchoring'));
  page.press('Escape');
  await page.until(() => page.find('[data-test=job-progress]') === null);
  expect(page.find('[data-test=anchor-made]')).toBeNull();
  expect(page.find('[data-test=error-card]')).toBeNull();
});

it('says why anchors cannot be listed', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty');
  vi.spyOn(backend, 'pickFolder').mockResolvedValue('/home/ada/none');
  page.press('f');
  await page.until(() => text('error-card').includes('folder of the anchors cannot be read'));
});

it('looks at the health of the store', async () => {
  await open('Ctrl+8', 'anchors-empty', 'tampered.db');
  page.press('s');
  await page.until(() => page.find('[data-test=health-empty]'));
  page.press('Ctrl+Enter');
  await page.until(() => text('health-summary').includes('2,000 events'));
  expect(page.texts('[data-test=finding-group]')[0]).toContain('event-id-twice');
  expect(text('health-types')).toContain('+/wallet at #4,711');
  expect(text('health-not-checked')).toContain('snapshots');
});

it('makes a report of B to A in four actions, and verifies it', async () => {
  await open('Home', 'cursor-a-label');
  page.press('ArrowRight');
  page.press('b');
  page.press('End');
  page.press('Ctrl+e');
  await page.until(() => page.find('[data-test=reports]'));
  await page.until(() => document.activeElement?.matches('[data-test=report-run]'));
  expect(page.find<HTMLTextAreaElement>('[data-test=report-streams]')?.value).toBe('order-4711');
  expect(page.find<HTMLInputElement>('[data-test=report-from]')?.value).toBe('v1');
  page.press('Ctrl+Enter');
  await page.until(() => text('report-dir').includes('/home/ada/evidence/report-'));
  expect(text('report-commands')).toContain('sha256sum -c SHA256SUMS');
  expect(text('report-limits')).toContain('L0');
  expect(page.all('[data-test=report-files] tbody tr')).toHaveLength(4);
  page.press('v');
  await page.until(() => page.find('[data-test=bundle-result]')?.dataset['outcome'] === 'verified');
  expect(text('bundle-limits')).toContain('nobody signed it');
});

it('makes a report of the anchor that is looked at, with what came of it', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty', 'tampered.db');
  page.press('f');
  await page.until(() => page.all('[data-test=anchor]').length === 2);
  page.press('Ctrl+e');
  await page.until(() => document.activeElement?.matches('[data-test=report-run]'));
  expect(page.find('[data-test=segment-verification]')?.ariaChecked).toBe('true');
  expect(page.find('[data-test=report-from]')).toBeNull();
  const make = vi.spyOn(backend, 'makeReport');
  page.press('Ctrl+Enter');
  await page.until(() => text('outcome').includes('Broken'));
  const [, asked] = make.mock.lastCall ?? [];
  expect(asked).toMatchObject({ streams: [], category: '', from: '', to: '' });
  expect(asked?.question).toMatchObject({ of: 'verification', anchor: expect.stringContaining('20261121T143000Z') });
  expect(text('report-not-checked')).toContain('before the anchor');
  // What holds in Integrity holds here: an anchor of another store is refused before it is tried.
  const chosen = page.find<HTMLSelectElement>('[data-test=report-anchor]');
  if (chosen) chosen.selectedIndex = 1;
  chosen?.dispatchEvent(new Event('change', { bubbles: true }));
  page.press('Ctrl+Enter');
  expect(text('notice')).toBe('This anchor is of another kind of store');
});

it('says that an anchor must be chosen, and why anchors cannot be listed', async () => {
  const backend = await open('Ctrl+7', 'reports');
  page.find('[data-test=segment-verification]')?.click();
  await page.until(() => page.find('[data-test=report-anchors]'));
  page.press('Ctrl+Enter');
  expect(text('notice')).toBe('Choose an anchor first');
  vi.spyOn(backend, 'pickFolder').mockResolvedValue('/home/ada/none');
  page.find('[data-test=report-anchors-choose]')?.click();
  await page.until(() => text('error-card').includes('folder of the anchors cannot be read'));
});

it('opens the report that was made, and its folder, and says why not', async () => {
  const backend = await open('Ctrl+7', 'reports');
  page.press('o');
  expect(text('notice')).toBe('Make a report first');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=report-made]'));
  const opened = vi.spyOn(backend, 'openReport');
  page.press('o');
  page.press('Shift+O');
  const folder = page.find('[data-test=report-made]')?.dataset['dir'];
  expect(opened.mock.calls).toEqual([
    [folder, 'report.pdf'],
    [folder, null],
  ]);
  opened.mockRejectedValue(
    new BackendError({ code: 'notFound', message: 'it is not there any more', hint: 'make it again', choices: [] }),
  );
  page.press('o');
  await page.until(() => text('error-card').includes('It is not there any more'));
});

it('makes a report of the invariants that are looked at, in their scope', async () => {
  const backend = await open('Ctrl+6', 'invariant');
  page.press('Ctrl+e');
  await page.until(() => document.activeElement?.matches('[data-test=report-run]'));
  expect(page.find('[data-test=segment-invariants]')?.ariaChecked).toBe('true');
  expect(page.find<HTMLSelectElement>('[data-test=report-handler]')?.value).not.toBe('');
  const make = vi.spyOn(backend, 'makeReport');
  page.press('Ctrl+Enter');
  await page.until(() => text('outcome').includes('violations of 3 invariants'));
  expect(make.mock.lastCall?.[1]).toMatchObject({ from: '', to: '', question: { of: 'invariants', condition: '' } });
  page.find('[data-test=segment-stream]')?.click();
  await page.until(() => page.find('[data-test=report-streams]'));
  const streams = page.find<HTMLTextAreaElement>('[data-test=report-streams]');
  if (streams) streams.value = 'order-4711\norder-4712';
  streams?.dispatchEvent(new Event('input', { bubbles: true }));
  page.press('Ctrl+Enter');
  expect(text('notice')).toContain('one stream');
});

it('makes a report of the two handlers that are compared', async () => {
  const backend = await open('Ctrl+4', 'replay-right');
  page.press('Ctrl+e');
  await page.until(() => document.activeElement?.matches('[data-test=report-run]'));
  expect(page.find('[data-test=segment-comparison]')?.ariaChecked).toBe('true');
  const [left, right] = ['handler', 'against'].map(
    (name) => page.find<HTMLSelectElement>(`[data-test=report-${name}]`)?.value,
  );
  expect(left).not.toBe(right);
  const make = vi.spyOn(backend, 'makeReport');
  page.press('Ctrl+Enter');
  await page.until(() => text('outcome').includes('They differ'));
  expect(make.mock.lastCall?.[1]).toMatchObject({ handler: left, question: { of: 'comparison', against: right } });
});

it('makes a report about a person, with its own key, and takes none of what else is open for it', async () => {
  const backend = await open('Ctrl+7', 'reports');
  page.find('[data-test=segment-subject]')?.click();
  await page.until(() => page.find('[data-test=report-keys]'));
  page.press('Ctrl+Enter');
  expect(text('notice')).toBe('Say what the person is known by first');
  const fill = (test: string, value: string) => {
    const field = page.find<HTMLTextAreaElement>(`[data-test=${test}]`);
    if (!field) throw new Error(`no field ${test}`);
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  fill('report-keys', '/customerId=C-7\n\n /email=ann@example.org \n');
  expect(page.find('[data-test=report-handler]')).toBeNull();
  vi.spyOn(backend, 'pickFile').mockResolvedValue('/home/ada/list.toml');
  page.find('[data-test=report-allow-choose]')?.click();
  await page.until(() => text('report-allow') === '/home/ada/list.toml');
  page.press('d');
  await page.until(() => text('report-path-rows').includes('Pseudonym'));
  expect(text('idle-list')).toContain('/nowhere');
  const make = vi.spyOn(backend, 'makeReport');
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=report-new-case-key]'));
  expect(text('report-files')).toContain('what is shown of the events');
  expect(make.mock.lastCall?.[1]).toMatchObject({
    question: {
      of: 'subject',
      keys: ['/customerId=C-7', '/email=ann@example.org'],
      allow: '/home/ada/list.toml',
      caseKey: '',
    },
    ...{ streams: [], category: '', handler: '', from: '', to: '' },
  });
  fill('report-keys', '/customerId=nobody');
  page.press('Ctrl+Enter');
  await page.until(() => text('error-card').includes('No event holds this person'));
});

it('stops a report that runs, and leaves nothing of it', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty');
  vi.spyOn(backend, 'pickFolder').mockResolvedValue('/home/ada/slow');
  page.press('f');
  await page.until(() => page.all('[data-test=anchor]').length === 2);
  page.press('Ctrl+e');
  await page.until(() => document.activeElement?.matches('[data-test=report-run]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=job-progress]'));
  page.press('v');
  expect(text('notice')).toBe('It runs already');
  page.press('Escape');
  await page.until(() => page.find('[data-test=job-progress]') === null);
  expect(page.find('[data-test=report-made]')).toBeNull();
  expect(page.find('[data-test=error-card]')).toBeNull();
});

it('shows what rules would hide before anything is written', async () => {
  await open('Ctrl+7', 'reports');
  // Before anybody asks: without rules all of it will stand there.
  expect(text('report-redact')).toBe('none');
  expect(text('report-nothing-hidden')).toContain('will be in the report');
  page.press('d');
  await page.until(() => text('report-dry-run').startsWith('Nothing is hidden'));
  expect(page.all('[data-test=report-path-rows] tr.hidden')).toHaveLength(0);
  page.press('r');
  await page.until(() => page.find('[data-test=report-redact-clear]'));
  // Of other rules the list would say that nothing is hidden.
  await page.until(() => page.find('[data-test=reports-past]'));
  expect(page.find('[data-test=report-path-rows]')).toBeNull();
  page.find('[data-test=report-redact-clear]')?.click();
  await page.until(() => page.find('[data-test=report-path-rows]'));
  page.press('r');
  await page.until(() => page.find('[data-test=report-redact-clear]'));
  page.press('d');
  await page.until(() => page.all('[data-test=report-path-rows] tr.hidden').length === 1);
  expect(text('report-dry-run')).not.toContain('Nothing is hidden');
  expect(page.find('[data-test=report-nothing-hidden]')).toBeNull();
  expect(text('idle-rule')).toContain('/custmer/name');
  expect(page.find('[data-test=report-made]')).toBeNull();
});

it('shows the pages of a report before it is made, as text and under its rules', async () => {
  await open('Ctrl+7', 'reports');
  page.press('p');
  await page.until(() => text('report-preview-of').includes('4 pages'));
  expect(text('report-preview-of')).toContain('Nothing is written');
  expect(text('report-preview-pages')).toContain('All events of the store <b>orders</b>');
  expect(text('report-preview-pages')).toContain('ada@example.org');
  expect(text('preview-more')).toMatch(/^The first 1 of [\d,]+ rows/);
  expect(page.find('[data-test=report-made]')).toBeNull();
  page.press('r');
  await page.until(() => page.find('[data-test=report-redact-clear]'));
  // What was shown is of other rules by now.
  expect(page.find('[data-test=report-preview-pages]')).toBeNull();
  expect(text('reports-past')).toContain('Something else is asked by now');
  page.press('p');
  await page.until(() => text('report-preview-pages').includes('[redacted]'));
  expect(text('report-preview-pages')).not.toContain('ada@example.org');
  page.press('d');
  await page.until(() => page.find('[data-test=report-path-rows]'));
  expect(page.find('[data-test=report-preview-pages]')).toBeNull();
});

it('is about something else by a key', async () => {
  await open('Ctrl+7', 'reports');
  for (const [key, ready] of [
    ['2', 'report-anchors'],
    ['3', 'report-condition'],
    ['4', 'report-against'],
    ['5', 'report-keys'],
    ['1', 'report-streams'],
  ] as const) {
    page.press(key);
    await page.until(() => page.find(`[data-test=${ready}]`));
  }
});

it('shows nothing of the rules before that cannot be read any more', async () => {
  const backend = await open('Ctrl+7', 'reports');
  page.press('d');
  await page.until(() => page.find('[data-test=report-path-rows]'));
  const gone = { code: 'notFound' as const, message: 'the rules are gone', hint: '', choices: [] };
  vi.spyOn(backend, 'reportPaths').mockRejectedValue(new BackendError(gone));
  page.press('d');
  await page.until(() => page.find('[data-test=error-card]'));
  expect(page.find('[data-test=report-path-rows]')).toBeNull();
});

it('says what is missing before a report can be made', async () => {
  await open('Ctrl+7', 'reports');
  for (const format of ['pdf', 'html', 'csv', 'json']) page.find(`[data-test=report-format-${format}]`)?.click();
  page.press('Ctrl+Enter');
  expect(text('notice')).toBe('Choose at least one kind of file first');
});

it('names the file of a bundle that was changed, also of one that is dropped on it', async () => {
  await open('Ctrl+8', 'anchors-empty');
  drop('broken-report');
  await page.until(() => page.find('[data-test=bundle-result]')?.dataset['outcome'] === 'broken');
  const wrong = page.texts('[data-test=bundle-file].wrong td');
  expect(wrong).toEqual(['report.html', 'BROKEN', 'it is not what SHA256SUMS says']);
  drop('none');
  await page.until(() => text('error-card').includes('is no anchor, no proof and no report'));
});

it('checks what a person was given without a store', async () => {
  page = openPage();
  await page.until(() => page.find('[data-test=welcome-evidence]'));
  page.press('Ctrl+8');
  await page.until(() => page.find('[data-test=bundle-empty]'));
  drop('broken-report');
  await page.until(() => page.find('[data-test=bundle-result]')?.dataset['outcome'] === 'broken');
  page.find('[data-test=integrity-run]')?.click();
  await page.until(() => page.find('[data-test=bundle-result]')?.dataset['outcome'] === 'verified');
  page.press('Ctrl+Enter');
  expect(text('notice')).toContain('store');
});

it('says what runs while a report is written, and not that all of it is done', async () => {
  const backend = await open('Ctrl+7', 'reports');
  vi.spyOn(backend, 'pickFolder').mockResolvedValue('/home/ada/evidence');
  let tell: (update: JobUpdate) => void = () => {};
  vi.spyOn(backend, 'makeReport').mockImplementation((_, __, progress) => {
    tell = progress;
    return new Promise(() => {});
  });
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=job-progress]'));
  const bar = () => page.find('[data-test=job-progress] [role=progressbar]');
  tell({ job: 1, phase: 'writingTheEvents', done: 1_000, total: 4_000, doublings: 0 });
  await page.until(() => text('job-progress').includes('1,000 of 4,000 events · 25 % · 3,000 left'));
  expect(bar()?.getAttribute('aria-valuenow')).toBe('25');
  tell({ job: 1, phase: 'writingThePages', done: 4_000, total: 4_000, doublings: 0 });
  await page.until(() => text('job-progress').includes('writing the pages'));
  expect(text('job-progress')).not.toContain('%');
  expect(bar()?.hasAttribute('aria-valuenow')).toBe(false);
});

it('leaves what failed of one section there, and says how to go on', async () => {
  const backend = await open('Ctrl+8', 'anchors-empty');
  const health = vi.spyOn(backend, 'storeHealth');
  health.mockRejectedValueOnce(new BackendError({ code: 'corrupt', message: 'it changed', hint: '', choices: [] }));
  page.press('s');
  await page.until(() => page.find('[data-test=health]'));
  page.press('Ctrl+Enter');
  await page.until(() => page.find('[data-test=error-card]'));
  page.press('s');
  await page.until(() => page.find('[data-test=health]') === null);
  expect(page.find('[data-test=error-card]')).toBeNull();
  for (let k = 0; k < 4 && !page.find('[data-test=health]'); k += 1) page.press('s');
  await page.until(() => page.find('[data-test=health]'));
  health.mockRejectedValueOnce(new BackendError({ code: 'corrupt', message: 'it changed', hint: '', choices: [] }));
  page.press('Ctrl+Enter');
  const again = await page.until(() => page.find('[data-test=error-retry]'));
  again.click();
  await page.until(() => text('health-summary').includes('events'));
  expect(page.find('[data-test=error-card]')).toBeNull();
});
