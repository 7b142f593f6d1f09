import { expect, it } from 'vitest';
import { SHAPES } from '../ui/shapes';
import { hasInk, TEXTURES } from './ink';
import { paint, type Picture } from './raster';

it('has a texture for every slot, and no two are alike', () => {
  expect(TEXTURES).toHaveLength(SHAPES.length);
  expect(new Set(TEXTURES.map((texture) => texture.join(','))).size).toBe(TEXTURES.length);
  for (const texture of TEXTURES) expect(texture.some((row) => row > 0)).toBe(true);
});

it('draws the bands of a stack in ink and ground, with nothing else', () => {
  const [ink, ground] = [0xff000000, 0xffffffff];
  const picture: Picture = { width: 16, height: 16, pixels: new Uint32Array(256).fill(ground) };
  const bars = { columns: 1, start: 0, step: 16, slots: 2, counts: Uint32Array.of(8, 8) };
  const textures = [TEXTURES[0] ?? new Uint8Array(), TEXTURES[1] ?? new Uint8Array()];
  paint(picture, bars, { colours: [ink, ink], textures: { of: textures, ground } }, 'share', 16);
  for (let y = 0; y < 16; y += 1) {
    for (let x = 0; x < 16; x += 1) {
      const texture = textures[y < 8 ? 1 : 0];
      expect(picture.pixels[y * 16 + x], `${x},${y}`).toBe(texture && hasInk(texture, x, y) ? ink : ground);
    }
  }
});
