// Which popover is open, so that Esc closes it: keys that the window takes for itself never reach the engine's own Esc.

let shown: HTMLElement[] = [];

/** For `toggle` of anything on the page. Those that are opened and closed by hand have an Esc of their own. */
export function watchPopover({ newState, target }: ToggleEvent): void {
  if (!(target instanceof HTMLElement) || !/^(auto|hint|)$/.test(target.getAttribute('popover') ?? 'none')) return;
  shown = shown.filter((one) => one !== target && one.isConnected);
  if (newState === 'open') shown.push(target);
}

/** Closes the one that was opened last; `false`: none is open. */
export function closePopover(): boolean {
  const last = shown.findLast((one) => one.isConnected);
  last?.hidePopover();
  shown = shown.filter((one) => one !== last);
  return last !== undefined;
}
