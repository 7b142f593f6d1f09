// The documents of the window, in the order of their tabs, and the stores that they share: a store is closed when the
// last document that shows it lets go of it.

import type { OpenStore } from './open_store.svelte';
import { OpenDocument } from './document.svelte';

export class Documents {
  all = $state.raw<readonly OpenDocument[]>([new OpenDocument(1)]);
  /** Number of the one that shows. */
  #shown = $state(1);
  #last = 1;

  get present(): OpenDocument {
    const found = this.numbered(this.#shown) ?? this.all[0];
    if (!found) throw new Error('a window always has a document');
    return found;
  }

  numbered(number: number): OpenDocument | undefined {
    return this.all.find((one) => one.number === number);
  }

  /** An empty document beside another one; it does not show yet. `number`: that of one which was closed. */
  add(number: number | null = null, beside = this.present): OpenDocument {
    if (number === null) this.#last += 1;
    else this.#last = Math.max(this.#last, number);
    const added = new OpenDocument(number ?? this.#last);
    const at = this.all.indexOf(beside) + 1;
    this.all = [...this.all.slice(0, at), added, ...this.all.slice(at)];
    return added;
  }

  activate(document: OpenDocument): void {
    this.#shown = document.number;
  }

  /** The one `by` tabs further, around the ends. */
  beside(by: number): OpenDocument {
    const count = this.all.length;
    return this.all[(this.all.indexOf(this.present) + by + count) % count] ?? this.present;
  }

  /** Closes a document and what only it shows. The neighbour shows then; the last one is emptied instead. */
  async close(document: OpenDocument): Promise<void> {
    if (this.all.length > 1) {
      if (document === this.present)
        this.activate(this.beside(this.all.indexOf(document) + 1 < this.all.length ? 1 : -1));
      this.all = this.all.filter((one) => one !== document);
    } else {
      document.view = 'welcome';
    }
    await this.setStore(document, null);
  }

  /** Puts another store into a document, and closes the one before where no other document shows it. */
  async setStore(document: OpenDocument, store: OpenStore | null): Promise<void> {
    const { history, store: before } = document;
    if (before === store) return;
    document.history = null;
    document.store = store;
    document.handler = null;
    await history?.close();
    if (before && !this.all.some((one) => one.store === before)) await before.close();
  }

  /** The stores that are open, each once. */
  get stores(): OpenStore[] {
    return [...new Set(this.all.flatMap(({ store }) => (store ? [store] : [])))];
  }
}
