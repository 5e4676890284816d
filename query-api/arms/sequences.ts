/** Confidence sequences of an arm, by the kind of its measure. */
import { meanSequence } from '../statistics/mean-sequence.ts';
import { likelyCounts, quantileSequence } from '../statistics/quantile-sequence.ts';
import { rateSequence } from '../statistics/rate-sequence.ts';
import type { Sequence } from '../statistics/sequence.ts';
import type { ArmData } from './arm-data.ts';

export interface ArmSequence {
  sequence: Sequence;
  method: 'beta-binomial mixture' | 'quantile beta-binomial mixture' | 'asymptotic normal mixture';
  /** Holds at every number of calls, not only at many. */
  exact: boolean;
}

const UNKNOWN: Sequence = () => ({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });

/** The calls of a gate are unweighted, so `n` is what they are worth. */
export function sequenceOf(data: ArmData): ArmSequence {
  switch (data.kind) {
    case 'none':
      return { sequence: UNKNOWN, method: 'beta-binomial mixture', exact: true };
    case 'rate':
      return {
        sequence: rateSequence(data.rate * data.n, data.n),
        method: 'beta-binomial mixture',
        exact: true,
      };
    case 'mean': {
      const { mean } = data.data;
      if (!data.binary)
        return { sequence: meanSequence(data.data), method: 'asymptotic normal mixture', exact: false };
      return { sequence: rateSequence(mean * data.n, data.n), method: 'beta-binomial mixture', exact: true };
    }
    case 'quantile':
      return { sequence: quantileSequence(data.data), method: 'quantile beta-binomial mixture', exact: true };
  }
}

const MOST_CALLS = 1_000_000;

/** Calls from which on a quantile's sequence has both ends, at this evidence. */
export function leastForQuantile(level: number, log_evidence: number): number {
  let [below, enough] = [0, 1];
  const reaches = (n: number): boolean => {
    const { fewest, most } = likelyCounts(n, level, log_evidence);
    return fewest >= 1 && most < n;
  };
  while (!reaches(enough) && enough < MOST_CALLS) [below, enough] = [enough, enough * 2];
  while (enough - below > 1) {
    const middle = Math.floor((below + enough) / 2);
    if (reaches(middle)) enough = middle;
    else below = middle;
  }
  return enough;
}
