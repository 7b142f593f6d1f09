import { writeFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// Writes down whose modules the interface holds, for the list of licences (xtask/src/licences.rs).
function listPackages(): Plugin {
  return {
    name: 'list-packages',
    apply: 'build',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((part) => (part.type === 'chunk' ? Object.keys(part.modules) : []));
      const names = modules.flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []);
      writeFileSync('node_modules/.bundled-packages', [...new Set(names)].sort().join('\n'));
    },
  };
}

// What is read together lies together. A file costs the window a round trip to its host, which is busy at the start, and
// files that name each other cost one after another: all that the page needs before anything is open is one file, all
// that an open store needs at first is one, and so is what its history needs. The rest is parted by what imports it.
const TOGETHER = [
  { name: 'start', tags: ['$initial' as const], priority: 2 },
  { name: 'store', test: /src\/(model\/opened\.ts|views\/Overview\.svelte)$/, priority: 1 },
  { name: 'history', test: /src\/views\/History\.svelte$/ },
];

// The window loads these files from its own binary: relative addresses, and none of the code that teaches old engines
// to fetch modules ahead. A view that is read when it shows brings its styles with it.
export default defineConfig(({ mode }) => ({
  base: './',
  plugins: [svelte(), listPackages()],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  build: {
    target: ['safari17', 'chrome120'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { output: { codeSplitting: { groups: TOGETHER } } },
  },
  // Tests of components run the code of the browser.
  ...(mode === 'test' ? { resolve: { conditions: ['browser'] } } : {}),
  test: {
    include: ['src/**/*.test.ts'],
    // The document of tests takes a second to read all styles: it reads what a test looks at (app/overlays.test.ts), and
    // those that a test reads as text.
    css: { include: [/\/(Drawer|VirtualGrid)\.svelte\?/, /\.css\?raw/] },
    // The process that hands out the modules waits for the tests most of the time.
    maxWorkers: '100%',
    // The limit is for tests that hang; a busy machine is no failure.
    testTimeout: 120_000,
  },
}));
