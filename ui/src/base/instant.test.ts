import { expect, it } from 'vitest';
import { approximateText, durationText, nanosFromRfc3339, rfc3339FromNanos } from './instant';
import { bigFromFloat } from './exact';
import { randomFrom } from './random.test-kit';

it('reads back what it writes, before 1970 and after 9999 too', () => {
  const random = randomFrom(1);
  for (let i = 0; i < 2000; i += 1) {
    const nanos = bigFromFloat((random() - 0.4) * 4e11) * 1_000_000_000n + bigFromFloat(random() * 1e9);
    const text = rfc3339FromNanos(nanos);
    expect(nanosFromRfc3339(text), text).toBe(nanos);
  }
});

it('agrees with the calendar of the platform', () => {
  const random = randomFrom(2);
  for (let i = 0; i < 500; i += 1) {
    const millis = Math.floor((random() - 0.3) * 4e12);
    expect(rfc3339FromNanos(bigFromFloat(millis) * 1_000_000n).slice(0, 19)).toBe(
      new Date(millis).toISOString().slice(0, 19),
    );
  }
});

it('keeps nanoseconds and shifts offsets to UTC', () => {
  expect(nanosFromRfc3339('1970-01-01T00:00:00.000000001Z')).toBe(1n);
  expect(nanosFromRfc3339('1970-01-01T02:00:00+02:00')).toBe(0n);
  expect(rfc3339FromNanos(1_123_456_789n)).toBe('1970-01-01T00:00:01.123456789Z');
  expect(rfc3339FromNanos(1_120_000_000n)).toBe('1970-01-01T00:00:01.120Z');
});

it('refuses what is no instant', () => {
  for (const text of ['', 'yesterday', '2026-08-03', '2026-08-03T14:00', '734201']) {
    expect(nanosFromRfc3339(text), text).toBeNull();
  }
});

it('names a length by its two largest units', () => {
  const second = 1_000_000_000n;
  expect(durationText(372n * second)).toBe('6 min 12 s');
  expect(durationText(137_000_000n)).toBe('137 ms');
  expect(durationText(0n)).toBe('0 s');
  expect(durationText(41n * 86_400n * second)).toBe('41 d');
});

it('says about how long a gap is, by its largest unit', () => {
  const hour = 3_600_000_000_000n;
  expect(approximateText(85n * hour)).toBe('≈ 3.5 d');
  expect(approximateText(41n * 24n * hour + hour)).toBe('≈ 41 d');
  expect(approximateText(24n * hour)).toBe('≈ 1 d');
  expect(approximateText(59_600_000_000n)).toBe('≈ 1 min');
  expect(approximateText(67n * 8766n * hour)).toBe('≈ 67 y');
  expect(approximateText(137_000_000n)).toBe('≈ 137 ms');
  expect(approximateText(900n)).toBe('≈ 900 ns');
});
