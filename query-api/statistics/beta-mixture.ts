/**
 * The evidence of a count against a probability, however often one looks: the likelihood ratio of a Beta mixture
 * over the probability `p` itself (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, the beta-binomial
 * mixture). If `p` is true this is a non-negative martingale that starts at 1, so by Ville's inequality the
 * probability that it ever reaches 1/alpha is at most alpha: at every n at once, not at one chosen before.
 */
import { logBeta } from './special-functions.ts';

export interface BetaPrior {
  a: number;
  b: number;
}

/** Natural logarithm of the evidence of `k` successes in `n` draws against the probability `p`, 0 < p < 1. */
export function logEvidence(k: number, n: number, p: number, { a, b }: BetaPrior): number {
  return logBeta(a + k, b + n - k) - logBeta(a, b) - k * Math.log(p) - (n - k) * Math.log1p(-p);
}
