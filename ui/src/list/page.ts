// How far a page of rows goes in the list that has the focus.

/** The rows that it shows, less one by which a person sees where they were. */
export function rowsPerPage(): number {
  const list = document.activeElement?.closest<HTMLElement>('[role=grid], [role=treegrid]');
  const height = list?.querySelector<HTMLElement>('[role=row]:not([hidden])')?.offsetHeight ?? 0;
  return list && height > 0 ? Math.max(1, Math.floor(list.clientHeight / height) - 1) : USUAL_ROWS;
}

/** Where nothing is laid out. */
const USUAL_ROWS = 10;
