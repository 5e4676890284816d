/** Values of an arm with the interval that its kind of measure calls for, and the two ways to set arms side by side. */
import { differenceInterval, ratioInterval } from '../statistics/combined-intervals.ts';
import type { Estimate, Interval } from '../statistics/interval.ts';
import { leastObservations, quantileInterval } from '../statistics/order-statistics.ts';
import { tInterval } from '../statistics/t-interval.ts';
import { wilsonInterval } from '../statistics/wilson-interval.ts';
import type { ArmData } from './arm-data.ts';

export const CONFIDENCE = 0.95;

const isBounded = ({ low, high }: Interval): boolean => Number.isFinite(low) && Number.isFinite(high);

export function estimateOf(data: ArmData): Estimate {
  switch (data.kind) {
    case 'none':
      return { value: null, interval: null, n: 0, reason: 'no call has a value' };
    case 'rate': {
      const { n, worth, rate } = data;
      return { value: rate, interval: wilsonInterval(rate, worth, CONFIDENCE), n, reason: null };
    }
    case 'mean': {
      const { mean, variance, n: worth } = data.data;
      const known = { value: mean, n: data.n, reason: null };
      if (data.binary) return { ...known, interval: wilsonInterval(mean, worth, CONFIDENCE) };
      if (worth > 1 && variance > 0) return { ...known, interval: tInterval(data.data, CONFIDENCE) };
      const reason =
        data.n < 2 ? 'one call has no spread' : 'all values are equal, so their spread is not known';
      return { ...known, interval: null, reason };
    }
    case 'quantile': {
      const { value, level, n: worth } = data.data;
      const interval = quantileInterval(data.data, CONFIDENCE);
      if (isBounded(interval)) return { value, interval, n: data.n, reason: null };
      const least = leastObservations(level, CONFIDENCE);
      const reason = `an interval of this percentile needs ${least} calls, and there are ${Math.floor(worth)}`;
      return { value, interval: null, n: data.n, reason };
    }
  }
}

export interface Contrast {
  difference: number | null;
  difference_interval: Interval | null;
  ratio: number | null;
  ratio_interval: Interval | null;
  /** What is missing; null if nothing is. */
  reason: string | null;
}

/** The candidate beside the baseline: difference and ratio, null where either value is, or where it divides by 0. */
export function contrastOf(baseline: Estimate, candidate: Estimate): Contrast {
  const [b, c] = [baseline.value, candidate.value];
  if (b === null || c === null) {
    const reason = b === null ? `baseline: ${baseline.reason}` : candidate.reason;
    return { difference: null, difference_interval: null, ratio: null, ratio_interval: null, reason };
  }
  const contrast = { difference: c - b, ratio: b > 0 ? c / b : null };
  if (!baseline.interval || !candidate.interval) {
    const reason = candidate.interval ? `baseline: ${baseline.reason}` : candidate.reason;
    return { ...contrast, difference_interval: null, ratio_interval: null, reason };
  }
  const [ofBaseline, ofCandidate] = [
    { value: b, interval: baseline.interval },
    { value: c, interval: candidate.interval },
  ];
  const ratio_interval = ratioInterval(ofBaseline, ofCandidate);
  return {
    ...contrast,
    difference_interval: differenceInterval(ofBaseline, ofCandidate),
    ratio_interval,
    reason: ratio_interval ? null : 'the baseline may be 0, so the ratio has no upper end',
  };
}
