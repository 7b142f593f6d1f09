// Colours of what is drawn on a canvas, which no style sheet reaches: those of the theme, or those that the system forces
// on every page. There hues are gone, and textures tell the bands of a stack apart.

import { bigFromText, floatFromBig } from '../base/exact';
import { colourToken, SHAPES } from '../ui/shapes';

/** Eight rows of eight pixels, a bit each: 1 is ink, 0 is ground. */
export type Texture = Uint8Array;

/** By colour slot, the other types last: no two neighbours of a stack look alike. */
export const TEXTURES: readonly Texture[] = [
  [255, 255, 255, 255, 255, 255, 255, 255],
  [255, 0, 0, 0, 255, 0, 0, 0],
  [17, 34, 68, 136, 17, 34, 68, 136],
  [170, 85, 170, 85, 170, 85, 170, 85],
  [17, 17, 17, 17, 17, 17, 17, 17],
  [129, 66, 36, 24, 24, 36, 66, 129],
  [255, 136, 136, 136, 255, 136, 136, 136],
  [136, 68, 34, 17, 136, 68, 34, 17],
  [136, 0, 34, 0, 136, 0, 34, 0],
].map((rows) => Uint8Array.from(rows));

/** Whether a texture has ink at a pixel. */
export function hasInk(texture: Texture, x: number, y: number): boolean {
  return (((texture[y & 7] ?? 255) >> (x & 7)) & 1) === 1;
}

export const FORCED_COLOURS = '(forced-colors: active)';

/** The colour of a token as `#rrggbb`, or as the theme writes it. */
export function inkOf(token: string): string {
  if (matchMedia(FORCED_COLOURS).matches) return systemColour(FORCED[token] ?? 'CanvasText');
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
}

const FORCED: Readonly<Record<string, string>> = {
  '--bg-0': 'Canvas',
  '--bg-1': 'Canvas',
  '--bg-2': 'Canvas',
  '--line-1': 'GrayText',
  '--line-2': 'GrayText',
  '--accent': 'Highlight',
  '--cur-a': 'Highlight',
  ...Object.fromEntries(SHAPES.map((_, slot) => [colourToken(slot), 'CanvasText'])),
};

// A canvas takes a system colour by its name, but a picture of pixels needs its numbers.
function systemColour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = name;
  document.body.append(probe);
  const numbers = getComputedStyle(probe).color.match(/\d+/g) ?? [];
  probe.remove();
  const [red = 0, green = 0, blue = 0] = numbers.map((digits) => floatFromBig(bigFromText(digits) ?? 0n));
  return `#${[red, green, blue].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
