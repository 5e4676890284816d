/**
 * Interval of a mean: Student's t. Of a ratio of sums (dollars per token) it is the same with the variance of
 * the residuals (Cochran 1977, section 6): see meanOfRatio.
 */
import type { Interval } from './interval.ts';
import { studentQuantile } from './special-functions.ts';

export interface MeanData {
  mean: number;
  /** Of single observations, with n - 1. */
  variance: number;
  n: number;
}

export interface RatioData {
  n: number;
  numerator: { mean: number; variance: number };
  denominator: { mean: number; variance: number };
  covariance: number;
}

/** What is below this share of its terms is what rounding leaves of a residual of nothing. */
const ROUNDING = 1e-9;

/** The ratio of two sums as a mean: its observations are the residuals over the mean denominator. */
export function meanOfRatio({ n, numerator, denominator, covariance }: RatioData): MeanData {
  const mean = numerator.mean / denominator.mean;
  const spread = numerator.variance + mean * mean * denominator.variance;
  const residual = spread - 2 * mean * covariance;
  return { mean, n, variance: residual > ROUNDING * spread ? residual / denominator.mean ** 2 : 0 };
}

/** Needs two observations that differ: without a spread nothing is known of it. */
export function tInterval({ mean, variance, n }: MeanData, confidence: number): Interval {
  const half = studentQuantile(confidence, n - 1) * Math.sqrt(variance / n);
  return { low: mean - half, high: mean + half };
}
