// What draws the pointer to itself on a timeline: problems, bookmarks, hits, the other cursor. Only a slow pointer is
// drawn, so that nobody is held up on the way across. Pure.

/** A place that a slow pointer snaps to. */
export interface Magnet {
  x: number;
  moment: number;
  /** The moments after this one, up to `moment`, are of its pixel: a problem is at one of them. `null`: at `moment`. */
  after: number | null;
}

const REACH_PIXELS = 6;
const FASTEST_PIXELS_PER_SECOND = 300;

/** The nearest magnet that draws a pointer of this speed, in pixels a second; of two as near, the first. */
export function magnetAt(x: number, speed: number, magnets: Iterable<Magnet>): Magnet | null {
  if (speed >= FASTEST_PIXELS_PER_SECOND) return null;
  let nearest: Magnet | null = null;
  let least = REACH_PIXELS;
  for (const magnet of magnets) {
    const distance = Math.abs(magnet.x - x);
    if (nearest === null ? distance > least : distance >= least) continue;
    nearest = magnet;
    least = distance;
  }
  return nearest;
}

/** How fast a pointer moves, from where it was when. */
export class Speed {
  #last: { x: number; millis: number } | null = null;
  #speed = 0;

  /** Pixels a second, at the newest place. 0 at the first one. */
  at(x: number, millis: number): number {
    const { x: before, millis: then } = this.#last ?? { x, millis };
    // Two places at one time are one.
    if (millis > then) this.#speed = (Math.abs(x - before) / (millis - then)) * 1000;
    if (millis > then || this.#last === null) this.#last = { x, millis };
    return this.#speed;
  }

  /** The pointer was let go. */
  rest(): void {
    this.#last = null;
    this.#speed = 0;
  }
}
