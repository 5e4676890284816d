/**
 * Interval of a rate: Wilson's score interval (Wilson 1927; recommended by Brown, Cai and DasGupta 2001). It needs no
 * successes and no failures to be right, never leaves [0, 1], and of 0 in n it says what n is worth.
 */
import type { Interval } from './interval.ts';
import { normalQuantile } from './special-functions.ts';

/** `n` may be an effective number of observations, so it need not be whole; it is above 0. */
export function wilsonInterval(rate: number, n: number, confidence: number): Interval {
  const z2 = normalQuantile(confidence) ** 2;
  const centre = (rate + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Math.sqrt(z2) / (1 + z2 / n)) * Math.sqrt((rate * (1 - rate)) / n + z2 / (4 * n * n));
  return {
    low: rate <= 0 ? 0 : Math.max(0, centre - half),
    high: rate >= 1 ? 1 : Math.min(1, centre + half),
  };
}
