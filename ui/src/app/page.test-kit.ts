// The whole page over the fake twin, in a document without layout: for tests of keys, focus and roles.

import { flushSync, mount, unmount } from 'svelte';
import { vi } from 'vitest';
import type { Backend } from '../backend/backend';
import { fakeBackend, type FakeOptions } from '../backend/fake';
import { palette } from '../palette/late.svelte';
import { FORCED_COLOURS } from '../timeline/ink';
import App from './App.svelte';

export interface Page {
  /** Presses keys where the focus is, as `Ctrl+k`, `Escape`, `g`. */
  press(keys: string): void;
  /** Types into the text field that has the focus, over what it holds. */
  type(text: string): void;
  /** Waits until `what` answers something other than `null`, `undefined` and `false`. */
  until<T>(what: () => T | null | undefined | false): Promise<T>;
  find<E extends HTMLElement = HTMLElement>(selector: string): E | null;
  all(selector: string): HTMLElement[];
  /** Texts of all matches, white space as one space. */
  texts(selector: string): string[];
  copied: string[];
  backend: Backend;
  close(): Promise<void>;
}

// As for a person, who is slower than the window reads it.
await palette.read();

const PATIENCE = { timeout: 60_000, interval: 10 };

export function openPage(
  options: Partial<FakeOptions> = {},
  backend = fakeBackend({ sampleEvents: 2_000, ...options }),
): Page {
  stubBrowser();
  const copied: string[] = [];
  vi.stubGlobal('navigator', {
    userAgent: 'test',
    clipboard: { writeText: async (text: string) => void copied.push(text) },
  });
  document.body.innerHTML = '<div id="app"></div>';
  const target = document.body.firstElementChild;
  if (!target) throw new Error('the document has no body');
  const app = mount(App, { target, props: { backend } });
  flushSync();
  const find = <E extends HTMLElement>(selector: string) => document.querySelector<E>(selector);
  const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
  return {
    find,
    all,
    copied,
    backend,
    texts: (selector) => all(selector).map((element) => (element.textContent ?? '').replace(/\s+/g, ' ').trim()),
    press(keys) {
      const parts = keys.split('+');
      const key = parts.pop() ?? '';
      const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key;
      const event = new KeyboardEvent('keydown', {
        ...{ key, code, bubbles: true, cancelable: true },
        ...{ ctrlKey: parts.includes('Ctrl'), shiftKey: parts.includes('Shift'), altKey: parts.includes('Alt') },
      });
      (document.activeElement ?? document.body).dispatchEvent(event);
      flushSync();
    },
    type(text) {
      const field = document.activeElement;
      if (!(field instanceof HTMLInputElement)) throw new Error(`no text field has the focus: ${field?.outerHTML}`);
      field.value = text;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      flushSync();
    },
    until: (what) =>
      vi.waitFor(() => {
        flushSync();
        const found = what();
        if (found === null || found === undefined || found === false) throw new Error(`not yet: ${what}`);
        return found;
      }, PATIENCE),
    close: () => unmount(app),
  };
}

// What a document without layout lacks. None of it matters to what is tested.
function stubBrowser(): void {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  // Of a person who wants it dark and still. Colours that the system forces are looked up one by one, which takes long
  // in this document.
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: query !== FORCED_COLOURS,
    ...{ addEventListener: () => {}, removeEventListener: () => {} },
  }));
  vi.stubGlobal('CSS', { escape: (text: string) => text.replace(/[^\w-]/g, (sign) => `\\${sign}`) });
  HTMLElement.prototype.scrollIntoView = () => {};
  HTMLElement.prototype.scrollTo = () => {};
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
  Range.prototype.getBoundingClientRect = () => new DOMRect();
  vi.stubGlobal('Path2D', class {});
  const context = new Proxy(
    {},
    {
      get: (_, name) => (name === 'createImageData' ? pixels : () => ({ width: 0 })),
      set: () => true,
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context as CanvasRenderingContext2D);
}

function pixels(width: number, height: number) {
  return { width, height, data: new Uint8ClampedArray(width * height * 4) };
}
