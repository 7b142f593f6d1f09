import { expect, it } from 'vitest';
import { INTEGRITY as T } from './evidence';

it('names the field of the window in place of the word of the command line', () => {
  const said = T.inWindow('name an older copy of the store (--copy); which, it tells (--copy)');
  expect(said).not.toContain('--copy');
  expect(said.split(T.copyOfStore)).toHaveLength(3);
});

it('names what was done something to where no stream is known', () => {
  expect([T.unnamed('4711'), T.unnamed('')]).toEqual(['#4,711', 'an event whose stream is not known']);
});
