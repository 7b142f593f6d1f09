import { expect, it } from 'vitest';
import page from '../../index.html?raw';
import fonts from './fonts.css?raw';

it('fetches with the page the fonts that its first text is set in, and no file that no font is of', () => {
  const fetched = [...page.matchAll(/href="\/node_modules\/([^"]+)"/g)].map(([, file]) => file);
  const declared = [...fonts.matchAll(/url\('([^']+)'\)/g)].map(([, file]) => file);
  expect(fetched).toEqual(declared.filter((file) => file?.endsWith('-latin-wght-normal.woff2')));
  expect(fetched).toHaveLength(2);
});
