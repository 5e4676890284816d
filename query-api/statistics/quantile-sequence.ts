/**
 * Confidence sequence of a quantile (Howard and Ramdas 2022, "Sequential estimation of quantiles with applications to
 * A/B testing and best-arm identification"): how many observations lie at or below the true quantile is a sum of
 * coins of known probability, so the Beta mixture says which counts are still likely, and the order statistics
 * at these counts are the ends. No assumption on the distribution; an end that the sample does not reach is open.
 */
import { logCoin, logMixture } from './beta-mixture.ts';
import { pointAbove, pointBelow, type QuantileData } from './order-statistics.ts';
import type { Sequence } from './sequence.ts';
import { firstInteger } from './special-functions.ts';

/**
 * Weight of the prior around the level, in observations. The interval is narrowest, for what it could be, at about
 * ten times as many calls, and nearly so from a third to ten times of that.
 */
const PRIOR_WEIGHT = 100;

/** Counts at or below the true quantile that the evidence does not rule out. `n` is taken as a whole number. */
export function likelyCounts(
  n: number,
  level: number,
  log_evidence: number,
): { fewest: number; most: number } {
  const mixture = logMixture({ a: PRIOR_WEIGHT * level, b: PRIOR_WEIGHT * (1 - level) });
  const isOut = (k: number): boolean => mixture(k, n) - logCoin(k, n, level) > log_evidence;
  const middle = Math.floor(n * level);
  return {
    fewest: firstInteger(0, middle, (k) => !isOut(k)),
    most: firstInteger(middle + 1, n, isOut) - 1,
  };
}

export function quantileSequence(data: QuantileData): Sequence {
  const n = Math.floor(data.n);
  return (log_evidence) => {
    const { fewest, most } = likelyCounts(n, data.level, log_evidence);
    return { low: pointBelow(data, fewest), high: pointAbove(data, most + 1) };
  };
}
