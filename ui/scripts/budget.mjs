// Holds what was built to its budgets, in bytes as they cross a wire: `node scripts/budget.mjs`, after `npm run build`.
// At its start the window reads the entry with its styles, what that imports without asking, and the door to its host.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const assets = new URL('assets/', dist);
const names = readdirSync(assets);
const read = (name) => readFileSync(new URL(name, assets));
const packed = (name) => gzipSync(read(name), { level: 9 }).length;

const page = readFileSync(new URL('index.html', dist), 'utf8');
const entry = /src="\.\/assets\/([^"]+\.js)"/.exec(page)?.[1];
const styles = [...page.matchAll(/href="\.\/assets\/([^"]+\.css)"/g)].map(([, name]) => name);
const door = names.find((name) => /^tauri-.*\.js$/.test(name));
if (!entry || !door) throw new Error('dist holds no entry or no door to the host: build first');

const start = new Set();
const pending = [entry, door];
for (let name = pending.pop(); name; name = pending.pop()) {
  if (start.has(name)) continue;
  start.add(name);
  for (const [, next] of read(name)
    .toString()
    .matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g))
    pending.push(next);
}

const sum = (all, size) => all.reduce((bytes, name) => bytes + size(name), 0);
const budgets = [
  ['scripts at the start, gzip', sum([...start], packed), 120_000],
  ['styles at the start, gzip', sum(styles, packed), 20_000],
  [
    'fonts',
    sum(
      names.filter((name) => name.endsWith('.woff2')),
      (name) => read(name).length,
    ),
    180_000,
  ],
];
let isOver = false;
for (const [what, bytes, most] of budgets) {
  console.log(`${what}: ${bytes.toLocaleString('en')} of ${most.toLocaleString('en')} bytes`);
  isOver ||= bytes > most;
}
if (isOver) {
  console.error('over the budget: load what is seldom needed when it is needed, see src/views/lazy.ts');
  process.exit(1);
}
