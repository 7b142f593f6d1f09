// The view Reports of a store: what a report is about, how it is made, and what was made.

import { errorOf } from '../backend/backend';
import type {
  LabScopeKind,
  ReportAskedWire,
  ReportFormatWire,
  ReportMade,
  ReportManner,
  ReportPaths,
} from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { INTEGRITY, REPORTS as T } from '../strings/evidence';
import { boardOf, type Board } from './board';
import type { Desk } from './desk.svelte';
import { showBundle } from './integrity.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

export const FORMATS = ['pdf', 'html', 'csv', 'json', 'xlsx'] as const satisfies readonly ReportFormatWire[];
/** What is made where nobody chose. */
const USUAL: readonly ReportFormatWire[] = ['pdf', 'html', 'csv', 'json'];

export class ReportsBoard extends LongWork implements Board {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  readonly form: ScopeForm;
  kind = $state<LabScopeKind>('store');
  /** Ids, one a line. */
  streams = $state('');
  category = $state('');
  from = $state('');
  to = $state('');
  handler = $state('');
  title = $state('');
  caseNumber = $state('');
  manner = $state<ReportManner>({
    ...{ out: '', formats: [...USUAL], redact: '', key: '', operator: '', organisation: '', classification: '' },
  });

  paths = $state.raw<ReportPaths | null>(null);
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
    this.category = this.form.category;
    this.handler = desk.history?.handler ?? '';
    this.#ready = Promise.all([this.#recall(), this.take()]);
  }

  get asked(): ReportAskedWire {
    const { caseNumber, category, from, handler, kind, manner, streams, title, to } = this;
    return {
      streams:
        kind === 'stream'
          ? streams
              .split('\n')
              .map((id) => id.trim())
              .filter((id) => id !== '')
          : [],
      category: kind === 'category' ? category : '',
      ...{ from: from.trim(), to: to.trim(), handler, title: title.trim(), caseNumber: caseNumber.trim() },
      manner: $state.snapshot(manner),
    };
  }

  /** Whether something else is asked by now than what is shown. */
  get isStale(): boolean {
    return this.#ran !== '' && this.#ran !== JSON.stringify(this.asked);
  }

  /** Takes the stream that is open and the moments of B and A; `false`: there is none. */
  async take(): Promise<boolean> {
    const { history, store } = this.#desk;
    if (!history || store !== this.#store) return false;
    const { a, b } = history;
    const [first, last] = b === null ? [0, a] : [Math.min(a, b), Math.max(a, b)];
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
    const folder = await this.#store.backend.pickFolder();
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

  /** Says what it would hold and hide; nothing is written. */
  async askPaths(): Promise<void> {
    const { backend, opened } = this.#store;
    const { asked } = this;
    const paths = await this.long(T.readingPaths, (tell) => backend.reportPaths(opened.session, asked, tell));
    if (!paths) return;
    this.paths = paths;
    this.made = null;
    this.#ran = JSON.stringify(asked);
  }

  async run(): Promise<void> {
    await this.#ready;
    if (this.manner.out === '') await this.chooseOut();
    if (this.manner.out === '') return;
    const { backend, opened } = this.#store;
    const { asked } = this;
    const made = await this.long(T.making, (tell) => backend.makeReport(opened.session, asked, tell));
    if (!made) return;
    this.made = made;
    this.paths = null;
    this.#ran = JSON.stringify(asked);
  }

  // --- as a board ---

  move(): void {}

  open(): void {}

  act(action: string): void | Promise<void> {
    switch (action) {
      case 'paths':
        return this.askPaths();
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
      default:
        return this.run();
    }
  }

  blocked(action: string): string | null {
    const isBusy = this.isRunning;
    switch (action) {
      case 'run':
      case 'paths': {
        if (isBusy) return INTEGRITY.isRunning;
        const { category, streams } = this.asked;
        if (this.kind === 'stream' && streams.length === 0) return T.noScope;
        if (this.kind === 'category' && category === '') return T.noScope;
        return this.manner.formats.length > 0 || action === 'paths' ? null : T.noFormat;
      }
      case 'stop':
        return isBusy ? null : INTEGRITY.notRunning;
      case 'take':
        return this.#desk.history ? null : T.noHistory;
      case 'verify':
        return this.made ? null : T.notMade;
      default:
        return null;
    }
  }

  close(): Promise<void> {
    return this.stop();
  }

  // What was made is a file by now, and only its name is shown.
  protected forget(): boolean {
    const { paths } = this;
    this.paths = null;
    return paths !== null;
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
