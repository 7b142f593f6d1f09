// What lies over the page, and what is told in passing. The focus returns to where it was when nothing lies there.

import { tick } from 'svelte';

export type Overlay = 'none' | 'palette' | 'shortcuts' | 'connection';

const NOTICE_MILLIS = 4_000;

export class Overlays {
  current = $state<Overlay>('none');
  /** What the palette starts with when it opens. */
  text = $state('');
  /** The command that the palette asks a value for. */
  asking = $state<string | null>(null);
  /** What was done, for a moment. */
  notice = $state('');

  #focusBefore: HTMLElement | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  open(overlay: Overlay, text: string, asking: string | null): void {
    if (document.activeElement instanceof HTMLElement) this.#focusBefore ??= document.activeElement;
    this.text = text;
    this.asking = asking;
    this.current = overlay;
  }

  close(): void {
    if (this.current === 'none') return;
    this.current = 'none';
    // The page is inert until the overlay has left it; and one overlay may have opened another.
    void tick().then(() => {
      if (this.current !== 'none') return;
      this.#focusBefore?.focus();
      this.#focusBefore = null;
    });
  }

  say(text: string): void {
    clearTimeout(this.#timer);
    this.notice = text;
    this.#timer = setTimeout(() => (this.notice = ''), NOTICE_MILLIS);
  }
}
