/**
 * Interval of a quantile between two order statistics: how many observations lie below the true quantile is
 * binomial, whatever they are distributed like (Thompson 1936; David and Nagaraja 2003, section 7.1). Exact, a little
 * conservative; it exists only where n reaches beyond the level on both sides.
 */
import type { Interval } from './interval.ts';
import { binomialDistribution, firstInteger } from './special-functions.ts';

/** Some of a sample in rising order, around the quantile. */
export interface QuantileData {
  /** Observations in the sample; of a weighted one, what it is worth in unweighted ones. */
  n: number;
  level: number;
  /** The sample's own quantile. */
  value: number;
  points: readonly number[];
  /** Of each point its place in the whole sample, 1 to n; in a weighted sample it need not be whole. */
  ranks: readonly number[];
}

/** Of ranks that are sums of weights. */
const ROUNDING = 1e-9;

/** Largest point of at most this rank, or minus infinity: what is known of a quantile that is not below it. */
export function pointBelow({ points, ranks }: QuantileData, rank: number): number {
  const index = firstInteger(0, ranks.length - 1, (at) => ranks[at]! > rank + ROUNDING);
  return index === 0 ? Number.NEGATIVE_INFINITY : points[index - 1]!;
}

/** Smallest point of at least this rank, or infinity. */
export function pointAbove({ points, ranks }: QuantileData, rank: number): number {
  const index = firstInteger(0, ranks.length - 1, (at) => ranks[at]! >= rank - ROUNDING);
  return index === ranks.length ? Number.POSITIVE_INFINITY : points[index]!;
}

/** Ranks of the two ends: 0 or n + 1 where the sample does not reach so far. */
export function quantileRanks(n: number, level: number, confidence: number): { low: number; high: number } {
  const tail = (1 - confidence) / 2;
  const whole = Math.floor(n);
  const firstAbove = (probability: number): number =>
    firstInteger(0, whole, (k) => binomialDistribution(k, whole, level) > probability);
  // P(B <= low - 1) <= tail, and P(B >= high) <= tail.
  return { low: firstAbove(tail), high: firstAbove(1 - tail - ROUNDING) + 1 };
}

/** Observations from which on the interval exists. */
export function leastObservations(level: number, confidence: number): number {
  const farther = Math.max(level, 1 - level);
  return Math.ceil(Math.log((1 - confidence) / 2) / Math.log(farther));
}

/** An end that the sample does not reach is an infinity. */
export function quantileInterval(data: QuantileData, confidence: number): Interval {
  const { low, high } = quantileRanks(data.n, data.level, confidence);
  return {
    low: low < 1 ? Number.NEGATIVE_INFINITY : pointBelow(data, low),
    high: high > Math.floor(data.n) ? Number.POSITIVE_INFINITY : pointAbove(data, high),
  };
}
