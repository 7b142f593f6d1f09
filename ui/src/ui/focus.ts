// The focus does not get lost: when what has it leaves the page (a dialog, a drawer, a button that did its work), it
// returns to what had it before, or to the list of the view that came. Before a person gave it to anything nothing has it.

/** So many places are known where the focus was. */
const MOST = 32;
const LIST = '[data-region=view] :is([role=grid], [role=treegrid])[tabindex="0"]';
/** By what a person says that the focus is theirs. */
const TAKES = ['keydown', 'pointerdown'] as const;
/** Where a view is entered that has no list, or none yet. */
const ENTRIES = [
  '#view :is([role=listbox] [aria-selected=true], .settings [type=radio]:checked)',
  '#view button:not(:disabled, [tabindex="-1"])',
];

/** What has the focus by none but the page: a person has done nothing there yet. */
let lent: Element | null = null;

interface Place {
  element: HTMLElement;
  isOfView: boolean;
}

/** Watches a page until the answer is called. */
export function keepFocus(page: HTMLElement): () => void {
  /** The latest last. */
  let trail: Place[] = [];
  /** What had the focus in a view that gave way to one which is not there yet. */
  let isAwaited = false;
  /** What has the focus until the list of the view is there. */
  let makeshift: Element | null = null;

  const note = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement)) return;
    lent = null;
    isAwaited &&= target === makeshift;
    const isOfView = target.closest('[data-region=view]') !== null;
    trail = [...trail.filter(({ element }) => element !== target), { element: target, isOfView }].slice(-MOST);
  };

  const lend = (element: HTMLElement) => {
    element.focus();
    lent = element;
  };
  // Shortcuts mean the view; whatever else is pressed means what has the focus.
  const take = (event: Event) => {
    if (!(event instanceof KeyboardEvent && (event.ctrlKey || event.metaKey || event.altKey))) lent = null;
  };

  const enter = () => {
    const list = listOfView(page);
    const entry = list ?? ENTRIES.map((one) => page.querySelector<HTMLElement>(one)).find((one) => one !== null);
    isAwaited = list === null;
    makeshift = isAwaited ? (entry ?? null) : null;
    if (entry) lend(entry);
  };

  const mend = () => {
    if (isAwaited && makeshift !== null && document.activeElement === makeshift) {
      if (listOfView(page)) enter();
      return;
    }
    const last = trail.at(-1);
    if (!isNowhere(document.activeElement) || (!isAwaited && (!last || isThere(last.element)))) return;
    let isOfView = isAwaited;
    while (trail.length > 0) {
      const place = trail.at(-1);
      if (!place) break;
      if (!isThere(place.element)) isOfView ||= place.isOfView;
      // Where a view gave way, what stands beside it is not where a person was.
      else if (place.isOfView || !isOfView) return lend(place.element);
      else break;
      trail.pop();
    }
    if (!isOfView) return;
    enter();
  };

  // Rows of lists are written anew, never added while one scrolls: this runs when something opens or closes.
  const observer = new MutationObserver(mend);
  observer.observe(page, { childList: true, subtree: true });
  page.addEventListener('focusin', note);
  for (const kind of TAKES) page.addEventListener(kind, take, true);
  return () => {
    observer.disconnect();
    page.removeEventListener('focusin', note);
    for (const kind of TAKES) page.removeEventListener(kind, take, true);
  };
}

/** The list that a view is entered by; `null`: it has none, or none yet. */
export function listOfView(page: HTMLElement): HTMLElement | null {
  return page.querySelector<HTMLElement>(LIST);
}

/** Whether no person gave the focus to what has it: a view may lead it to what it answers. */
export function isFree(): boolean {
  const { activeElement } = document;
  return isNowhere(activeElement) || activeElement === lent;
}

export function isNowhere(element: Element | null): boolean {
  return element === null || element === document.body;
}

function isThere(element: HTMLElement): boolean {
  return element.isConnected && element.closest('[inert]') === null;
}
