// What lies over the page, and what is told in passing.

import type { AppErrorWire } from '../backend/bindings';
import { S } from '../strings';

export type Overlay = 'none' | 'palette' | 'shortcuts' | 'connection' | 'broken';

const NOTICE_MILLIS = 4_000;

export class Overlays {
  current = $state<Overlay>('none');
  /** How often something was opened: a palette that a choice of the palette opens is another one. */
  openings = $state(0);
  /** What the palette starts with when it opens. */
  text = $state('');
  /** The command that the palette asks a value for. */
  asking = $state<string | null>(null);
  /** Whether the palette that asks for a value was opened by a choice in the palette, which one step out leads back to. */
  isWithin = $state(false);
  /** Why what lay over the page is not there; it keeps the keys until a person has taken note of it. */
  broken = $state.raw<AppErrorWire | null>(null);
  /** What was done, for a moment. */
  notice = $state('');

  #timer: ReturnType<typeof setTimeout> | undefined;

  open(overlay: Overlay, text: string, asking: string | null): void {
    // What a person typed into the editor would be gone with it.
    if (this.current === 'connection' && overlay !== 'connection') return this.say(S.blocked.editing);
    this.text = text;
    this.asking = asking;
    this.isWithin = false;
    this.current = overlay;
    this.openings += 1;
  }

  break(reason: AppErrorWire): void {
    this.broken = reason;
    this.current = 'broken';
  }

  close(): void {
    this.current = 'none';
  }

  say(text: string): void {
    clearTimeout(this.#timer);
    this.notice = text;
    this.#timer = setTimeout(() => (this.notice = ''), NOTICE_MILLIS);
  }
}
