// Holds what was built to its budgets, in bytes as they cross a wire: `node scripts/budget.mjs`, after `npm run build`.
// At its start the window reads the entry with its styles, and what that imports without asking; for a store it reads one
// file more. The scripts at the start may never be more than 120,000 bytes; the numbers below stand a little above what
// there is, so that what grows is looked at.
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

const store = names.find((name) => /^store-.*\.js$/.test(name));
if (!entry || !store) throw new Error('dist holds no entry or no first view of a store: build first');

/** These scripts, with all that they import without asking. */
function withImports(...pending) {
  const all = new Set();
  for (let name = pending.pop(); name; name = pending.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    for (const [, next] of read(name)
      .toString()
      .matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g))
      pending.push(next);
  }
  return [...all];
}

const sum = (all, size) => all.reduce((bytes, name) => bytes + size(name), 0);
const budgets = [
  ['scripts at the start, gzip', sum(withImports(entry), packed), 98_000],
  ['scripts until a store shows, gzip', sum(withImports(entry, store), packed), 143_000],
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
