// The focus does not get lost: when what has it leaves the page (a dialog, a drawer, a button that did its work), it
// returns to what had it before, or to the list of the view that came.

/** So many places are known where the focus was. */
const MOST = 32;
const LIST = '[data-region=view] :is([role=grid], [role=treegrid])[tabindex="0"]';
/** Where a view is entered that has no list, or none yet. */
const ENTRIES = ['#view [role=listbox] [aria-selected=true]', '#view button:not(:disabled, [tabindex="-1"])'];

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
    isAwaited &&= target === makeshift;
    const isOfView = target.closest('[data-region=view]') !== null;
    trail = [...trail.filter(({ element }) => element !== target), { element: target, isOfView }].slice(-MOST);
  };

  const enter = () => {
    const list = page.querySelector<HTMLElement>(LIST);
    const entry = list ?? ENTRIES.map((one) => page.querySelector<HTMLElement>(one)).find((one) => one !== null);
    isAwaited = list === null;
    makeshift = isAwaited ? (entry ?? null) : null;
    entry?.focus();
  };

  const mend = () => {
    if (isAwaited && makeshift !== null && document.activeElement === makeshift) {
      if (page.querySelector(LIST)) enter();
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
      else if (place.isOfView || !isOfView) return place.element.focus();
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
  return () => {
    observer.disconnect();
    page.removeEventListener('focusin', note);
  };
}

function isNowhere(element: Element | null): boolean {
  return element === null || element === document.body;
}

function isThere(element: HTMLElement): boolean {
  return element.isConnected && element.closest('[inert]') === null;
}
