import { expect, it, vi } from 'vitest';
import type { Axis, DensityBy } from '../backend/bindings';
import { floatFromBig } from '../base/exact';
import { randomFrom } from '../base/random.test-kit';
import { lengthOf } from './axis';
import type { Fetch } from './lod';
import { momentAt, valueOfMoment, xOfMoment } from './moments';
import { Timeline } from './timeline.svelte';

const DAY = 86_400_000_000_000n;

/** A stream of events in bursts, days apart, and the timeline over it. */
async function open(seed: number, axis: Axis = 'time', events = 600) {
  const random = randomFrom(seed);
  let at = 0n;
  const times = Array.from({ length: events }, () => {
    at += random() < 0.01 ? DAY * 40n : BigInt(Math.floor(random() * 3_600)) * 1_000_000_000n;
    return at;
  });
  let position = 0n;
  const positions = times.map(() => (position += BigInt(1 + Math.floor(random() * (random() < 0.02 ? 3_000 : 9)))));
  const placesOn = (of: Axis) =>
    of === 'version' ? times.map((_, k) => BigInt(k + 1)) : of === 'position' ? positions : times;
  const asked: (Fetch & { by: DensityBy })[] = [];
  const load = (of: Axis, fetch: Fetch, by: DensityBy) => {
    asked.push({ ...fetch, by });
    const counts = new Uint32Array(fetch.columns);
    for (const place of placesOn(of)) {
      if (place < fetch.from || place >= fetch.to) continue;
      const column = floatFromBig(((place - fetch.from) * BigInt(fetch.columns)) / (fetch.to - fetch.from));
      counts[column] = (counts[column] ?? 0) + 1;
    }
    const flags = new Uint8Array(fetch.columns);
    return Promise.resolve({
      columns: fetch.columns,
      from: '',
      to: '',
      series: [by],
      counts,
      flags,
      problems: new Uint32Array(fetch.columns),
      paces: new Uint8Array(),
    });
  };
  const bounds = (of: Axis) => {
    const places = placesOn(of);
    return { first: places[0] ?? 0n, last: places.at(-1) ?? 0n };
  };
  const failed = (reason: unknown) => expect.fail(`${reason}`);
  const timeline = new Timeline({ bounds, load, slotOf: () => 0, ahead: () => 0n, failed }, axis);
  timeline.resize(1400);
  await settled();
  return { timeline, times, positions, asked };
}

// Density comes at once here: turns of the queue of promises are all that passes.
async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

it('means by a pixel the last event at or before it, folded or not', async () => {
  for (const seed of [1, 2, 3]) {
    const { timeline, times } = await open(seed);
    for (const isFolding of [true, false]) {
      timeline.setFolding(isFolding);
      await settled();
      for (let x = 0; x < 1400; x += 9) {
        const until = timeline.view.valueAt(x + 1);
        const from = timeline.view.valueAt(x);
        const moment = momentAt(timeline, x) ?? -1;
        expect(moment).toBeGreaterThanOrEqual(times.filter((time) => time <= from).length);
        expect(moment).toBeLessThanOrEqual(times.filter((time) => time <= until).length);
      }
    }
  }
});

it('comes back from a moment to its pixel, within one', async () => {
  const { timeline, times } = await open(4);
  expect(timeline.view.folds.length).toBeGreaterThan(0);
  for (let moment = 1; moment <= times.length; moment += 7) {
    const x = xOfMoment(timeline, moment) ?? -1;
    const exact = timeline.view.xOf(times[moment - 1] ?? 0n);
    expect(Math.abs(x - exact)).toBeLessThan(1.1);
    const value = valueOfMoment(timeline, moment) ?? 0n;
    expect(value).toBeLessThanOrEqual(times[moment - 1] ?? 0n);
  }
});

it('keeps the pixel of the anchored event while the axis changes, wherever it is', async () => {
  const { timeline, times } = await open(5);
  for (let moment = 1; moment <= times.length; moment += 23) {
    timeline.setAxis('time');
    await settled();
    const x = xOfMoment(timeline, moment) ?? 0;
    timeline.setAxis('version', { value: BigInt(moment), x });
    // A window begins with a whole event.
    expect(Math.abs((xOfMoment(timeline, moment) ?? 0) - x)).toBeLessThan(timeline.view.scale + 1);
    await settled();
    timeline.setAxis('time', { value: times[moment - 1] ?? 0n, x });
    await settled();
    expect(Math.abs((xOfMoment(timeline, moment) ?? 0) - x)).toBeLessThan(2.5);
  }
});

it('keeps the pixel of the anchored event on the axis of positions too, looked at closely', async () => {
  for (const seed of [5, 6, 7, 8, 9, 10]) {
    const { timeline, positions } = await open(seed);
    for (let moment = 40; moment <= 560; moment += 23) {
      timeline.setAxis('time');
      await settled();
      timeline.zoomAt(xOfMoment(timeline, moment) ?? 0, 0.001);
      await settled();
      const x = xOfMoment(timeline, moment) ?? 0;
      timeline.setAxis('position', { value: positions[moment - 1] ?? 0n, x });
      await settled();
      const off = Math.abs((xOfMoment(timeline, moment) ?? 0) - x);
      expect(off, `${seed} ${moment}`).toBeLessThan(timeline.view.scale + 1);
    }
  }
});

it('shows all of few events on the axis that counts them, whichever is anchored', async () => {
  const { timeline } = await open(8, 'time', 15);
  for (let moment = 1; moment <= 15; moment += 1) {
    for (const x of [10, 300, 954, 1390]) {
      timeline.setAxis('time');
      await settled();
      timeline.setAxis('version', { value: BigInt(moment), x });
      expect(timeline.window, `${moment} ${x}`).toEqual(timeline.whole);
    }
  }
});

it.each(['version', 'position'] as const)(
  'keeps an event where it is while keys zoom at it, step by step and back: on the axis of the %s',
  async (axis) => {
    for (const seed of [4, 5, 6]) {
      const { timeline } = await open(seed, axis);
      for (const moment of [40, 300, 560]) {
        timeline.fitAll();
        await settled();
        const start = xOfMoment(timeline, moment) ?? 0;
        for (let step = 0; step < 30; step += 1) {
          const x = timeline.hold.again(timeline.view, timeline.window, xOfMoment(timeline, moment) ?? 0);
          // A key is several frames.
          for (let frame = 0; frame < 10; frame += 1) timeline.zoomAt(x, 0.8 ** 0.1);
          timeline.refresh();
          await settled();
          // What is known to a column is known better the closer one looks.
          const off = Math.abs((xOfMoment(timeline, moment) ?? 0) - start);
          expect(off, `${seed} ${moment} ${step}`).toBeLessThan(timeline.view.scale + 3);
        }
        for (let step = 0; step < 10; step += 1) {
          const x = timeline.hold.again(timeline.view, timeline.window, xOfMoment(timeline, moment) ?? 0);
          for (let frame = 0; frame < 10; frame += 1) timeline.zoomAt(x, 1.25 ** 0.1);
          timeline.refresh();
          await settled();
        }
        const off = Math.abs((xOfMoment(timeline, moment) ?? 0) - start);
        expect(off, `${seed} ${moment}, back`).toBeLessThan(timeline.view.scale + 3);
      }
    }
  },
);

it('never shows finer than 48 pixels to an event', async () => {
  const { timeline } = await open(6, 'version');
  for (let k = 0; k < 60; k += 1) timeline.zoomAt(700, 0.5);
  expect(timeline.view.scale).toBeLessThanOrEqual(49);
  for (let k = 0; k < 80; k += 1) timeline.zoomAt(700, 2);
  expect(timeline.window).toEqual(timeline.whole);
});

it('labels no tick of the versions where there is no event, however the axis was turned to', async () => {
  const { timeline, times } = await open(7);
  for (const moment of [1, 5, 300, times.length]) {
    timeline.setAxis('time');
    timeline.fitAll();
    await settled();
    timeline.zoomAt(xOfMoment(timeline, moment) ?? 0, 0.05);
    await settled();
    timeline.setAxis('version', { value: BigInt(moment), x: xOfMoment(timeline, moment) ?? 0 });
    const labels = timeline.ruler.ticks.map(({ text }) => BigInt(text.replaceAll(',', '')));
    for (const label of labels) expect(label >= 1n && label <= BigInt(times.length), `${label}`).toBe(true);
  }
});

it('says how far all is counted that a pixel means', async () => {
  const { timeline, times } = await open(8);
  for (let x = 0; x < 1400; x += 13) {
    const last = timeline.lastOf(x);
    expect(momentAt(timeline, x)).toBe(times.filter((time) => time <= last).length);
  }
});

it('is drawn from what it has while a gesture zooms, asks only for what would be missing, and for all at rest', async () => {
  vi.useFakeTimers();
  const { timeline, asked } = await open(7);
  timeline.setFolding(false);
  timeline.zoomAt(700, 0.9);
  await settled();
  const coarse = timeline.block?.plan.bucket ?? 0n;
  asked.length = 0;
  // A factor of two in small steps: the columns would be twice as fine, and are not asked for yet.
  for (let step = 0; step < 8; step += 1) timeline.zoomAt(700, 0.9);
  await settled();
  expect(asked).toHaveLength(0);
  expect(timeline.block?.plan.bucket).toBe(coarse);
  vi.runAllTimers();
  await settled();
  expect(timeline.block?.plan.bucket).toBeLessThan(coarse);
  // Nothing of the window is ever left without a picture for longer than an answer takes.
  for (let step = 0; step < 60; step += 1) {
    timeline.panBy(400);
    await settled();
    const { from, to } = timeline.window;
    const reach = timeline.block?.plan.reach ?? { from: 0n, to: 0n };
    expect(reach.from <= from && reach.to >= (to < timeline.whole.to ? to : timeline.whole.to)).toBe(true);
  }
  timeline.close();
  vi.useRealTimers();
});

it('tells events apart by something else in the same window, and shows the old picture until the new one is there', async () => {
  const { timeline, times, asked } = await open(6);
  timeline.zoomAt(700, 0.5);
  timeline.refresh();
  await settled();
  const [{ window }, old] = [timeline, timeline.pieces];
  const before = asked.length;
  timeline.stackBy('category');
  expect(timeline.pieces).toBe(old);
  await settled();
  expect(timeline.window).toEqual(window);
  expect(new Set(asked.slice(before).map(({ by }) => by))).toEqual(new Set(['category']));
  const x = timeline.view.xOf(times.find((time) => time > window.from) ?? 0n);
  const column = timeline.columnAt(x);
  expect(column?.events).toBeGreaterThan(0);
  expect([...(column?.counts ?? [])]).toEqual([['category', column?.events]]);
});

it('tells the time between the two events at the ends of a fold, whatever the width', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const { timeline, times } = await open(seed);
    const finest = lengthOf(timeline.whole) >> 20n;
    for (const width of [1400, 1399, 1024, 640, 200]) {
      timeline.resize(width);
      await settled();
      expect(timeline.view.folds.length).toBeGreaterThan(0);
      for (const { from, to, gap } of timeline.view.folds) {
        const [last, first] = [times.findLast((time) => time <= from) ?? 0n, times.find((time) => time >= to) ?? 0n];
        const off = gap - (first - last);
        expect(off < 0n ? -off : off).toBeLessThanOrEqual(finest);
      }
    }
  }
});

it('shows the whole folded as the window is, in columns no wider than a pixel', async () => {
  const { timeline, times } = await open(4);
  const { map, wide, view } = timeline;
  expect(view.folds.length).toBeGreaterThan(0);
  for (const time of times) expect(wide.xOf(time)).toBeCloseTo(view.xOf(time), 6);
  const pieces = map?.pieces ?? [];
  expect(pieces.at(-1)?.running.at(-1)).toBe(times.length);
  for (const { fetch } of pieces) expect(floatFromBig(fetch.bucket) * wide.scale).toBeLessThanOrEqual(1);
  // All of it is known once: nothing is asked for again.
  timeline.zoomAt(700, 0.5);
  await settled();
  expect(timeline.map).toBe(map);
});
