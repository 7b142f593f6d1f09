import { expect, it } from 'vitest';

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
