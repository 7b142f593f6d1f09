// A range of the store's timeline: its bounds, what it holds, and what distinguishes it from the rest.

import { errorOf, type Backend } from '../backend/backend';
import type {
  AppErrorWire,
  Axis,
  Distinction,
  Distinguished,
  JobUpdate,
  RangeFacts,
  RangeQuery,
} from '../backend/bindings';
import { bigFromText } from '../base/exact';
import { countText, shareText } from '../base/format';
import { nanosFromRfc3339, rfc3339FromNanos } from '../base/instant';
import type { Span } from '../timeline/axis';
import { S } from '../strings';

export class RangeSelection {
  readonly #backend: Backend;
  readonly #session: number;
  readonly axis: Axis;
  /** `from` inclusive, `to` exclusive. */
  readonly span: Span;

  facts = $state.raw<RangeFacts | null>(null);
  distinction = $state.raw<Distinction | null>(null);
  isRunning = $state(false);
  job = $state.raw<JobUpdate | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);

  constructor(backend: Backend, session: number, axis: Axis, span: Span) {
    this.#backend = backend;
    this.#session = session;
    this.axis = axis;
    this.span = span;
    void this.#count();
  }

  get query(): RangeQuery {
    const place = (value: bigint) => (this.axis === 'time' ? rfc3339FromNanos(value) : `${value}`);
    return { axis: this.axis, from: place(this.span.from), to: place(this.span.to) };
  }

  /** The stream that differs most, where there is one. */
  get topStream(): string | null {
    return this.distinction?.attributes.find((of) => of.kind === 'stream' && of.hasSignal)?.value ?? null;
  }

  async distinguish(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    this.failure = null;
    try {
      this.distinction = await this.#backend.distinguish(this.#session, this.query, (job) => (this.job = job));
    } catch (reason) {
      this.failure = errorOf(reason);
    } finally {
      this.isRunning = false;
      this.job = null;
    }
  }

  /** Tries again what failed: counting the range, or comparing it with the rest. */
  async retry(): Promise<void> {
    this.failure = null;
    await (this.facts === null ? this.#count() : this.distinguish());
  }

  async cancel(): Promise<void> {
    if (this.job) await this.#backend.cancelJob(this.job.job);
  }

  /** All of it as lines of text. */
  get text(): string {
    const { distinction } = this;
    if (!distinction) return '';
    return [
      S.range.heading(distinction.facts, distinction.restEvents),
      sampleText(distinction),
      ...distinction.attributes.map(line),
    ].join('\n');
  }

  async #count(): Promise<void> {
    try {
      this.facts = await this.#backend.rangeFacts(this.#session, this.query);
    } catch (reason) {
      this.failure = errorOf(reason);
    }
  }
}

export function sampleText({ sampleIsWhole, sampledEvents, unreadableEvents }: Distinction): string {
  const sample = sampleIsWhole ? S.range.whole : S.range.sample(countText(sampledEvents));
  return unreadableEvents > 0 ? `${sample}; ${S.range.unreadable(countText(unreadableEvents))}` : sample;
}

function line({ name, value, inside, insideOf, outside, outsideOf, hasSignal }: Distinguished): string {
  const shares = `${shareText(inside, insideOf)} vs ${shareText(outside, outsideOf)}`;
  return [name, value, shares, hasSignal ? '' : S.range.noSignal].filter(Boolean).join('\t');
}

/** Bounds, `A..B`: instants as `typedRange` writes them, or positions. `null`: they are none. */
export function spanFromText(axis: Axis, text: string): Span | null {
  const bounds = boundsFromText(axis, text);
  return bounds && bounds.to > bounds.from ? bounds : null;
}

/** Why a text is no range; empty: it is one. */
export function whyNoSpan(axis: Axis, text: string): string {
  const bounds = boundsFromText(axis, text);
  if (!bounds) return S.range.wrong;
  return bounds.to > bounds.from ? '' : bounds.to < bounds.from ? S.range.reversed : S.range.empty;
}

function boundsFromText(axis: Axis, text: string): Span | null {
  const parts = text.split(/\.\.|\s[–-]\s/);
  if (parts.length !== 2) return null;
  const [first, last] = parts.map((part) =>
    axis === 'time' ? nanosFromRfc3339(part.trim()) : bigFromText(part.trim().replace(/^#|,/g, '')),
  );
  if (first === undefined || last === undefined || first === null || last === null) return null;
  return { from: first, to: last };
}
