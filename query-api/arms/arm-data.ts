/** What the database answered about one measure of one arm, as the data that intervals are made of. */
import type { ArmMeasure } from '../../schemas/queries/arms/arm-metrics.ts';
import type { QuantileData } from '../statistics/order-statistics.ts';
import { type MeanData, meanOfRatio } from '../statistics/t-interval.ts';

export type ArmData =
  | { kind: 'rate'; n: number; worth: number; rate: number }
  /** `binary`: every observation is 0 or 1, so it is a rate of another name. */
  | { kind: 'mean'; n: number; binary: boolean; data: MeanData }
  | { kind: 'quantile'; n: number; data: QuantileData }
  /** No call of the arm has a value. */
  | { kind: 'none' };

/** What rounding leaves of a variance of nothing, as a share of the mean square. */
const ROUNDING = 1e-12;

/** Variance of single observations from the mean of their squares; `worth` is their effective number. */
function varianceOf(mean: number, square: number, worth: number): number {
  const variance = square - mean * mean;
  return worth <= 1 || variance <= ROUNDING * square ? 0 : (variance * worth) / (worth - 1);
}

/** R-7, as everywhere: between the order statistics around (n - 1) * level + 1. */
function interpolated(points: readonly number[], first: number, n: number, level: number): number {
  const place = (n - 1) * level + 1 - first;
  const below = points[Math.floor(place)]!;
  const above = points[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

function quantileData(level: number, parts: readonly unknown[]): QuantileData {
  const n = Number(parts[0]);
  const last = parts[2] as readonly (number | readonly [number, number])[];
  if (typeof last[0] === 'number') {
    const points = last as readonly number[];
    const first = Number(parts[1]);
    const ranks = points.map((_, index) => first + index);
    return { n, level, value: interpolated(points, first, n, level), points, ranks };
  }
  const weighted = last as readonly (readonly [number, number])[];
  const worth = Number(parts[1]);
  const points = weighted.map(([point]) => point);
  const ranks = weighted.map(([, rank]) => rank);
  const at = ranks.findIndex((rank) => rank >= worth * level - 1e-9);
  return { n: worth, level, value: points[at === -1 ? points.length - 1 : at]!, points, ranks };
}

/** `parts` is the measure's column of an ArmStatisticsRow. */
export function armDataOf(measure: ArmMeasure, parts: unknown): ArmData {
  const list = (parts ?? []) as readonly unknown[];
  const [n, worth] = list.map(Number) as [number, number];
  if (!(n > 0)) return { kind: 'none' };
  switch (measure.kind) {
    case 'quantile':
      return { kind: 'quantile', n, data: quantileData(measure.level, list) };
    case 'rate': {
      const rate = Number(list[2]);
      return { kind: 'rate', n, worth, rate: measure.one_less ? 1 - rate : rate };
    }
    case 'mean': {
      const [mean, square] = [Number(list[3]), Number(list[4])];
      const variance = varianceOf(mean, square, worth);
      return { kind: 'mean', n, binary: Number(list[2]) === 0, data: { mean, variance, n: worth } };
    }
    case 'ratio': {
      const [a, b, aa, bb, ab] = list[2] as number[] as [number, number, number, number, number];
      if (!(b > 0)) return { kind: 'none' };
      const unbiased = worth > 1 ? worth / (worth - 1) : 0;
      const { mean, variance } = meanOfRatio({
        n: worth,
        numerator: { mean: a, variance: varianceOf(a, aa, worth) },
        denominator: { mean: b, variance: varianceOf(b, bb, worth) },
        covariance: (ab - a * b) * unbiased,
      });
      const { scale } = measure;
      return {
        kind: 'mean',
        n,
        binary: false,
        data: { mean: mean * scale, variance: variance * scale ** 2, n: worth },
      };
    }
  }
}
