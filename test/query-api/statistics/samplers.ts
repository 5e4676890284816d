/** Samples of known distributions, the same in every run. */
import { type ArmData, armDataOf } from '../../../query-api/arms/arm-data.ts';
import { armMetrics, SCORE_METRIC } from '../../../schemas/queries/arms/arm-metrics.ts';
import type { Random } from '../support/random.ts';

export type Sampler = (random: Random) => number;

export const normal: Sampler = (random) =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
export const logNormal =
  (sigma: number): Sampler =>
  (random) =>
    Math.exp(sigma * normal(random));
export const exponential: Sampler = (random) => -Math.log(1 - random.next());
/** Whole numbers 1 to 10: many ties. */
export const dice: Sampler = (random) => 1 + random.integer(10);
export const coin =
  (probability: number): Sampler =>
  (random) =>
    random.chance(probability) ? 1 : 0;

export const sampleOf = (random: Random, size: number, sampler: Sampler): Float64Array =>
  new Float64Array(size).map(() => sampler(random));

const sum = (values: Float64Array, of: (value: number) => number): number => {
  let total = 0;
  for (const value of values) total += of(value);
  return total;
};

/** What the database would answer about the values, as the 95th percentile of latency. */
export function quantileOf(values: Float64Array): ArmData {
  return armDataOf(armMetrics.latency_p95_ms.measure, [values.length, 1, Array.from(values.toSorted())]);
}

/** As an error rate: values are 0 and 1. */
export function rateOf(values: Float64Array): ArmData {
  const n = values.length;
  return armDataOf(armMetrics.error_rate.measure, [n, n, sum(values, (value) => value) / n]);
}

/** As the mean of a score. */
export function meanOf(values: Float64Array): ArmData {
  const n = values.length;
  const graded = sum(values, (value) => (value === 0 || value === 1 ? 0 : 1));
  const parts = [n, n, graded, sum(values, (value) => value) / n, sum(values, (value) => value ** 2) / n];
  return armDataOf(SCORE_METRIC.measure, parts);
}

/** As dollars per 1,000 tokens. */
export function costOf(tokens: Float64Array, dollars: Float64Array): ArmData {
  const n = tokens.length;
  const product = sum(
    tokens.map((value, index) => value * dollars[index]!),
    (value) => value,
  );
  const means = [
    sum(dollars, (value) => value),
    sum(tokens, (value) => value),
    sum(dollars, (value) => value ** 2),
    sum(tokens, (value) => value ** 2),
    product,
  ];
  return armDataOf(armMetrics.cost_per_1k_tokens_usd.measure, [n, n, means.map((total) => total / n)]);
}
