// Which colour and shape a name has: that which its letters ask for, so that a type looks the same in every store, in a
// case file of it, and whatever is frequent there. Where two names of one store ask for the same, the one that comes
// first by its letters has it, and the other the next that is free. The red cross says that something went wrong: it is
// kept for names that say so, of which the most frequent has it however rare it is. Pure.

/** Names with a colour of their own; every other name is in the slot after them. */
export const SLOTS = 8;

/** That of the red cross. */
export const FAILURE = 5;
const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;
const FAILED = /^(fail|reject|declin|denied|refus|error|abort|cancel)/i;

export class Slots {
  readonly #slots = new Map<string, number>();

  /** Gives slots to the first of these names, as far as there are any. A name keeps the slot that it has. */
  give(names: readonly string[]): void {
    const taken = new Set(this.#slots.values());
    const wanting = names.filter((name) => !this.#slots.has(name));
    const failure = taken.has(FAILURE) ? undefined : wanting.find(hasFailed);
    if (failure !== undefined) this.#take(failure, FAILURE, taken);
    taken.add(FAILURE);
    const added = wanting.filter((name) => name !== failure).slice(0, SLOTS - taken.size);
    const late: string[] = [];
    for (const name of added.toSorted()) {
      const wanted = wantedSlot(name);
      if (taken.has(wanted)) late.push(name);
      else this.#take(name, wanted, taken);
    }
    for (const name of late) {
      let slot = wantedSlot(name);
      while (taken.has(slot)) slot = (slot + 1) % SLOTS;
      this.#take(name, slot, taken);
    }
  }

  #take(name: string, slot: number, taken: Set<number>): void {
    this.#slots.set(name, slot);
    taken.add(slot);
  }

  of(name: string): number {
    return this.#slots.get(name) ?? SLOTS;
  }
}

function hasFailed(name: string): boolean {
  return (name.match(WORDS) ?? []).some((word) => FAILED.test(word));
}

// FNV-1a over the units of the name, folded to one of the slots but that of failures.
function wantedSlot(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  const slot = (((hash >>> 24) ^ (hash >>> 12) ^ hash) & 0xffff) % (SLOTS - 1);
  return slot < FAILURE ? slot : slot + 1;
}
