// How fast a job is, and how long it still takes, by what it told since its phase began. Pure.

import type { JobUpdate } from '../backend/bindings';
import { countedOf } from '../base/counted';

/** What is told in the first moments says nothing of the rest. */
const SURE_MILLIS = 1000;

export interface JobPace {
  perSecond: number;
  /** `null`: nobody knows how much there is. */
  secondsLeft: number | null;
}

export class JobMeter {
  #since: (Pick<JobUpdate, 'job' | 'phase' | 'done'> & { millis: number }) | null = null;

  /** `null`: it is too early to say. */
  take(update: JobUpdate, millis: number): JobPace | null {
    const { job, phase } = update;
    const { done, total } = countedOf(update);
    const since = this.#since;
    if (since?.job !== job || since.phase !== phase || done < since.done) {
      this.#since = { job, phase, done, millis };
      return null;
    }
    const passed = millis - since.millis;
    if (passed < SURE_MILLIS || done === since.done) return null;
    const perSecond = ((done - since.done) * 1000) / passed;
    const secondsLeft = total === null ? null : Math.ceil(Math.max(0, total - done) / perSecond);
    return { perSecond: Math.round(perSecond), secondsLeft };
  }
}
