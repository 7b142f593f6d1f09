import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import { besideBar, heightShare, mixed, paint, paintPaces, pixelFromHex, tallest, type Bars } from './raster';

const BACKGROUND = 0xff000000;
const COLOURS = [0xff000001, 0xff000002, 0xff000003];

function picture(width: number, height: number) {
  return { width, height, pixels: new Uint32Array(width * height).fill(BACKGROUND) };
}

function heightAt(image: ReturnType<typeof picture>, x: number): number {
  let tall = 0;
  for (let y = 0; y < image.height; y += 1) if (image.pixels[y * image.width + x] !== BACKGROUND) tall += 1;
  return tall;
}

it('shows every column that holds anything, at least two pixels high', () => {
  const random = randomFrom(10);
  const columns = 2000;
  const counts = Uint32Array.from({ length: columns * 3 }, () => (random() < 0.98 ? 0 : 1));
  counts[1500] = 1_000_000;
  const bars: Bars = { start: 0, step: 700 / 2000, columns, slots: 3, counts };
  const image = picture(700, 60);
  paint(image, bars, { colours: COLOURS }, 'sqrt', tallest(bars, 700));
  for (let column = 0; column < columns; column += 1) {
    const total = [0, 1, 2].reduce((sum, slot) => sum + (counts[column * 3 + slot] ?? 0), 0);
    if (total > 0) expect(heightAt(image, Math.floor((column * 700) / 2000))).toBeGreaterThanOrEqual(2);
  }
});

it('leaves empty columns empty and stacks slots in their order', () => {
  const counts = new Uint32Array([0, 0, 0, 4, 4, 0, 0, 0, 0, 0, 0, 8]);
  const image = picture(8, 10);
  paint(image, { start: 0, step: 2, columns: 4, slots: 3, counts }, { colours: COLOURS }, 'linear', 8);
  expect([0, 2, 4, 6].map((x) => heightAt(image, x))).toEqual([0, 10, 0, 10]);
  expect(image.pixels[9 * 8 + 2]).toBe(COLOURS[0]);
  expect(image.pixels[0 * 8 + 2]).toBe(COLOURS[1]);
  expect(image.pixels[9 * 8 + 6]).toBe(COLOURS[2]);
});

it('paints the part of a block that is visible', () => {
  const counts = new Uint32Array([1, 0, 0, 0, 0, 0, 0, 1]);
  const image = picture(4, 4);
  paint(image, { start: -4, step: 1, columns: 8, slots: 1, counts }, { colours: COLOURS }, 'linear', 1);
  expect([0, 1, 2, 3].map((x) => heightAt(image, x))).toEqual([0, 0, 0, 4]);
});

it('grows with the count and fills at the top', () => {
  for (const scale of ['sqrt', 'linear', 'log'] as const) {
    let last = 0;
    for (let total = 1; total <= 100; total += 1) {
      const share = heightShare(total, 100, scale);
      expect(share).toBeGreaterThan(last);
      last = share;
    }
    expect(last).toBeCloseTo(1);
  }
});

it('reads a token as a pixel in memory order', () => {
  const bytes = new Uint8Array(new Uint32Array([pixelFromHex('#12ab9f')]).buffer);
  expect([...bytes]).toEqual([0x12, 0xab, 0x9f, 0xff]);
  expect(pixelFromHex('#fff')).toBe(pixelFromHex('#ffffff'));
  expect(pixelFromHex('#1a9')).toBe(pixelFromHex('#11aa99'));
});

it('fades a colour towards another and keeps it opaque', () => {
  const [one, other] = [pixelFromHex('#102030'), pixelFromHex('#302010')];
  expect(mixed(one, other, 0)).toBe(one);
  expect(mixed(one, other, 1)).toBe(other);
  expect(mixed(one, other, 0.5)).toBe(pixelFromHex('#202020'));
});

it('says in the lowest rows how long nothing happened, the longest of what meets in a pixel', () => {
  const bars: Bars = { start: 0, step: 0.5, columns: 8, slots: 1, counts: new Uint32Array(8).fill(1) };
  const [ground, ink] = [pixelFromHex('#000000'), pixelFromHex('#ffffff')];
  const image = picture(4, 8);
  paint(image, bars, { colours: COLOURS }, 'share', 1);
  paintPaces(image, [{ bars, paces: Uint8Array.from([0, 0, 9, 18, 18, 9, 0, 200]) }], 2, ground, ink);
  const rows = (x: number) => [4, 5, 6, 7].map((y) => image.pixels[y * 4 + x]);
  const quarter = mixed(ground, ink, 0.25);
  expect(rows(0)).toEqual([COLOURS[0], ground, ground, ground]);
  expect(rows(1)).toEqual([COLOURS[0], ground, quarter, quarter]);
  expect(rows(2)).toEqual(rows(1));
  expect(rows(3)).toEqual([COLOURS[0], ground, ink, ink]);
});

it('shows what is listed on top of what is faded, however little it is', () => {
  const random = randomFrom(15);
  const columns = 1400;
  const counts = Uint32Array.from({ length: columns * 2 }, (_, at) => (at % 2 === 0 ? Math.floor(random() * 900) : 0));
  for (let k = 0; k < 30; k += 1) counts[2 * Math.floor(random() * columns) + 1] = 1;
  const bars: Bars = { start: 0, step: 0.6, columns, slots: 2, counts };
  const image = picture(840, 60);
  paint(image, bars, { colours: COLOURS, faded: [true, false] }, 'sqrt', 900);
  for (let column = 0; column < columns; column += 1) {
    if (counts[2 * column + 1] === 0) continue;
    const x = Math.floor(column * 0.6);
    const inks = Array.from({ length: 60 }, (_, y) => image.pixels[y * 840 + x]);
    expect(inks.filter((ink) => ink === COLOURS[1]).length, `${column}`).toBeGreaterThanOrEqual(2);
  }
});

it('stands a cursor beside the bar of its event, never on it', () => {
  const random = randomFrom(16);
  for (let k = 0; k < 200; k += 1) {
    const [start, step] = [random() * 900, 0.5 + random() * 3];
    const counts = new Uint32Array([1]);
    const image = picture(910, 4);
    paint(image, { start, step, columns: 1, slots: 1, counts }, { colours: COLOURS }, 'linear', 1);
    const x = besideBar(start + step / 2, step);
    expect(heightAt(image, x)).toBe(0);
    expect([1, 2].some((left) => heightAt(image, x - left) > 0)).toBe(true);
  }
});
