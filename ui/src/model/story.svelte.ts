// The story of one stream, a line an event, read by pages as it scrolls.

import { errorOf, type Backend } from '../backend/backend';
import type { AppErrorWire, StoryLine } from '../backend/bindings';
import { PagedRows } from '../base/paged';

export class Story {
  readonly lines: PagedRows<StoryLine>;
  /** Grows when lines arrived. */
  seen = $state(0);
  failure = $state.raw<AppErrorWire | null>(null);
  /** Whether the handler tells events in words; `null` until the first page says so. */
  hasTemplates = $state<boolean | null>(null);

  constructor(backend: Backend, history: number) {
    this.lines = new PagedRows(
      async (offset, limit) => {
        const page = await backend.story(history, offset, limit);
        this.hasTemplates = page.hasTemplates;
        return { total: page.total, matching: page.total, rows: page.lines };
      },
      () => {
        this.failure = null;
        this.seen += 1;
      },
      (reason) => (this.failure = errorOf(reason)),
    );
  }
}
