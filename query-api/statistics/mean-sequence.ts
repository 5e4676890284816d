/**
 * Confidence sequence of a mean of observations without a known bound: the normal mixture with the sample's own
 * variance (Robbins 1970; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
 * confidence sequences", theorem 2.2). Right in the limit, as Student's interval is for data that are not normal,
 * so nothing is decided by it before the minimum of calls is there. Of values that are all equal (one price for every
 * token) it is that value: the limit knows no other.
 */
import type { Sequence } from './sequence.ts';
import type { MeanData } from './t-interval.ts';

/** Variance of the prior of the mean in variances of one observation: narrowest at about a thousand observations. */
const PRIOR_VARIANCE = 0.01;

export function meanSequence({ mean, variance, n }: MeanData): Sequence {
  if (n < 2 || variance <= 0)
    return () => ({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
  const weight = n * PRIOR_VARIANCE;
  return (log_evidence) => {
    const half = Math.sqrt(
      ((2 * variance * (weight + 1)) / (n * weight)) * (log_evidence + 0.5 * Math.log(weight + 1)),
    );
    return { low: mean - half, high: mean + half };
  };
}
