// Checking a folder of evidence by itself: a report, an anchor or a proof. It needs no store, so each window has one.

import { errorOf } from '../backend/backend';
import type { AppErrorWire, BundleChecked } from '../backend/bindings';
import type { Desk } from './desk.svelte';

export class BundleCheck {
  readonly #desk: Desk;
  folder = $state('');
  /** The public key that must have signed it; empty: whoever did. */
  key = $state('');
  isRunning = $state(false);
  result = $state.raw<BundleChecked | null>(null);
  failure = $state.raw<AppErrorWire | null>(null);

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Lets a person choose the folder, and checks it. */
  async choose(): Promise<void> {
    const folder = await this.#desk.backend.pickFolder('opening');
    if (folder !== null) await this.check(folder);
  }

  async check(folder: string): Promise<void> {
    this.folder = folder;
    this.result = null;
    this.failure = null;
    this.isRunning = true;
    const { key } = this;
    try {
      const result = await this.#desk.backend.verifyBundle(folder, key.trim());
      if (folder === this.folder && key === this.key) this.result = result;
    } catch (reason) {
      this.failure = errorOf(reason);
    } finally {
      this.isRunning = false;
    }
  }

  /** Another key: what was said of the one before holds no more. */
  setKey(key: string): void {
    this.key = key;
    this.result = null;
  }
}

const checks = new WeakMap<Desk, BundleCheck>();

export function bundleCheckOf(desk: Desk): BundleCheck {
  const known = checks.get(desk) ?? new BundleCheck(desk);
  checks.set(desk, known);
  return known;
}
