/**
 * A confidence sequence of one arm: for every amount of evidence (natural logarithm) the values that the data have not
 * gathered so much against. At log(1/alpha) it holds the truth at all sample sizes at once with probability 1 - alpha.
 */
import type { Interval } from './interval.ts';

export type Sequence = (log_evidence: number) => Interval;

/** Evidence that has to be gathered against a value before it is ruled out. */
export function neededEvidence(alpha: number): number {
  return Math.log(1 / alpha);
}

/**
 * Of two independent arms the evidence multiplies: a pair of values is ruled out when both logarithms together reach
 * the bound (as in the A/B tests of Howard and Ramdas 2022, section 5). So the difference may lie wherever
 * some split of the bound between the arms allows it. Splits are tried on a grid, and between two of its points each
 * arm is given the more of the two, so the answer is never too narrow.
 */
const SPLITS = 40;

function overSplits(
  baseline: Sequence,
  candidate: Sequence,
  log_evidence: number,
  combine: (baseline: Interval, candidate: Interval) => Interval,
): Interval {
  const ofBaseline: Interval[] = [];
  const ofCandidate: Interval[] = [];
  for (let step = 0; step <= SPLITS; step++) {
    ofBaseline.push(baseline((step / SPLITS) * log_evidence));
    ofCandidate.push(candidate((step / SPLITS) * log_evidence));
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let step = 1; step <= SPLITS; step++) {
    const combined = combine(ofBaseline[step]!, ofCandidate[SPLITS - step + 1]!);
    low = Math.min(low, combined.low);
    high = Math.max(high, combined.high);
  }
  return { low, high };
}

/** Of `candidate - baseline`. */
export function differenceSequence(baseline: Sequence, candidate: Sequence): Sequence {
  return (log_evidence) =>
    overSplits(baseline, candidate, log_evidence, (b, c) => ({ low: c.low - b.high, high: c.high - b.low }));
}

/** Of `candidate / baseline`, for values that are not negative. An end that is not known is an infinity. */
export function ratioSequence(baseline: Sequence, candidate: Sequence): Sequence {
  return (log_evidence) =>
    overSplits(baseline, candidate, log_evidence, (b, c) => ({
      low: c.low <= 0 ? 0 : c.low / b.high,
      high: b.low <= 0 ? Number.POSITIVE_INFINITY : c.high / b.low,
    }));
}
