// Zooming and panning as a person feels it: a step begins in the frame that it came in and settles over the next ones,
// and a key that is held goes further with every repeat. Where motion is reduced, each step is made at once and whole.

/** What is moved. */
export interface Moved {
  zoomAt(x: number, factor: number): void;
  panBy(pixels: number): void;
}

/** The share of what is left to go that each frame goes. */
const SPRING = 0.4;
/** So little is left that it goes at once: powers of two, and pixels. */
const RESTS = { zoom: 0.01, pan: 0.5 };
/** A key that comes again within so long is held. */
const REPEAT_MILLIS = 160;
/** A held key goes twice as far after so long, and at most so many times as far. */
const [DOUBLING_MILLIS, MOST_PACE] = [500, 4];

export class Glide {
  readonly #moved: Moved;
  readonly #frame: (step: () => void) => number;
  #zoom = 0;
  #x = 0;
  #pan = 0;
  #next: number | null = null;
  #held = { since: -Infinity, last: -Infinity };

  constructor(moved: Moved, frame: (step: () => void) => number = requestFrame) {
    this.#moved = moved;
    this.#frame = frame;
  }

  /** Zooms around a pixel: `factor` below 1 shows less. */
  zoom(x: number, factor: number): void {
    this.#x = x;
    this.#zoom += Math.log2(factor);
    this.#go();
  }

  pan(pixels: number): void {
    this.#pan += pixels;
    this.#go();
  }

  /** Gives up what is left to go: something else is shown. */
  stop(): void {
    this.#zoom = 0;
    this.#pan = 0;
  }

  /** How much further than usual a step of a key goes that is pressed at `now`; 1: it is not held. */
  paceAt(now: number): number {
    if (now - this.#held.last > REPEAT_MILLIS) this.#held.since = now;
    this.#held.last = now;
    return Math.min(MOST_PACE, 2 ** ((now - this.#held.since) / DOUBLING_MILLIS));
  }

  #go(): void {
    if (isStill()) this.#step(1);
    else if (this.#next === null) this.#run();
  }

  readonly #run = (): void => {
    const isLast = Math.abs(this.#zoom) <= RESTS.zoom && Math.abs(this.#pan) <= RESTS.pan;
    this.#step(isLast ? 1 : SPRING);
    this.#next = isLast ? null : this.#frame(this.#run);
  };

  #step(share: number): void {
    const [zoom, pan] = [this.#zoom * share, this.#pan * share];
    this.#zoom -= zoom;
    this.#pan -= pan;
    if (zoom !== 0) this.#moved.zoomAt(this.#x, 2 ** zoom);
    if (pan !== 0) this.#moved.panBy(pan);
  }
}

function requestFrame(step: () => void): number {
  return requestAnimationFrame(step);
}

function isStill(): boolean {
  return document.documentElement.hasAttribute('data-still') || matchMedia('(prefers-reduced-motion: reduce)').matches;
}
