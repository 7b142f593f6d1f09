import { expect, it } from 'vitest';
import type { HandlerChoice } from '../backend/bindings';
import { newerVersion } from './newer_version';

const choicesOf = (folder: string, name: string, versions: string[]): HandlerChoice[] =>
  versions.map((version) => ({ reference: `${folder}@${version}`, name, version, category: null }));

const DEFAULT: HandlerChoice = { reference: 'builtin:merge', name: 'builtin:merge', version: '', category: null };

it.each<[string, string[], string, string]>([
  ['the first is the newest', ['1.1.0', '1.0.0'], '1.1.0', ''],
  ['a later one is not', ['1.1.0', '1.0.0'], '1.0.0', '1.1.0'],
  ['a release came after its candidate', ['1.1.0', '1.1.0-rc1'], '1.1.0', ''],
  ['a candidate came before its release', ['1.1.0', '1.1.0-rc1'], '1.1.0-rc1', '1.1.0'],
  ['what they are called says nothing', ['2.0.0', '10.0.0'], '10.0.0', '2.0.0'],
  ['versions need be no numbers', ['spring', 'winter'], 'winter', 'spring'],
  ['what was deployed is no version', ['1.1.0', '1.0.0', 'as-deployed'], 'as-deployed', ''],
  ['nor in one environment', ['1.1.0', 'as-deployed'], 'as-deployed:production', ''],
  ['nobody knows where an unknown one stands', ['1.1.0', '1.0.0'], '1.0.5', ''],
])('%s', (_, versions, version, newer) => {
  const choices = [...choicesOf('/shop/handlers/order', 'order', versions), DEFAULT];
  expect(newerVersion(choices, `/shop/handlers/order@${version}`, { name: 'order', version })).toBe(newer);
  // The same from elsewhere.
  expect(newerVersion(choices, `/case/handlers/order@${version}`, { name: 'order', version })).toBe(newer);
});

it('keeps packages apart that have one name', () => {
  const choices = [
    ...choicesOf('/shop/handlers/a', 'order', ['3.0.0']),
    ...choicesOf('/shop/handlers/b', 'order', ['2.0.0', '1.0.0']),
  ];
  const newer = (version: string) => newerVersion(choices, `/shop/handlers/b@${version}`, { name: 'order', version });
  expect([newer('2.0.0'), newer('1.0.0')]).toEqual(['', '2.0.0']);
});

it('says nothing of what has no version', () => {
  expect(newerVersion([DEFAULT], 'builtin:merge', { name: 'builtin:merge', version: '' })).toBe('');
  expect(newerVersion([DEFAULT], 'builtin:merge', { name: 'builtin:merge', version: '1' })).toBe('');
});
