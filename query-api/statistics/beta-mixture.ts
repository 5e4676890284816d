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

/** Natural logarithm of the probability that the mixture gives to one order of `k` successes in `n` draws. */
export function logMixture({ a, b }: BetaPrior): (k: number, n: number) => number {
  const ofPrior = logBeta(a, b);
  return (k, n) => logBeta(a + k, b + n - k) - ofPrior;
}

/** The same of a coin of probability `p`, 0 < p < 1. The evidence against `p` is the mixture's less this. */
export function logCoin(k: number, n: number, p: number): number {
  return k * Math.log(p) + (n - k) * Math.log1p(-p);
}
