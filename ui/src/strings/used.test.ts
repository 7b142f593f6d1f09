import { expect, it } from 'vitest';
import tokens from '../styles/tokens.css?raw';

const files = import.meta.glob<string>(['../**/*.{ts,svelte,css}', '../../index.html', '!../**/*.test.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const isOfStrings = (path: string) => path === '../strings.ts' || path.startsWith('./');
const entries = Object.entries(files);
const readers = entries.filter(([path]) => !isOfStrings(path) && !path.startsWith('../backend/fake'));

/** Members that are named by a value, and not in the code. */
const BY_VALUE = ['require', 'sslcertHint', 'sslkeyHint', 'linked', 'unsettled'];

it('holds no text that nobody shows', () => {
  const words = new Set(readers.flatMap(([, text]) => text.match(/[A-Za-z_$][\w$]*/g) ?? []));
  const texts = entries.filter(([path]) => isOfStrings(path));
  expect(texts.length).toBeGreaterThan(20);
  const dead = texts.flatMap(([path, text]) =>
    [...text.matchAll(/^\s+([A-Za-z_]\w*):/gm)]
      .map(([, name = '']) => name)
      .filter((name) => !words.has(name) && !BY_VALUE.includes(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(dead).toEqual([]);
  expect(BY_VALUE.filter((name) => words.has(name))).toEqual([]);
});

it('has no token that nothing is styled by', () => {
  const names = new Set([...tokens.matchAll(/(--[\w-]+):/g)].map(([, name = '']) => name));
  expect(names.size).toBeGreaterThan(40);
  // A definition names it too.
  const used = new Set(entries.flatMap(([, text]) => text.match(/--[a-z][\w-]*(?![\w-]*:)/g) ?? []));
  const isBySlot = (name: string) => /^--ev-\d$/.test(name);
  expect([...names].filter((name) => !used.has(name) && !isBySlot(name))).toEqual([]);
});
