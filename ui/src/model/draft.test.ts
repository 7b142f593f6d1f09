import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import { typedOf } from './draft';

const textOf = (set: readonly (readonly [string, string])[]) =>
  `{\n  "edit": "v2",\n  "set": {\n${set.map(([path, value]) => `    "${path}": ${value}`).join(',\n')}\n  }\n}`;

const written = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');

it('keeps what was typed and nothing that was given, whatever was typed where', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomFrom(seed);
    const given = Array.from(
      { length: 1 + Math.floor(random() * 6) },
      (_, at) => [`/f${at}`, `"secret, ${at}"`] as const,
    );
    const typed = given.map(([path, value]) => [path, random() < 0.4 ? `"typed }, ${random()}"` : value] as const);
    const text = typedOf(textOf(typed), textOf(given));
    const own = typed.filter(([, value]) => value.startsWith('"typed'));
    expect(written(text)).toBe(written(textOf(own)));
    expect(text.split('\n')).toHaveLength(textOf(typed).split('\n').length);
  }
});

it('leaves a text alone of which nothing was given', () => {
  const text = '{"edit": "v2", "set": {"/qty": 7}}';
  expect(typedOf(text, '')).toBe(text);
  expect(typedOf(text, textOf([['/qty', '2']]))).toBe(text);
});
