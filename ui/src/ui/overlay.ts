// Keeps the keyboard inside what lies over the page: what is behind it can be neither reached nor read meanwhile.

/** For `use:`: while the element is there, all its siblings are inert. The environment stays readable. */
export function overlay(element: HTMLElement): { destroy: () => void } {
  const behind = [...(element.parentElement?.children ?? [])].filter(
    (sibling): sibling is HTMLElement =>
      sibling instanceof HTMLElement && !sibling.inert && !sibling.contains(element) && !sibling.matches(STAYS),
  );
  for (const sibling of behind) sibling.inert = true;
  return {
    destroy() {
      for (const sibling of behind) sibling.inert = false;
    },
  };
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
