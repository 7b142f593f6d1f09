// In which zone and form times are shown. Everything that shows one reads it, so that a page never mixes two zones. The
// exact instant never changes by it: only how it is written.

import { floatFromBig } from './exact';

export type TimeFormat = 'iso' | 'dayFirst' | 'monthFirst';

const NANOS_PER_SECOND = 1_000_000_000n;
const NANOS_PER_MILLI = 1_000_000n;
const DAY = 86_400n * NANOS_PER_SECOND;
/** What the zone rules of a browser cover. */
const MOST_MILLIS = 8_640_000_000_000_000n;

class ShownTime {
  /** `UTC`, `local` or a name of the time zone database. */
  zone = $state('UTC');
  format = $state<TimeFormat>('iso');

  readonly #rules = $derived(rulesOf(this.zone));

  get isUtc(): boolean {
    return this.#rules === null;
  }

  /** How the zone is called where one word has to do: `UTC`, `Europe/Berlin`. */
  get label(): string {
    return this.#rules?.resolvedOptions().timeZone ?? 'UTC';
  }

  /** Seconds that the zone is ahead of UTC at an instant. */
  offsetAt(nanos: bigint): bigint {
    const rules = this.#rules;
    const millis = nanos / NANOS_PER_MILLI;
    if (rules === null || millis > MOST_MILLIS || millis < -MOST_MILLIS) return 0n;
    const name = rules.formatToParts(floatFromBig(millis)).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] =
      /^GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(name) ?? [];
    const length = BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
    return sign === '-' ? -length : length;
  }

  /** The instant whose civil time in the zone is what `nanos` is in UTC: what is on a clock there, as if it were UTC. */
  civil(nanos: bigint): bigint {
    return nanos + this.offsetAt(nanos) * NANOS_PER_SECOND;
  }

  /** The instant of a civil time; where clocks were put back, the later of the two. */
  instant(civil: bigint): bigint {
    const guess = civil - this.offsetAt(civil) * NANOS_PER_SECOND;
    return civil - this.offsetAt(guess) * NANOS_PER_SECOND;
  }

  /**
   * All instants of a civil time, the earlier first: two where clocks were put back over it, none where they went
   * forward. `first` is then where they did, as far as the time that they left out began with it.
   */
  instants(civil: bigint): { instants: bigint[]; first: bigint } {
    const near = [civil - DAY, civil + DAY].map((at) => civil - this.offsetAt(at) * NANOS_PER_SECOND);
    const instants = [...new Set(near)].filter((instant) => this.civil(instant) === civil);
    return { instants: instants.toSorted((a, b) => (a < b ? -1 : 1)), first: near[0] ?? civil };
  }
}

export const shownTime = new ShownTime();

/** All zones that can be chosen: `UTC`, `local`, and those with a name. Some engines count UTC among the names. */
export function zoneNames(): string[] {
  return [...new Set(['UTC', 'local', ...Intl.supportedValuesOf('timeZone')])];
}

// `null`: UTC, or no zone that is known.
function rulesOf(zone: string): Intl.DateTimeFormat | null {
  if (zone === 'UTC') return null;
  const asked = zone === 'local' ? {} : { timeZone: zone };
  try {
    const rules = new Intl.DateTimeFormat('en-GB', { ...asked, timeZoneName: 'longOffset' });
    return rules.resolvedOptions().timeZone === 'UTC' ? null : rules;
  } catch {
    return null;
  }
}
