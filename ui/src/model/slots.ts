// Which colour and shape a name has: that which its letters ask for, so that a type looks the same in every store, in a
// case file of it, and whatever is frequent there. Where two names of one store ask for the same, the one that comes
// first by its letters has it, and the other the next that is free. Pure.

/** Names with a colour of their own; every other name is in the slot after them. */
export const SLOTS = 8;

export class Slots {
  readonly #slots = new Map<string, number>();

  /** Gives slots to the first of these names, as far as there are any. A name keeps the slot that it has. */
  give(names: readonly string[]): void {
    const added = names.filter((name) => !this.#slots.has(name)).slice(0, SLOTS - this.#slots.size);
    const taken = new Set(this.#slots.values());
    const late: string[] = [];
    for (const name of added.toSorted()) {
      const wanted = wantedSlot(name);
      if (taken.has(wanted)) late.push(name);
      else this.#slots.set(name, wanted);
      taken.add(wanted);
    }
    for (const name of late) {
      let slot = wantedSlot(name);
      while (taken.has(slot)) slot = (slot + 1) % SLOTS;
      this.#slots.set(name, slot);
      taken.add(slot);
    }
  }

  of(name: string): number {
    return this.#slots.get(name) ?? SLOTS;
  }
}

// FNV-1a over the units of the name, folded to three bits.
function wantedSlot(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return ((hash >>> 24) ^ (hash >>> 12) ^ hash) & (SLOTS - 1);
}
