import { expect, it } from 'vitest';
import { VIEWS } from '../model/view';

const SOURCES: Record<string, string> = import.meta.glob('../**/*.{svelte,css}', {
  query: '?raw',
  import: 'default',
  eager: true,
});

// WebKitGTK compares pixels of a container query with the enlarged size of the container: at 200 % a container of 400 px
// would count as one of 800. Lengths that follow a size of text are enlarged with it.
it('asks for the size of a container in rem, so that it holds at every zoom', () => {
  const queries = Object.entries(SOURCES).flatMap(([file, text]) =>
    [...text.matchAll(/@container[^{]*/g)].map(([query]) => `${file}: ${query.trim()}`),
  );
  expect(queries.length).toBeGreaterThan(3);
  expect(queries.filter((query) => !/\d+(\.\d+)?rem\)$/.test(query))).toEqual([]);
});

/** The window of 1024 by 640 at 150 %. */
const SMALL = { width: 1024 / 1.5, height: 640 / 1.5 };

it('has room for every entry of the rail in a small window at 150 %', () => {
  const tokens = SOURCES['./tokens.css'] ?? '';
  const token = (name: string) => +(new RegExp(`--${name}: (\\d+)px`).exec(tokens)?.[1] ?? '');
  const [, most, least] =
    /max-height: (\d+)px\) \{\s*button \{\s*min-height: (\d+)px/.exec(SOURCES['../app/Rail.svelte'] ?? '') ?? [];
  expect(+(most ?? '')).toBeGreaterThan(SMALL.height);
  const height = SMALL.height - token('env') - token('bar') - token('statusbar') - 2 * token('s-1');
  expect(VIEWS.length * +(least ?? '')).toBeLessThanOrEqual(height);
});

it('has room for all columns of the streams beside what is said of the store, at 150 %', () => {
  const [, columns = ''] =
    /@container \(width < 27rem\) \{[^{]*\{\s*grid-template-columns: ([^;]+);/.exec(
      SOURCES['../list/StreamList.svelte'] ?? '',
    ) ?? [];
  const least = columns.match(/(?<=minmax\()\d+|(?<!, )\b\d+(?=px(?! *,))/g)?.map(Number) ?? [];
  expect(least).toHaveLength(5);
  // Four gaps, and what is left free at both ends.
  const taken = least.reduce((sum, one) => sum + one, 4 * 8 + 2 * 12 + 8);
  expect(taken).toBeLessThanOrEqual(375);
});
