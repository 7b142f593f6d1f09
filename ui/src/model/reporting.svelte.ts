// The view Reports of a store: what a report is about, how it is made, and what was made. A verification is asked for as the
// view Integrity has it, whose anchors and options these are.

import { errorOf } from '../backend/backend';
import type {
  LabScopeKind,
  ReportAskedWire,
  ReportFormatWire,
  ReportMade,
  ReportManner,
  ReportPaths,
  ReportPreview,
  ReportQuestionWire,
} from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { INTEGRITY, REPORTS as T } from '../strings/evidence';
import { LAB } from '../strings/lab';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { integrityOf, showBundle, type IntegrityBoard } from './integrity.svelte';
import { InvariantsBoard } from './invariants.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';
import { ReplayBoard } from './replay.svelte';

export const FORMATS = ['pdf', 'html', 'csv', 'json', 'xlsx'] as const satisfies readonly ReportFormatWire[];
/** What is made where nobody chose. */
const USUAL: readonly ReportFormatWire[] = ['pdf', 'html', 'csv', 'json'];

/** The files of a report that are to be read, the one that is opened first before the others. */
const PAGES = ['report.pdf', 'report.html', 'report.xlsx'];

export type About = ReportQuestionWire['of'];
export const ABOUTS = [
  'events',
  'verification',
  'invariants',
  'comparison',
  'subject',
] as const satisfies readonly About[];

export class ReportsBoard extends LongWork implements Board {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  readonly form: ScopeForm;
  readonly integrity: IntegrityBoard;
  about = $state<About>('events');
  kind = $state<LabScopeKind>('store');
  /** Ids, one a line. */
  streams = $state('');
  category = $state('');
  from = $state('');
  to = $state('');
  handler = $state('');
  /** Checked instead of the invariants of the handler's package. */
  condition = $state('');
  /** The handler that is compared with it. */
  against = $state('');
  /** What a person is known by, `/customerId=C-7`, one a line. */
  keys = $state('');
  /** Streams of the person besides those that hold what is known. */
  besides = $state('');
  /** The file of the list of what is shown of a person. */
  allow = $state('');
  /** The file of the key that pseudonyms are made with; empty: a new one. */
  caseKey = $state('');
  title = $state('');
  caseNumber = $state('');
  manner = $state<ReportManner>({
    ...{ out: '', formats: [...USUAL], redact: '', key: '', operator: '', organisation: '', classification: '' },
  });

  paths = $state.raw<ReportPaths | null>(null);
  preview = $state.raw<ReportPreview | null>(null);
  made = $state.raw<ReportMade | null>(null);
  /** What the one that is shown was asked for. */
  #ran = $state.raw('');
  /** How reports were made last, and what is open: read once. */
  readonly #ready: Promise<unknown>;

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.form = new ScopeForm(store);
    this.integrity = integrityOf(desk, store);
    this.category = this.form.category;
    this.handler = desk.history?.handler ?? this.form.handlers[0]?.reference ?? '';
    this.#ready = Promise.all([this.#recall(), this.take()]);
  }

  get asked(): ReportAskedWire {
    const { about, caseNumber, from, handler, integrity, manner, scope, title, to } = this;
    return {
      question: this.#question,
      ...scope,
      // The answer to a question says itself which events it is about.
      ...(about === 'events' ? { from: from.trim(), to: to.trim() } : { from: '', to: '' }),
      handler: about === 'verification' ? integrity.handler : about === 'subject' ? '' : handler,
      ...{ title: title.trim(), caseNumber: caseNumber.trim() },
      manner: $state.snapshot(manner),
    };
  }

  /** What it is about of the store: an anchor is of all of it; of a person the streams that hold one, and named ones. */
  get scope(): { streams: string[]; category: string } {
    const { about } = this;
    if (about === 'subject') return { streams: linesOf(this.besides), category: '' };
    const kind = about === 'verification' ? 'store' : this.kind;
    return {
      streams: kind === 'stream' ? linesOf(this.streams) : [],
      category: kind === 'category' ? this.category : '',
    };
  }

  /** Whether something else is asked by now than what is shown. */
  get isStale(): boolean {
    return this.#ran !== '' && this.#ran !== JSON.stringify(this.asked);
  }

  /** What would be hidden or stand in it, as far as that is what is asked now: of other rules it would mislead. */
  get looked(): { paths: ReportPaths | null; preview: ReportPreview | null } {
    const { isStale, paths, preview } = this;
    return isStale ? { paths: null, preview: null } : { paths, preview };
  }

  /** Whether what was looked at is of another question, and so is not shown. */
  get isLookedPast(): boolean {
    return this.isStale && (this.paths !== null || this.preview !== null);
  }

  /** Takes what a person looks at: an anchor, a run of the lab, or else the stream that is open and its moments. */
  async takeShown(): Promise<void> {
    const { view } = this.#desk;
    const lab = this.#store.boards.get(view);
    if (view === 'integrity') this.about = 'verification';
    else if (lab instanceof InvariantsBoard) this.#takeInvariants(lab);
    else if (lab instanceof ReplayBoard) this.#takeComparison(lab);
    else await this.take();
  }

  /** Takes the stream that is open and the moments of B and A; `false`: there is none. */
  async take(): Promise<boolean> {
    const { history, store } = this.#desk;
    if (!history || store !== this.#store) return false;
    const { a, b } = history;
    const [first, last] = b === null ? [0, a] : [Math.min(a, b), Math.max(a, b)];
    this.about = 'events';
    this.kind = 'stream';
    this.streams = history.opened.stream;
    this.handler = history.handler ?? this.handler;
    const [from, to] = await Promise.all([this.#cursor(first), this.#cursor(last)]);
    this.from = from;
    this.to = to;
    return true;
  }

  switchFormat(format: ReportFormatWire): void {
    const { formats } = this.manner;
    this.manner.formats = FORMATS.filter((one) => formats.includes(one) !== (one === format));
  }

  async chooseOut(): Promise<void> {
    const folder = await this.#store.backend.pickFolder('saving');
    if (folder !== null) this.manner.out = folder;
  }

  async chooseRules(): Promise<void> {
    const file = await this.#store.backend.pickFile('rules');
    if (file !== null) this.manner.redact = file;
  }

  async chooseKey(): Promise<void> {
    const file = await this.#store.backend.pickFile('key');
    if (file !== null) this.manner.key = file;
  }

  async chooseList(): Promise<void> {
    const file = await this.#store.backend.pickFile('rules');
    if (file !== null) this.allow = file;
  }

  async chooseCaseKey(): Promise<void> {
    const file = await this.#store.backend.pickFile('key');
    if (file !== null) this.caseKey = file;
  }

  async chooseAnchors(): Promise<void> {
    await this.integrity.choose();
    this.failure = this.integrity.failure;
  }

  /** Says what it would hold and hide; nothing is written. */
  async askPaths(): Promise<void> {
    await this.#ready;
    const { backend, opened } = this.#store;
    const { asked } = this;
    const paths = await this.long(T.readingPaths, (tell) => backend.reportPaths(opened.session, asked, tell));
    if (paths) this.#show({ paths }, asked);
    else this.#forgetFailed();
  }

  /** Shows its pages; nothing is written where it would go. */
  async askPreview(): Promise<void> {
    await this.#ready;
    const { backend, opened } = this.#store;
    const { asked } = this;
    const preview = await this.long(T.layingOut, (tell) => backend.reportPreview(opened.session, asked, tell));
    if (preview) this.#show({ preview }, asked);
    else this.#forgetFailed();
  }

  async run(): Promise<void> {
    await this.#ready;
    if (this.manner.out === '') await this.chooseOut();
    if (this.manner.out === '') return;
    const { backend, opened } = this.#store;
    const { asked } = this;
    const made = await this.long(T.making, (tell) => backend.makeReport(opened.session, asked, tell));
    if (made) this.#show({ made }, asked);
  }

  /** What was looked at before is not what failed. */
  #forgetFailed(): void {
    if (this.failure) this.forget();
  }

  /** One thing is shown at a time. */
  #show(of: { paths?: ReportPaths; preview?: ReportPreview; made?: ReportMade }, asked: ReportAskedWire): void {
    this.paths = of.paths ?? null;
    this.preview = of.preview ?? null;
    this.made = of.made ?? null;
    this.#ran = JSON.stringify(asked);
  }

  /** What of the report that was made is there to be read; `null`: only its record. */
  get pages(): string | null {
    const names = this.made?.files.map(({ name }) => name) ?? [];
    return PAGES.find((name) => names.includes(name)) ?? null;
  }

  /** Has the system open the report that was made, or its folder. */
  async #openMade(pages: string | null): Promise<void> {
    if (!this.made) return;
    try {
      await this.#store.backend.openReport(this.made.dir, pages);
      this.failure = null;
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  // --- as a board ---

  move(): void {}

  open(): void {}

  act(action: string): void | Promise<void> {
    const about = ABOUTS.find((one) => action === `about.${one}`);
    if (about) {
      this.about = about;
      return;
    }
    switch (action) {
      case 'paths':
        return this.askPaths();
      case 'preview':
        return this.askPreview();
      case 'stop':
        return this.stop();
      case 'out':
        return this.chooseOut();
      case 'redact':
        return this.chooseRules();
      case 'take':
        return this.take().then(() => undefined);
      case 'verify':
        return showBundle(this.#desk, this.made?.dir ?? '');
      case 'read':
        return this.#openMade(this.pages);
      case 'folder':
        return this.#openMade(null);
      default:
        return this.run();
    }
  }

  blocked(action: string): string | null {
    const isBusy = this.isRunning;
    switch (action) {
      case 'run':
      case 'preview':
      case 'paths': {
        if (isBusy) return INTEGRITY.isRunning;
        const unasked = this.#unasked();
        if (unasked !== null) return unasked;
        return this.manner.formats.length > 0 || action === 'paths' ? null : T.noFormat;
      }
      case 'stop':
        return isBusy ? null : INTEGRITY.notRunning;
      case 'take':
        return this.#desk.history ? null : T.noHistory;
      case 'verify':
      case 'folder':
      case 'read':
        if (!this.made) return isBusy ? INTEGRITY.isRunning : T.notMade;
        return action === 'read' && this.pages === null ? T.noPages : null;
      default:
        return null;
    }
  }

  close(): Promise<void> {
    return this.stop();
  }

  // What was made is a file by now, and only its name is shown.
  protected forget(): boolean {
    const showed = this.paths !== null || this.preview !== null;
    this.paths = null;
    this.preview = null;
    return showed;
  }

  get #question(): ReportQuestionWire {
    switch (this.about) {
      case 'verification':
        return { of: 'verification', ...this.integrity.asked };
      case 'invariants':
        return { of: 'invariants', condition: this.condition.trim() };
      case 'comparison':
        return { of: 'comparison', against: this.against };
      case 'subject':
        return { of: 'subject', keys: linesOf(this.keys), allow: this.allow, caseKey: this.caseKey };
      case 'events':
        return { of: 'events' };
    }
  }

  /** What is missing of the question; `null`: nothing. */
  #unasked(): string | null {
    const { about, against, handler, kind } = this;
    const { category, streams } = this.scope;
    if (about === 'verification') return this.integrity.unusable;
    if (about === 'subject') return linesOf(this.keys).length > 0 ? null : T.nobody;
    if (kind === 'stream' && streams.length === 0) return T.noScope;
    if (kind === 'category' && category === '') return T.noScope;
    if (about === 'events') return null;
    if (streams.length > 1) return T.manyStreams;
    const hasAll = handler !== '' && (about !== 'comparison' || against !== '');
    return hasAll ? null : LAB.noHandler;
  }

  /** The handler and the scope of a run of invariants, and the condition that a person wrote and looks at. */
  #takeInvariants({ current, form, handler, own }: InvariantsBoard): void {
    this.about = 'invariants';
    this.#takeScope(form);
    this.handler = handler;
    this.condition = current && own.includes(current) ? current.id : '';
  }

  #takeComparison({ form, left, right }: ReplayBoard): void {
    this.about = 'comparison';
    this.#takeScope(form);
    this.handler = left;
    this.against = right;
  }

  #takeScope({ scope: { kind, name } }: ScopeForm): void {
    this.kind = kind;
    if (kind === 'stream') this.streams = name;
    if (kind === 'category') this.category = name;
  }

  async #recall(): Promise<void> {
    try {
      const kept = await this.#store.backend.reportManner(this.#store.opened.session);
      this.manner = { ...kept, formats: kept.formats.length > 0 ? kept.formats : [...USUAL] };
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }

  /** As a cursor; empty before the first event and at the head, where there is nothing to name. */
  async #cursor(moment: number): Promise<string> {
    const { history } = this.#desk;
    if (!history || moment <= 0) return '';
    const known = history.versionOf(moment);
    if (known !== null && known !== '') return `v${known}`;
    const { row } = await this.#store.backend.eventDetail(history.opened.history, moment);
    return cursorOfEvent(row);
  }
}

/** The board of a store, made when it is first looked at. */
export function reportsOf(desk: Desk, store: OpenStore): ReportsBoard {
  return boardOf(store, 'reports', ReportsBoard, () => new ReportsBoard(desk, store));
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}
