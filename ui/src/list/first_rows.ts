// What a start is measured by: when the first rows of a store were there, of whichever list shows first.

const MARK = 'first-rows';

/** Only the first call counts. */
export function markFirstRows(): void {
  if (performance.getEntriesByName(MARK).length === 0) performance.mark(MARK);
}
