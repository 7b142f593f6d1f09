import { expect, it } from 'vitest';
import book from '../../../docs/findings.md?raw';
import { findingTitle } from './findings';

it('has words for every code that there is', () => {
  const rows = book.matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) \|/gm);
  const codes = [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, code = '']) => code));
  expect(codes.length).toBeGreaterThan(50);
  expect(codes.filter((code) => findingTitle(code) === code)).toEqual([]);
  for (const code of codes) expect(findingTitle(code), code).toMatch(/^[A-Z].{5,50}[^.]$/);
});
