// How late an answer is, so that a page says it only where a person would wonder.

/** How late the rows are: `late` after 50 ms, `slow` after 200 ms, `stopped` when a person cancelled. */
export type Wait = 'none' | 'late' | 'slow' | 'stopped';

const LATE_MILLIS = 50;
const SLOW_MILLIS = 200;

export class Waiting {
  now = $state<Wait>('none');
  #timers: ReturnType<typeof setTimeout>[] = [];

  /** Something was asked for. Lateness counts from the first that is not answered yet. */
  begin(): void {
    if (this.now === 'stopped') this.now = 'none';
    if (this.#timers.length > 0) return;
    this.#timers = [
      setTimeout(() => (this.now = 'late'), LATE_MILLIS),
      setTimeout(() => (this.now = 'slow'), SLOW_MILLIS),
    ];
  }

  end(): void {
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    this.now = 'none';
  }

  /** A person does not wait any longer. */
  stop(): void {
    this.end();
    this.now = 'stopped';
  }
}
