// The palette opens at once and is not needed to start: it is read beside the start of the window, not before it.

import type View from './Palette.svelte';

class LatePalette {
  /** `null` until it is read. */
  view = $state.raw<typeof View | null>(null);

  async read(): Promise<void> {
    this.view ??= (await import('./Palette.svelte')).default;
  }
}

export const palette = new LatePalette();
