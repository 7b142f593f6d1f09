// Work that shows on the page and can be cancelled, the latest last: for the key that stops what runs.

interface Shown {
  element: HTMLElement;
  cancel: () => void;
}

const shown: Shown[] = [];

/** An action: what shows work says how it is cancelled, for as long as it can be. */
export function cancellable(element: HTMLElement, cancel: (() => void) | undefined): Action {
  let own: Shown | null = null;
  const update = (next: (() => void) | undefined): void => {
    if (own && next) own.cancel = next;
    else if (own) leave();
    else if (next) shown.push((own = { element, cancel: next }));
  };
  const leave = (): void => {
    if (own) shown.splice(shown.indexOf(own), 1);
    own = null;
  };
  update(cancel);
  return { update, destroy: leave };
}

interface Action {
  update: (cancel: (() => void) | undefined) => void;
  destroy: () => void;
}

/** Cancels the work that has the focus, or that is shown last. `false`: there is none. */
export function cancelShown(which: 'focused' | 'last'): boolean {
  const found = which === 'last' ? shown.at(-1) : shown.find(({ element }) => element.contains(document.activeElement));
  found?.cancel();
  return found !== undefined;
}
