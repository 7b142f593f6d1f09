import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The window loads these files from its own binary: relative addresses, no preload script (the page's security policy
// allows no inline script), one style sheet.
export default defineConfig(({ mode }) => ({
  base: './',
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  build: {
    target: ['safari17', 'chrome120'],
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
  },
  // Tests of components run the code of the browser.
  ...(mode === 'test' ? { resolve: { conditions: ['browser'] } } : {}),
  // The limit is for tests that hang; a busy machine is no failure.
  test: { include: ['src/**/*.test.ts'], css: true, testTimeout: 120_000 },
}));
