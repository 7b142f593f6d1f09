import { expect, it } from 'vitest';
import { randomFrom } from '../base/random.test-kit';
import { besideSpeed, EVENT_SPEEDS, playOn } from './pace';

const SECOND = 1_000_000_000n;

it('lets each event come when its time has come, and never before', () => {
  const random = randomFrom(21);
  for (let i = 0; i < 200; i += 1) {
    let at = 0n;
    const times = Array.from({ length: 30 }, () => (at += BigInt(Math.floor(random() * 1e6)) * 1_000n));
    const clock = { at: -1n };
    let rest = times;
    while (rest.length > 0) {
      const passed = playOn(clock, rest, 16, 10);
      for (const time of rest.slice(0, passed)) expect(time <= clock.at).toBe(true);
      const next = rest[passed];
      if (next !== undefined) expect(next > clock.at).toBe(true);
      rest = rest.slice(passed);
    }
  }
});

it('skips what is idle, so that the next event comes soon', () => {
  const clock = { at: 0n };
  const times = [SECOND * 86_400n * 41n];
  let frames = 0;
  while (playOn(clock, times, 16, 1) === 0) frames += 1;
  expect(frames).toBeLessThan(60);
});

it('goes along the speeds and stays at the ends', () => {
  expect(besideSpeed(EVENT_SPEEDS, 4, 1)).toBe(8);
  expect(besideSpeed(EVENT_SPEEDS, 1, -1)).toBe(1);
  expect(besideSpeed(EVENT_SPEEDS, Infinity, 1)).toBe(Infinity);
});
