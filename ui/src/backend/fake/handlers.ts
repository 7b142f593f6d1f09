// The twin's package: two versions of rules, one of which is a draft. Nobody writes to it. Of the types of the sample one
// is known to no version.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { HandlersBackend } from '../handlers';
import { identity, placeAt } from './lab';
import { TYPES, type FakeEvents } from './orders';

type Fold = (session: number, progress: (update: wire.JobUpdate) => void, phase: wire.PhaseWire) => Promise<FakeEvents>;

const PATH = '/home/ada/shop/handlers/order';
/** What the rules say nothing of. */
const MISSING = 'LoyaltyPointsGranted';

const RULES = ['refold: reducer/1', 'on:', '  OrderPlaced:', '    - set: { status: "\'placed\'" }', ''].join('\n');
/** Where the twin keeps its drafts. */
const DRAFTS = '/home/ada/.local/share/refold/drafts/order-1/package';

const MANIFEST = 'handler.toml';
const WORDS = 'format =\n';
/** What a draft begins with. */
const begun = (name: string) => (name === MANIFEST ? WORDS : RULES);

function draftOf(folder: string, files: ReadonlyMap<string, string>): wire.DraftTold {
  const own = [...files.keys()].filter((name) => name.startsWith('tests/'));
  const cases = [
    ...own.map((file) => ({ file, isOwn: true })),
    ...['tests/happy.case.yaml', 'tests/removed.case.yaml'].map((file) => ({ file, isOwn: false })),
  ];
  return { folder, hasOwnManifest: files.get(MANIFEST) !== WORDS, cases, caseCount: cases.length };
}

/** `fold`: goes through the events of a store as a job. */
export function packages(fold: Fold): HandlersBackend {
  const drafts = new Map<string, Map<string, string>>();
  const discarded = new Map<string, Map<string, string>>();
  const published: string[] = [];
  const originOf = (draft: string) => `${PATH}@${draft.split('@')[1]?.replace('-draft', '') ?? ''}`;
  const version = (id: string, isDraft: boolean, effective: string[]): wire.PackageVersion => ({
    ...{ reference: `${PATH}@${id}`, version: id, runtime: 'declarative', isDraft, isPinned: !isDraft },
    ...{ effective, histories: isDraft ? 1 : 0, origin: null },
  });
  const written = (reference: string): wire.PackageVersion => ({
    ...version(reference.split('@')[1] ?? '', true, []),
    ...{ reference, histories: 0, origin: originOf(reference) },
  });
  const folderOf = (draft: string) => `versions/${draft.split('@')[1] ?? ''}`;
  const filesOf = (draft: string): Map<string, string> => {
    const files = drafts.get(draft);
    if (files) return files;
    throw new BackendError({ code: 'notFound', message: 'there is no such draft', hint: 'make one', choices: [] });
  };
  const refuse = (message: string): never => {
    throw new BackendError({ code: 'invalidInput', message, hint: 'choose another name', choices: [] });
  };
  const toNew = (files: Map<string, string>, file: string) => {
    if (!/^(versions\/[\w.-]+|tests)\/[\w+-][\w.+-]*$/.test(file)) {
      refuse(`this is no name for a file of a draft: ${file}`);
    }
    if (files.has(file)) refuse(`something of this name is there already: ${file}`);
  };
  const twin: HandlersBackend = {
    async watchHandlers(_, news) {
      news({ changes: 0, histories: [], broken: [], atHand: null });
    },
    async handlers() {
      return [
        {
          ...{ path: PATH, name: 'order', title: 'Orders', category: 'order', problem: null, cases: 2 },
          versions: [
            ...[version('1.0.0', false, ['2026-06-01T00:00:00Z ..']), version('1.1.0', true, [])],
            ...[...published.map((id) => version(id, false, [])), ...[...drafts.keys()].map(written)],
          ],
        },
      ];
    },
    async handlerTold(handler) {
      const isOld = handler.endsWith('1.0.0');
      const files = drafts.get(handler);
      const folder = `versions/${drafts.has(handler) || isOld ? (handler.split('@')[1] ?? '') : '1.1.0'}`;
      const text = files ? (files.get(`${folder}/reducer.yaml`) ?? '') : RULES;
      const line = text.split('\n').findIndex((line) => line.includes('oops')) + 1;
      const at = { file: `${folder}/reducer.yaml`, line, column: 5 };
      const what = { code: 'RF-PKG-RULES', message: 'there is no operation `oops`', advice: 'correct it there' };
      const problem = line > 0 ? { ...what, ...at } : null;
      return {
        handler: problem
          ? null
          : { ...identity(handler), hash: `sha256:${(isOld ? '18ee5032' : '4f1c09aa').repeat(8)}` },
        ...{ problem, furtherProblems: [], furtherFiles: 0, walls: null },
        invariants: [
          { id: 'total', title: 'What an order comes to', condition: 'state.total >= 0', severity: 'error' },
        ],
        upcasters: [{ place: `${folder}/upcasters.yaml:5:3`, eventType: 'OrderPlaced', from: 1, to: 2 }],
        files: [
          ...[...(files ?? [[`${folder}/reducer.yaml`, RULES] as const, [MANIFEST, WORDS] as const])]
            .filter(([name]) => !name.startsWith('tests/'))
            .map(([name, text]) => ({ name, bytes: text.length, text, isOwn: files !== undefined })),
          ...[{ name: `${folder}/tax.wasm`, bytes: 4_711, text: null, isOwn: files !== undefined }],
          { name: 'story.yaml', bytes: 17, text: 'refold: story/1\n', isOwn: false },
          ...[...(files ?? [])]
            .filter(([name]) => name.startsWith('tests/'))
            .map(([name, text]) => ({ name, bytes: text.length, text, isOwn: true })),
        ],
        draft: files ? draftOf(folder, files) : null,
      };
    },
    async handlerCoverage(session, _, progress) {
      const events = await fold(session, progress, 'countingEvents');
      const rows = TYPES.flatMap((eventType, type): wire.CoverageRow[] => {
        const at = events.types.indexOf(type);
        const count = events.types.filter((of) => of === type).length;
        const stream = events.streams[at] ?? 0;
        const index = events.ofStream[stream]?.indexOf(at) ?? 0;
        const first = { stream: events.ids[stream] ?? '', event: placeAt(events, stream, index) };
        return count === 0
          ? []
          : [{ eventType, events: count, taken: eventType === MISSING ? 'missing' : 'folded', first }];
      });
      const missing = rows.filter(({ taken }) => taken === 'missing');
      const rest = rows.filter(({ taken }) => taken !== 'missing').sort((a, b) => b.events - a.events);
      return {
        ...{ categories: ['order'], types: rows.length, events: events.times.length, typesElsewhere: 0 },
        ...{ missingTypes: missing.length, missingEvents: missing[0]?.events ?? 0, isBehind: false },
        ...{ rows: [...missing, ...rest], absent: ['OrderArchived'] },
      };
    },
    async usableHandlers(_, references) {
      return references.map((reference) => ({ reference, whyNot: null }));
    },
    async testHandler(session, handler, progress) {
      await fold(session, progress, 'runningTestCases');
      const version = handler.split('@')[1] ?? '';
      const isOld = version === '1.0.0';
      const one = { case: 'tests/happy.case.yaml', title: 'An order that is paid', version, events: 4 };
      const other = { case: 'tests/removed.case.yaml', title: '', version, events: 2 };
      const own = [...(drafts.get(handler)?.keys() ?? [])].filter((name) => name.startsWith('tests/'));
      const failures = isOld ? ['state /total: expected 10.00, found 20.00'] : [];
      return {
        ...{ passed: (isOld ? 1 : 2) + own.length, failed: isOld ? 1 : 0 },
        cases: [
          ...own.map((file) => ({ ...one, case: file, title: '', hasPassed: true, failures: [], failureCount: 0 })),
          { ...one, hasPassed: true, failures: [], failureCount: 0 },
          { ...other, hasPassed: !isOld, failures, failureCount: failures.length },
        ],
      };
    },
    async draftHandler(handler) {
      const reference = `${DRAFTS}@${handler.split('@')[1] ?? ''}-draft`;
      const files = [`${folderOf(reference)}/reducer.yaml`, MANIFEST];
      if (!drafts.has(reference)) drafts.set(reference, new Map(files.map((name) => [name, begun(name)])));
      return reference;
    },
    async writeDraft(draft, file, text, before) {
      const files = filesOf(draft);
      const isWritten = files.get(file) === before;
      if (isWritten) files.set(file, text);
      return { isWritten, told: await twin.handlerTold(draft) };
    },
    async addDraftFile(draft, file, text) {
      const files = filesOf(draft);
      toNew(files, file);
      files.set(file, text);
      return twin.handlerTold(draft);
    },
    async renameDraftFile(draft, file, to) {
      const files = filesOf(draft);
      toNew(files, to);
      files.set(to, files.get(file) ?? '');
      files.delete(file);
      return twin.handlerTold(draft);
    },
    async removeDraftFile(draft, file, before) {
      const files = filesOf(draft);
      const isWritten = files.get(file) === before;
      if (isWritten && file === MANIFEST) files.set(file, WORDS);
      else if (isWritten) files.delete(file);
      return { isWritten, told: await twin.handlerTold(draft) };
    },
    async makeDraftCase(session, { draft, name, stream }, progress) {
      const events = await fold(session, progress, 'readingEvents');
      const file = `tests/${name}.case.yaml`;
      if (!events.ids.includes(stream)) refuse(`there is no stream ${stream}`);
      const text = `refold: case/1\ngiven:\n  stream: '${stream}'\nexpect:\n  match: exact\n  state:\n    'status': 'placed'\n`;
      const told = await twin.addDraftFile(draft, file, text);
      return { file, events: 2, replaced: 0, hasState: true, told };
    },
    async discardDraft(draft) {
      discarded.set(draft, filesOf(draft));
      drafts.delete(draft);
    },
    async restoreDraft(draft) {
      drafts.set(draft, discarded.get(draft) ?? new Map());
    },
    async publishDraft(_, draft, version) {
      const why = 'no version is written: 1.0.0 is there already';
      if (version === '1.0.0') {
        throw new BackendError({ code: 'invalidInput', message: why, hint: 'choose another version', choices: [] });
      }
      drafts.delete(draft);
      published.push(version);
      return `${PATH}@${version}`;
    },
    async tryDraft(session, draft, stream, _, progress) {
      const events = await fold(session, progress, 'readingEvents');
      const at = Math.max(0, events.ids.indexOf(stream));
      const event = placeAt(events, at, 1);
      const text = drafts.get(draft)?.get(`${folderOf(draft)}/reducer.yaml`) ?? '';
      const what = { code: 'RF-RULE', message: 'division by zero', advice: 'correct it there' };
      const fault = text.includes('fails') ? { event, problem: { ...what, file: null, line: 0, column: 0 } } : null;
      const isOther = fault === null && text !== RULES;
      const other = { event, path: '/status', left: '"placed"', right: '"new"', places: 1 };
      return {
        ...{ stream, handler: identity(draft), events: fault ? 1 : 2, recordedAt: '2026-06-02T00:07:20Z' },
        ...{ event: fault ? placeAt(events, at, 0) : event, changed: fault ? 0 : 1 },
        rows: fault ? [] : [{ path: '/status', left: null, right: '"placed"', differs: true, isSameNumber: false }],
        against: { handler: identity(originOf(draft)), first: isOther ? other : null, stopped: '' },
        ...{ fault, incompleteSince: '', findings: [] },
      };
    },
  };
  return twin;
}
