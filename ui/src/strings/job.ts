// Words of long work, read with what shows them.

import { countText } from '../base/format';

export const JOB = {
  pace: (perSecond: number, secondsLeft: number | null) =>
    [`${countText(perSecond)}/s`, secondsLeft === null ? '' : `${leftText(secondsLeft)} left`]
      .filter(Boolean)
      .join(' · '),
} as const;

function leftText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
