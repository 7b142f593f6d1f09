import { expect, it } from 'vitest';
import type { JobUpdate } from '../backend/bindings';
import { JobMeter } from './job_rate';

const told = (done: number, total: number | null = 10_000, phase: JobUpdate['phase'] = 'readingEvents', job = 1) => ({
  job,
  phase,
  done,
  total,
  doublings: 0,
});

it('says how fast a job is and how long it still takes, of the phase that runs', () => {
  const meter = new JobMeter();
  expect(meter.take(told(500), 0)).toBeNull();
  // Too early to say.
  expect(meter.take(told(600), 999)).toBeNull();
  expect(meter.take(told(2_500), 2_000)).toEqual({ perSecond: 1_000, secondsLeft: 8 });
  expect(meter.take(told(10_000), 9_500)).toEqual({ perSecond: 1_000, secondsLeft: 0 });
  // Another phase, and another job, counts other things.
  expect(meter.take(told(4_000, 10_000, 'sortingEvents'), 10_000)).toBeNull();
  expect(meter.take(told(5_000, null, 'sortingEvents'), 12_000)).toEqual({ perSecond: 500, secondsLeft: null });
  expect(meter.take(told(5_000, null, 'sortingEvents', 2), 20_000)).toBeNull();
  // What stands still has no rate.
  expect(meter.take(told(5_000, null, 'sortingEvents', 2), 30_000)).toBeNull();
  // A count that outgrew its numbers is the same one.
  const large = { ...told(2 ** 31, null, 'sortingEvents', 3), doublings: 1 };
  expect(meter.take(told(2 ** 32 - 10, null, 'sortingEvents', 3), 40_000)).toBeNull();
  expect(meter.take(large, 41_000)).toEqual({ perSecond: 10, secondsLeft: null });
});
