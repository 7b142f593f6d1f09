// The history of places that Alt+Left and Alt+Right walk. Pure.

export class Trail<Place> {
  readonly #same: (a: Place, b: Place) => boolean;
  #places: Place[] = [];
  #at = -1;

  constructor(same: (a: Place, b: Place) => boolean) {
    this.#same = same;
  }

  /** Remembers a place; what lay ahead is forgotten. */
  visit(place: Place): void {
    const here = this.#places[this.#at];
    if (here && this.#same(here, place)) {
      this.#places[this.#at] = place;
      return;
    }
    this.#places = [...this.#places.slice(Math.max(0, this.#at + 1 - LONGEST), this.#at + 1), place];
    this.#at = this.#places.length - 1;
  }

  /** Refreshes the present place, before it is left. */
  update(place: Place): void {
    if (this.#at >= 0) this.#places[this.#at] = place;
  }

  back(): Place | null {
    return this.#move(-1);
  }

  forward(): Place | null {
    return this.#move(1);
  }

  get canGoBack(): boolean {
    return this.#at > 0;
  }

  get canGoForward(): boolean {
    return this.#at < this.#places.length - 1;
  }

  /** All places that are remembered, in the order of the trail. */
  get places(): readonly Place[] {
    return this.#places;
  }

  #move(by: number): Place | null {
    const place = this.#places[this.#at + by];
    if (!place) return null;
    this.#at += by;
    return place;
  }
}

const LONGEST = 200;
