import { describe, expect, it } from 'vitest';
import tokens from './tokens.css?raw';

type Theme = 'dark' | 'light';

function tokensOf(theme: Theme): Map<string, string> {
  const block = tokens.split(`:root[data-theme='${theme}']`)[1]?.split('}')[0] ?? '';
  return new Map([...block.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/g)].map((match) => [match[1] ?? '', match[2] ?? '']));
}

// Relative luminance and contrast of WCAG 2.x.
function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = BigInt(`0x${hex.slice(at, at + 2)}`);
    const share = +`${value}` / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(theme: Theme, one: string, other: string): number {
  const colours = tokensOf(theme);
  const [a, b] = [one, other].map((name) => {
    const hex = colours.get(name);
    if (!hex) throw new Error(`${name} is no token of the ${theme} theme`);
    return luminance(hex);
  }) as [number, number];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const TEXT: [string, string[]][] = [
  ['--fg-0', ['--bg-0', '--bg-1', '--bg-2', '--bg-3', '--bg-pop', '--accent-sub', '--danger-sub']],
  ['--fg-1', ['--bg-0', '--bg-1', '--bg-2', '--bg-3', '--danger-sub', '--warn-sub']],
  [
    '--fg-2',
    [
      '--bg-0',
      '--bg-1',
      '--bg-2',
      '--bg-3',
      '--bg-pop',
      '--accent-sub',
      '--add-sub',
      '--rem-sub',
      '--chg-sub',
      '--ok-sub',
      '--danger-sub',
    ],
  ],
  ['--fg-3', ['--bg-0', '--bg-1', '--bg-2', '--bg-pop', '--bg-inset']],
  ['--accent', ['--bg-0', '--bg-1', '--accent-sub']],
  ['--on-accent', ['--accent-solid', '--accent-solid-hover']],
  ['--danger', ['--bg-1', '--danger-sub', '--bg-pop', '--chg-sub']],
  ['--warn', ['--bg-0', '--bg-1', '--warn-sub']],
  ['--ok', ['--bg-0', '--bg-1', '--ok-sub', '--chg-sub']],
  ['--info', ['--bg-0', '--bg-1', '--info-sub']],
  ['--add', ['--bg-1', '--add-sub', '--chg-sub']],
  ['--rem', ['--bg-1', '--rem-sub', '--chg-sub']],
  ['--cur-a', ['--bg-0', '--bg-1', '--accent-sub']],
  ['--cur-b', ['--bg-0', '--bg-1']],
  ['--on-env-local', ['--env-local']],
  ['--on-env-prod', ['--env-prod']],
  ['--on-env-bright', ['--env-stag', '--env-dev']],
  ['--on-env-test', ['--env-test']],
  ['--on-env-sand', ['--env-sand']],
];
const SIGNS: [string, string[]][] = [
  ['--env-prod-line', ['--bg-0']],
  ['--line-ctl', ['--bg-0', '--bg-1', '--bg-inset']],
  ['--focus', ['--bg-0', '--bg-1', '--bg-3']],
  // Plots and the glyphs beside them: the plot stands on bg-1.
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((slot): [string, string[]] => [`--ev-${slot}`, ['--bg-1']]),
  ['--ev-other', ['--bg-0', '--bg-1']],
];

describe.each(['dark', 'light'] as const)('%s theme', (theme) => {
  it.each(TEXT)('%s is readable', (name, grounds) => {
    for (const ground of grounds) expect(contrast(theme, name, ground), ground).toBeGreaterThanOrEqual(4.5);
  });
  it.each(SIGNS)('%s is visible', (name, grounds) => {
    for (const ground of grounds) expect(contrast(theme, name, ground), ground).toBeGreaterThanOrEqual(3);
  });
});
