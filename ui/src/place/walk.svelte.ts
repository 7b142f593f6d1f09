// Walking the trail: going somewhere takes time, and a person may change their mind meanwhile. The newest wish wins,
// and a place that is only passed through is not remembered as it was passed.

import { Trail } from './trail';

/** What shows places. */
export interface Shower<Place> {
  here(): Place;
  /** Shows a place. Gives up silently, touching nothing more, once `isWanted` says no. */
  show(place: Place, isWanted: () => boolean): Promise<void>;
  failed(reason: unknown): void;
}

export class Walk<Place> {
  canGoBack = $state(false);
  canGoForward = $state(false);

  readonly #shower: Shower<Place>;
  readonly #trail: Trail<Place>;
  #turn = 0;
  #isWalking = false;

  constructor(shower: Shower<Place>, same: (a: Place, b: Place) => boolean) {
    this.#shower = shower;
    this.#trail = new Trail(same);
  }

  /** Remembers the present place as a new one. */
  visit(): void {
    this.#turn += 1;
    this.#isWalking = false;
    this.#trail.visit(this.#shower.here());
    this.#tell();
  }

  /** Brings the present place up to date, before it is left. */
  leave(): void {
    if (!this.#isWalking) this.#trail.update(this.#shower.here());
  }

  back(): Promise<void> {
    this.leave();
    return this.#go(this.#trail.back(), () => this.#trail.forward());
  }

  forward(): Promise<void> {
    this.leave();
    return this.#go(this.#trail.forward(), () => this.#trail.back());
  }

  /** Latest first. */
  get places(): readonly Place[] {
    return this.#trail.places.toReversed();
  }

  async #go(place: Place | null, undo: () => void): Promise<void> {
    if (place === null) return;
    this.#tell();
    this.#turn += 1;
    const turn = this.#turn;
    const isWanted = () => turn === this.#turn;
    this.#isWalking = true;
    try {
      await this.#shower.show(place, isWanted);
    } catch (reason) {
      if (!isWanted()) return;
      // The step did not happen.
      undo();
      this.#tell();
      this.#shower.failed(reason);
    }
    if (isWanted()) this.#isWalking = false;
  }

  #tell(): void {
    this.canGoBack = this.#trail.canGoBack;
    this.canGoForward = this.#trail.canGoForward;
  }
}
