// Evidence of the twin: a store with `chained` in its name keeps a hash chain of its own, signed by one key; one folder of two anchors, the older of which a store with `tampered` in its name no longer is. A
// bundle with `broken` in its path was changed, one with `none` in it is none; all takes long beside a folder with `slow` in
// its path.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { EvidenceBackend } from '../evidence';
import type { LabTwin } from './lab';

const FOLDER = '/home/ada/evidence';
const KEY = 'RWQ6CmkEh713celB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJk';
const ROOT = '4ce10bab7e0b0741a2bcaaffc6d3079e8ba07f50587b09f32ff87c0c0bfe8384';
const STAMPED = 'stamped 2026-11-22T05:00:02Z by CN=Time Stamps,O=Example, an authority that was named';
const MANNER: wire.ReportManner = {
  ...{ out: '', formats: [], redact: '', key: '', operator: '', organisation: '', classification: '' },
};

/** `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="80"/>` */
const SVG = 'PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI0ODAiIGhlaWdodD0iODAiLz4=';

export function withEvidence<Rest extends LabTwin>(twin: Rest): Rest & EvidenceBackend {
  let folder = '';
  let manner = MANNER;
  const made: wire.AnchorListed[] = [];
  const storeOf = (session: number) => twin.storeOf(session);
  const pass = async (session: number, phase: wire.PhaseWire, progress: (update: wire.JobUpdate) => void) => {
    const { events, location } = storeOf(session);
    const total = events.times.length;
    const job = twin.nextNumber();
    const steps = folder.includes('slow') ? 60 : 3;
    for (let step = 0; step <= steps; step += 1) {
      progress({ job, phase, done: Math.floor((total * step) / steps), total, doublings: 0 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (twin.isCancelled(job)) throw failed('cancelled', 'cancelled', '');
    }
    return { events, isTampered: location.includes('tampered') };
  };
  const scoped = async (session: number, asked: wire.ReportAskedWire, progress: (update: wire.JobUpdate) => void) => {
    const { events, isTampered } = await pass(session, 'lookingForTheEvents', progress);
    if (asked.question.of === 'subject' && asked.question.keys.some((key) => key.endsWith('=nobody'))) {
      throw failed('notFound', 'no event holds this person', 'look at the path and the value');
    }
    if (asked.question.of !== 'events') return asked.question.of === 'verification' && !isTampered ? 0 : 2;
    const found = asked.streams.map((stream) => events.ids.indexOf(stream));
    if (found.some((stream) => stream < 0)) {
      throw failed('notFound', 'no event is in the scope of the report', 'look at the bounds and the names');
    }
    const counts = found.map((stream) => events.ofStream[stream]?.length ?? 0);
    return found.length === 0 ? events.times.length : counts.reduce((sum, count) => sum + count, 0);
  };
  const evidence: EvidenceBackend = {
    async anchors(session, asked) {
      if (asked.includes('none')) {
        const message = `the folder of the anchors cannot be read (there is no such file or folder): ${asked}`;
        throw failed('invalidInput', message, 'name the folder in which anchors were made');
      }
      folder = asked || folder;
      const events = storeOf(session).events.times.length;
      return { folder, anchors: folder === '' ? [] : [...made.toReversed(), ...anchorsOf(folder, events)] };
    },
    async makeAnchor(session, { isShort, key, out, previous, stamp }, progress) {
      const { events } = await pass(session, 'anchoring', progress);
      const anchor: wire.AnchorListed = {
        ...{ dir: `${out}/anchor-20261122T050000Z-4ce10bab`, name: 'anchor-20261122T050000Z-4ce10bab', root: ROOT },
        ...{ isOfStore: true, madeAt: '2026-11-22T05:00:00Z', events: events.times.length, unreadable: '' },
        ...{ horizon: `${events.times.length}`, signedBy: key === '' ? '' : KEY, namesEvents: !isShort },
        continues: previous.split('/').at(-1) ?? '',
      };
      made.push(anchor);
      return {
        ...{ dir: anchor.dir, events: anchor.events, horizon: anchor.horizon, root: ROOT, signedBy: anchor.signedBy },
        ...{ stamp: stamp === '' ? '' : STAMPED, unstamped: '' },
        ...{ salt: previous === '' ? `${anchor.dir}.salt` : '', columns: ['created'], uncoveredColumns: [] },
        took: '84 ms',
      };
    },
    async verifyStore(session, { anchor, authority, explanations, key }, progress) {
      const { events, isTampered } = await pass(session, 'verifying', progress);
      const known = anchorsOf(folder, events.times.length).find(({ dir }) => dir === anchor);
      const about = known ?? made.find(({ dir }) => dir === anchor);
      if (!about) throw failed('invalidInput', `this is no anchor: ${anchor}`, 'name the folder that was made');
      const findings = isTampered ? findingsOf(explanations !== '') : [];
      return {
        outcome: isTampered ? 'broken' : 'verified',
        level: isTampered ? '' : authority === '' ? 'L1' : 'L2',
        sentence: isTampered
          ? `NOT what the anchor of ${about.madeAt} says: ${findings.length} differences`
          : `unchanged since the anchor of ${about.madeAt}: all events are byte for byte what they were`,
        ...{ findings, findingCount: findings.length, madeAt: about.madeAt, events: about.events, root: about.root },
        ...{ horizon: about.horizon, signedBy: about.signedBy, isKeyKnown: key !== '', took: '112 ms' },
        stamp: authority === '' ? '' : STAMPED,
        ...{ added: events.times.length - about.events, uncoveredColumns: [] },
        chain: null,
      };
    },
    async verifyChain(session, nativeKey, _explanations, progress) {
      const { events } = await pass(session, 'verifying', progress);
      const total = events.times.length;
      return {
        ...{ outcome: 'verified', level: 'L3', isBroken: false, isPartial: false, findings: [], findingCount: 0 },
        sentence: `consistent with its own chain: ${total} events`,
        signatures: nativeKey === '' ? `${total} events signed; no signature was checked` : 'every event is signed',
        ...{ last: `${total - 1}`, head: ROOT, notChecked: ['Whether the end was cut off.'] },
      };
    },
    async storeHealth(session, _handler, progress) {
      const { events, isTampered } = await pass(session, 'readingPayloads', progress);
      return {
        ...{ events: events.times.length, streams: events.ids.length, took: '310 ms' },
        findings: isTampered ? [DOUBLE_IDS] : [],
        types: [
          { ...QUIET_TYPE, eventType: 'OrderPlaced', events: events.ids.length, fields: 6 },
          {
            ...{ ...QUIET_TYPE, eventType: 'PaymentAuthorised', events: 9, fields: 4 },
            changes: [{ path: '/wallet', bornAt: '4711', goneAfter: '', kinds: [] }],
          },
        ],
        typeCount: 2,
        largest: [{ stream: 'order-4711', position: '40301', eventType: 'OrderPlaced', size: '1.2 kB' }],
        notChecked: ['snapshots: no layout says where the store keeps them'],
      };
    },
    async reportManner() {
      return manner;
    },
    async reportPaths(session, asked, progress) {
      const events = await scoped(session, asked, progress);
      const person = asked.question.of === 'subject' ? asked.question : null;
      const hidden = asked.manner.redact === '' && !person ? 0 : events;
      const paths = [
        { part: 'payload', path: '/customer/email', count: events, hidden, pseudonyms: 0 },
        { part: 'payload', path: '/total', count: events, hidden: 0, pseudonyms: person ? events : 0 },
      ];
      return {
        ...{ events, paths, pathCount: paths.length, more: 0 },
        idle: asked.manner.redact === '' ? [] : ['/custmer/name'],
        idleList: person && person.allow !== '' ? ['/nowhere of the list'] : [],
      };
    },
    async reportPreview(session, asked, progress) {
      const events = await scoped(session, asked, progress);
      const columns = ['Version', 'Payload'].map((name) => ({ name, share: 50, isCode: true }));
      const email = asked.manner.redact === '' ? 'ada@example.org' : '[redacted]';
      const rows = [['1', JSON.stringify({ email })]];
      return {
        ...{ title: asked.title === '' ? 'Events of a store' : asked.title, classification: 'internal', events },
        ...{ sheets: asked.manner.formats.includes('pdf') ? 4 : null, took: '95 ms' },
        hasOwnPseudonyms: asked.question.of === 'subject' && asked.question.caseKey === '',
        blocks: [
          { is: 'text', text: 'All events of the store <b>orders</b>' },
          { is: 'facts', facts: [{ name: 'Report id', value: '8715c273', isCode: true }] },
          { is: 'heading', text: 'Events' },
          { is: 'list', lines: ['Times are UTC'] },
          { is: 'figure', words: 'Events by type over time', picture: `data:image/svg+xml;base64,${SVG}` },
          { is: 'table', caption: 'The first events', columns, rows, rowCount: events },
        ],
      };
    },
    async makeReport(session, asked, progress) {
      const events = await scoped(session, asked, progress);
      manner = asked.manner;
      return {
        ...{
          dir: `${manner.out}/report-20261122T050000Z-8715c273`,
          id: '8715c273-0000-4000-8000-000000000000',
          events,
        },
        ...{ madeAt: '2026-11-22T05:00:00Z', sha256: ROOT, signedBy: manner.key === '' ? '' : KEY, took: '95 ms' },
        isExcerpt: asked.question.of === 'subject',
        caseKey: asked.question.of === 'subject' && asked.question.caseKey === '' ? `${manner.out}/case.key` : '',
        files: manner.formats.map((format) => ({
          ...{ name: `${format === 'json' ? 'events.ndjson' : `report.${format}`}`, size: '12 kB', sha256: ROOT },
          role: format === 'json' ? 'record' : 'pages',
        })),
        findings: [],
        verdict: verdictOf(asked.question, events),
        limits: ['The level is L0, observed: whoever can write to the store could have changed events before.'],
      };
    },
    async openReport(folder) {
      if (folder.includes('gone')) throw failed('notFound', `it is not there any more: ${folder}`, 'make it again');
    },
    async verifyBundle(path, key) {
      if (path.includes('none')) {
        throw failed('invalidInput', `this is no anchor, no proof and no report: ${path}`, 'name the folder');
      }
      const isBroken = path.includes('broken');
      return {
        outcome: isBroken ? 'broken' : 'verified',
        sentence: isBroken
          ? 'it proves nothing: it was damaged or changed: report.html'
          : 'a whole report of 15 events',
        isSigned: key === '' ? null : !isBroken,
        ...{ root: '', report: isBroken ? '' : '8715c273-0000-4000-8000-000000000000' },
        limits: isBroken || key !== '' ? [] : ['Who made it: nobody signed it.'],
        files: ['events.ndjson', 'report.html', 'verify.py'].map((name) => {
          const isOk = !isBroken || name !== 'report.html';
          return { name, isOk, reason: isOk ? '' : 'it is not what SHA256SUMS says' };
        }),
      };
    },
    async pickFolder() {
      return FOLDER;
    },
  };
  return Object.assign(twin, evidence);
}

const QUIET_TYPE: wire.TypeHealth = {
  ...{ eventType: '', events: 0, fields: 0, hasMoreFields: false, opaqueEvents: 0, changes: [] },
};

const DOUBLE_IDS: wire.FindingGroup = {
  ...{ code: 'event-id-twice', severity: 'warning', count: 1, advice: 'Look which of the two is the right one' },
  found: [{ detail: 'the event id e7 occurs twice', stream: 'order-4711', version: '4', position: '40301' }],
};

function verdictOf(question: wire.ReportQuestionWire, findingCount: number): wire.ReportVerdict | null {
  switch (question.of) {
    case 'events':
    case 'subject':
      return null;
    case 'verification': {
      const sentence = findingCount === 0 ? 'unchanged since the anchor' : 'NOT what the anchor says';
      const outcome = findingCount === 0 ? 'verified' : 'broken';
      return { outcome, sentence, findingCount, notChecked: ['The time before the anchor was made.'] };
    }
    case 'comparison':
      return {
        ...{ outcome: 'differs', sentence: '2 streams differ', findingCount },
        notChecked: ['Which of the two is right.'],
      };
    case 'invariants': {
      const asked = question.condition === '' ? '3 invariants' : question.condition;
      const sentence = `${findingCount} violations of ${asked}`;
      return {
        outcome: 'broken',
        sentence,
        findingCount,
        notChecked: ['Whether these invariants are the right ones.'],
      };
    }
  }
}

function anchorsOf(folder: string, events: number): wire.AnchorListed[] {
  if (folder === '') return [];
  const older: wire.AnchorListed = {
    ...{ dir: `${folder}/anchor-20261121T143000Z-09af22c1`, name: 'anchor-20261121T143000Z-09af22c1', root: ROOT },
    ...{ isOfStore: true, madeAt: '2026-11-21T14:30:00Z', events: events - 10, horizon: `${events - 10}` },
    ...{ signedBy: KEY, continues: '', namesEvents: true, unreadable: '' },
  };
  const other = { ...older, dir: `${folder}/other`, name: 'other', isOfStore: false, signedBy: '' };
  return [older, other];
}

function findingsOf(isExplained: boolean): wire.VerifyFindingWire[] {
  return [
    {
      ...{ kind: 'CHANGED', severity: 'manipulation', position: '40301', to: '', stream: 'order-4711', version: '8' },
      ...{ eventType: 'PaymentAuthorised', parts: ['payload'], detail: '' },
      ...{ explanation: isExplained ? 'erased on request 12/26' : '', isImpactUnasked: false, wantsCopy: false },
      impacts: [
        {
          ...{ stream: 'order-4711', isProven: true, sentence: 'the state of order-4711 is another one' },
          changes: [{ path: '/paid', before: '104.50', after: '1.00' }],
        },
        { stream: 'order-4712', isProven: true, sentence: 'the state of order-4712 is the same', changes: [] },
      ],
    },
    {
      ...{ kind: 'REMOVED', severity: 'manipulation', position: '41000', to: '', stream: '', version: '' },
      ...{
        eventType: '',
        parts: [],
        detail: '',
        explanation: '',
        impacts: [],
        isImpactUnasked: true,
        wantsCopy: false,
      },
    },
  ];
}

function failed(code: wire.ErrorCode, message: string, hint: string): BackendError {
  return new BackendError({ code, message, hint, choices: [] });
}
