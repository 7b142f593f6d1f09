// Plays a history: moves A on, by events or by time, until it is told to stop or somebody else moves A. At most one
// state a frame is asked for; what is passed in between is passed, never queued.

import { nanosFromRfc3339 } from '../base/instant';
import type { OpenHistory } from './open_history.svelte';
import { besideSpeed, EVENT_SPEEDS, playOn, TIME_SPEEDS, type PlayMode } from './pace';

/** Times of events that are read ahead. */
const AHEAD = 500;
/** A frame that took longer, because the window was hidden, counts as this. */
const LONGEST_FRAME_MILLIS = 250;

export class Playing {
  readonly #history: OpenHistory;
  isPlaying = $state(false);
  mode = $state<PlayMode>('events');
  speeds = $state<Record<PlayMode, number>>({ events: 4, time: 60 });
  /** Whether it plays the range between B and A round and round. */
  isLooping = $state(false);
  /** Whether it stops at an event with a problem. */
  stopsAtProblems = $state(false);

  #frame = 0;
  #last = 0;
  /** Parts of events that are due already. */
  #due = 0;
  /** Where it put A; when A is elsewhere, a person moved it. */
  #own = 0;
  #range: { from: number; to: number } | null = null;
  #clock = { at: 0n };
  #ahead: { first: number; times: bigint[] } | null = null;
  #isReading = false;
  #problem: number | null = null;

  constructor(history: OpenHistory) {
    this.#history = history;
  }

  get speed(): number {
    return this.speeds[this.mode];
  }

  toggle(): void {
    if (this.isPlaying) this.stop();
    else this.start();
  }

  start(): void {
    const history = this.#history;
    const { b, opened } = history;
    this.#range =
      this.isLooping && b !== null && b !== history.a
        ? { from: Math.min(history.a, b), to: Math.max(history.a, b) }
        : null;
    if (this.#range) this.#go(this.#range.from);
    else if (history.a >= opened.events) this.#go(0);
    this.#own = history.a;
    this.#due = 0;
    this.#last = 0;
    this.#ahead = null;
    this.isPlaying = true;
    void this.#findProblem();
    this.#frame = requestAnimationFrame((now) => this.#step(now));
  }

  stop(): void {
    this.isPlaying = false;
    cancelAnimationFrame(this.#frame);
  }

  close(): void {
    this.stop();
  }

  turn(step: 1 | -1): void {
    const speeds = this.mode === 'events' ? EVENT_SPEEDS : TIME_SPEEDS;
    this.speeds = { ...this.speeds, [this.mode]: besideSpeed(speeds, this.speed, step) };
  }

  setSpeed(mode: PlayMode, speed: number): void {
    this.speeds = { ...this.speeds, [mode]: speed };
    if (mode !== this.mode) this.setMode(mode);
  }

  setMode(mode: PlayMode): void {
    this.mode = mode;
    this.#due = 0;
    this.#ahead = null;
  }

  #step(now: number): void {
    if (!this.isPlaying) return;
    const history = this.#history;
    if (history.a !== this.#own) return this.stop();
    const millis = this.#last === 0 ? 0 : Math.min(LONGEST_FRAME_MILLIS, now - this.#last);
    this.#last = now;
    const end = this.#range?.to ?? history.opened.events;
    const passed = Math.min(end - history.a, this.#passed(millis));
    if (passed > 0) this.#pass(history.a + passed);
    if (!this.isPlaying) return;
    if (history.a >= end) {
      if (!this.#range) return this.stop();
      // Its last state stays for one beat before it begins anew.
      if (history.frame?.moment === history.a) this.#go(this.#range.from);
    }
    this.#frame = requestAnimationFrame((next) => this.#step(next));
  }

  /** How many events have come since the frame before. */
  #passed(millis: number): number {
    const history = this.#history;
    // Only what is shown is followed by the next: a slow fold slows the playing, it does not make it jump.
    if (history.frame?.moment !== history.a) return 0;
    if (this.mode === 'time') return this.#passedInTime(millis);
    if (this.speed === Infinity) return Math.max(1, Math.round(this.#eventsOfPixel()));
    this.#due += (millis / 1000) * this.speed;
    const whole = Math.floor(this.#due);
    this.#due -= whole;
    return whole;
  }

  #passedInTime(millis: number): number {
    const ahead = this.#ahead;
    const at = this.#history.a;
    if (!ahead || at < ahead.first || at - ahead.first >= ahead.times.length) {
      void this.#readAhead(at);
      return 0;
    }
    return playOn(this.#clock, ahead.times.slice(at - ahead.first), millis, this.speed);
  }

  #eventsOfPixel(): number {
    const { timeline, opened } = this.#history;
    const left = this.#history.momentAt(0);
    const right = this.#history.momentAt(Math.max(0, timeline.width - 1));
    return (right > left ? right - left : opened.events) / Math.max(1, timeline.width);
  }

  /** Moves A there, or only as far as the problem that lies before it. */
  #pass(moment: number): void {
    const problem = this.#problem;
    if (this.stopsAtProblems && problem !== null && problem > this.#history.a && problem <= moment) {
      this.#go(problem);
      this.stop();
      return;
    }
    this.#go(moment);
    if (problem !== null && moment >= problem) void this.#findProblem();
  }

  #go(moment: number): void {
    this.#history.setA(moment);
    this.#own = this.#history.a;
    this.#history.follow();
  }

  async #findProblem(): Promise<void> {
    const { store, opened, a } = this.#history;
    try {
      const found = await store.backend.nextProblem(opened.history, a, 'forward');
      this.#problem = found && found.moment > a ? found.moment : null;
    } catch {
      // Without an answer it plays on: stopping is a convenience.
      this.#problem = null;
    }
  }

  async #readAhead(at: number): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const { store, opened } = this.#history;
    try {
      const page = { types: [], offset: at === 0 ? 0 : at - 1, limit: AHEAD };
      const { rows } = await store.backend.eventRows(opened.history, page);
      const times = rows.map((row) => nanosFromRfc3339(row.recordedAt));
      // An event without a time comes with the one before it; clocks that ran backwards do not turn the played one.
      let last = times.find((time) => time !== null) ?? 0n;
      const known = times.map((time) => (last = time !== null && time > last ? time : last));
      if (at === 0) this.#clock.at = (known[0] ?? 0n) - 1n;
      else if (this.#ahead === null) this.#clock.at = known[0] ?? 0n;
      this.#ahead = { first: at, times: at === 0 ? known : known.slice(1) };
    } catch {
      this.stop();
    } finally {
      this.#isReading = false;
    }
  }
}
