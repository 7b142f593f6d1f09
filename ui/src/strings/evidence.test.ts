import { expect, it } from 'vitest';
import { INTEGRITY as T } from './evidence';

const files = import.meta.glob<string>(['../strings.ts', './*.ts', '!./*.test.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

it('sends nobody in the window to options of the command line', () => {
  expect(Object.keys(files).length).toBeGreaterThan(20);
  // What the window says that it cannot do itself names the command that does.
  const isTyped = (line: string) =>
    !line.includes('on the command line') && /(^|[\s(`'"])--[a-z]|\brefold [a-z-]+ --/.test(line);
  const told = Object.entries(files).flatMap(([path, text]) =>
    text
      .split('\n')
      .filter((line) => isTyped(line) && !/^\s*(\/\/|\*|\/\*)/.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(told).toEqual([]);
});

it('groups the numbers of what the engine says', () => {
  expect(T.inWindow('at position 40866')).toBe('at position 40,866');
});

it('says times as the rest of the window does', () => {
  expect(T.inWindow('stamped at 2026-11-23T20:20:08Z, not before 2026-01-01T00:00:00.120Z')).toBe(
    'stamped at 2026-11-23 20:20:08Z, not before 2026-01-01 00:00:00.120Z',
  );
});

it('names what was done something to where no stream is known', () => {
  expect([T.unnamed('4711'), T.unnamed('')]).toEqual(['#4,711', 'an event whose stream is not known']);
});
