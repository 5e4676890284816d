/**
 * Confidence sequence of a rate, exact at every sample size: the probabilities against which the Beta mixture has
 * not gathered the evidence. It holds for any observations in [0, 1], for by convexity their likelihood ratio is at most
 * that of a coin; it is tight where they are 0 or 1.
 */
import { logCoin, logMixture } from './beta-mixture.ts';
import type { Sequence } from './sequence.ts';
import { bisect } from './special-functions.ts';

/** Jeffreys' prior: as good for a rate of one in a thousand as for one in two. */
const mixture = logMixture({ a: 0.5, b: 0.5 });
/** Rates nearer to 0 or 1 are not told apart from them. */
const NEAREST = 1e-12;

export function rateSequence(successes: number, n: number): Sequence {
  if (n <= 0) return () => ({ low: 0, high: 1 });
  const rate = successes / n;
  const ofMixture = mixture(successes, n);
  return (log_evidence) => {
    const isOut = (p: number): boolean => ofMixture - logCoin(successes, n, p) > log_evidence;
    return {
      low: rate <= NEAREST || !isOut(NEAREST) ? 0 : bisect(NEAREST, rate, (p) => !isOut(p)),
      high: rate >= 1 - NEAREST || !isOut(1 - NEAREST) ? 1 : bisect(rate, 1 - NEAREST, isOut),
    };
  };
}
