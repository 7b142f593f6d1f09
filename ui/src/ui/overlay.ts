// Keeps the keyboard inside what lies over the page: what is behind it can be neither reached nor read meanwhile.

/** For `use:`: while the element is there, all its siblings are inert. The environment stays readable. */
export function overlay(element: HTMLElement): { destroy: () => void } {
  const behind = [...(element.parentElement?.children ?? [])].filter(
    (sibling): sibling is HTMLElement =>
      sibling instanceof HTMLElement && !sibling.inert && !sibling.contains(element) && !sibling.matches(STAYS),
  );
  for (const sibling of behind) sibling.inert = true;
  renewScrollbars(behind);
  return {
    destroy() {
      for (const sibling of behind) sibling.inert = false;
      renewScrollbars(behind);
    },
  };
}

/**
 * For `use:` of what lies over its siblings where there is no room for both, and leaves them at work: their scrollbars do
 * not show through meanwhile.
 */
export function covering(element: HTMLElement): { destroy: () => void } {
  let beneath: HTMLElement[] = [];
  const show = (covers: boolean) => {
    if (covers === beneath.length > 0) return;
    const changed = covers ? siblingsOf(element) : beneath;
    beneath = covers ? changed : [];
    for (const sibling of changed) sibling.toggleAttribute('data-beneath', covers);
    renewScrollbars(changed);
  };
  const look = () => show(getComputedStyle(element).position === 'absolute');
  look();
  const watching = new ResizeObserver(look);
  watching.observe(element);
  return {
    destroy() {
      watching.disconnect();
      show(false);
    },
  };
}

function siblingsOf(element: HTMLElement): HTMLElement[] {
  return [...(element.parentElement?.children ?? [])].filter(
    (sibling): sibling is HTMLElement =>
      sibling instanceof HTMLElement && sibling !== element && !sibling.matches('[data-beneath]'),
  );
}

// The engine paints scrollbars over whatever lies above them, and asks how wide one is (see styles/reset.css) when it
// makes it, not when that changes: what scrolls gets a new one.
function renewScrollbars(parts: readonly HTMLElement[]): void {
  const scrolling = parts
    .flatMap((part) => [part, ...part.querySelectorAll<HTMLElement>('*')])
    .filter((one) => one.scrollHeight > one.clientHeight && /auto|scroll/.test(getComputedStyle(one).overflowY));
  for (const one of scrolling) one.style.overflow = 'hidden';
  void scrolling[0]?.offsetHeight;
  for (const one of scrolling) one.style.overflow = '';
}

/** The first and the last element of a box that the keyboard reaches. */
export function endsOf(box: HTMLElement): [HTMLElement, HTMLElement] | null {
  const all = [...box.querySelectorAll<HTMLElement>('button, input, select, [tabindex="0"]')].filter(
    (element) => !element.hasAttribute('disabled'),
  );
  const [first, last] = [all[0], all.at(-1)];
  return first && last ? [first, last] : null;
}

const STAYS = '[data-test="env-band"], [data-overlay], [role="status"]';
