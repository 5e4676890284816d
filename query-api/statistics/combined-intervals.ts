/**
 * Difference and ratio of two independent arms from the intervals of each: the method of variance estimates recovery
 * (Zou and Donner 2008; ratios: Donner and Zou 2012). Each end takes from either arm the side that matters to it, so
 * lopsided intervals stay lopsided. With Wilson's intervals it is Newcombe's method for rates (1998, method 10),
 * with t intervals nearly Welch's, with order statistics it needs neither a density nor a bootstrap.
 */
import type { Interval } from './interval.ts';

export interface Known {
  value: number;
  interval: Interval;
}

/** Interval of `candidate - baseline`. */
export function differenceInterval(baseline: Known, candidate: Known): Interval {
  const difference = candidate.value - baseline.value;
  const { value: b, interval: ofBaseline } = baseline;
  const { value: c, interval: ofCandidate } = candidate;
  return {
    low: difference - Math.hypot(c - ofCandidate.low, ofBaseline.high - b),
    high: difference + Math.hypot(ofCandidate.high - c, b - ofBaseline.low),
  };
}

/**
 * Interval of `candidate / baseline`, for values that cannot be negative; null where the baseline's may be 0, for then
 * the ratio has no upper end.
 */
export function ratioInterval(baseline: Known, candidate: Known): Interval | null {
  const b = baseline.value;
  const c = candidate.value;
  const lowB = Math.max(0, baseline.interval.low);
  const lowC = Math.max(0, candidate.interval.low);
  if (b <= 0 || lowB <= 0) return null;
  const highB = baseline.interval.high * (2 * b - baseline.interval.high);
  const highC = candidate.interval.high * (2 * c - candidate.interval.high);
  const lowerB = lowB * (2 * b - lowB);
  const lowerC = lowC * (2 * c - lowC);
  const product = b * c;
  const root = (x: number): number => Math.sqrt(Math.max(0, product * product - x));
  // The lower root is written upside down: so it has no pole where an upper end is twice its value.
  const bottom = product + root(lowerC * highB);
  return {
    low: bottom > 0 ? lowerC / bottom : 0,
    high: (product + root(highC * lowerB)) / lowerB,
  };
}
