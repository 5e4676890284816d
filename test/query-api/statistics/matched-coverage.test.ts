/** Figures of a candidate that is weighted to the baseline's mix are covered as the others are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ArmData, armDataOf } from '../../../query-api/arms/arm-data.ts';
import { estimateOf } from '../../../query-api/arms/estimates.ts';
import { armMetrics } from '../../../schemas/queries/arms/arm-metrics.ts';
import { createRandom } from '../support/random.ts';
import { coin, exponential, logNormal, type Sampler } from './samplers.ts';

const RUNS = 1_500;
/** Of two kinds of calls the baseline has four to one, the candidate one to four. */
const MIX = [
  { calls: 100, weight: 8 },
  { calls: 400, weight: 0.5 },
];
const SHARES = [0.8, 0.2];

interface Weighted {
  value: number;
  weight: number;
}

const worthOf = (list: readonly Weighted[]): { total: number; worth: number } => {
  let [total, squares] = [0, 0];
  for (const { weight } of list) [total, squares] = [total + weight, squares + weight * weight];
  return { total, worth: (total * total) / squares };
};
const meanOf = (list: readonly Weighted[], of: (value: number) => number): number =>
  list.reduce((sum, { value, weight }) => sum + weight * of(value), 0) / worthOf(list).total;

function weightedP95(list: readonly Weighted[]): ArmData {
  const { total, worth } = worthOf(list);
  let sum = 0;
  const ranked = list
    .toSorted((a, b) => a.value - b.value)
    .map(({ value, weight }) => {
      sum += weight;
      return [value, (sum / total) * worth];
    });
  return armDataOf(armMetrics.latency_p95_ms.measure, [list.length, worth, ranked]);
}

function weightedMean(list: readonly Weighted[]): ArmData {
  const parts = [list.length, worthOf(list).worth, 1, meanOf(list, (x) => x), meanOf(list, (x) => x * x)];
  return armDataOf(armMetrics.latency_avg_ms.measure, parts);
}

function weightedRate(list: readonly Weighted[]): ArmData {
  return armDataOf(armMetrics.error_rate.measure, [list.length, worthOf(list).worth, meanOf(list, (x) => x)]);
}

/** The 95th percentile of the mixture, from a sample so large that it is as good as true. */
function p95OfMixture(samplers: readonly Sampler[]): number {
  const random = createRandom(99);
  const values = new Float64Array(2_000_000).map(() => samplers[random.chance(SHARES[0]!) ? 0 : 1]!(random));
  return values.sort()[1_900_000]!;
}

const fast: Sampler = logNormal(0.4);
const slow: Sampler = (random) => 2 * logNormal(0.4)(random);
const CASES: readonly [
  name: string,
  samplers: readonly [Sampler, Sampler],
  of: typeof weightedP95,
  truth: number,
][] = [
  ['rate', [coin(0.05), coin(0.2)], weightedRate, 0.08],
  ['mean', [exponential, (random) => 3 * exponential(random)], weightedMean, 1.4],
  ['p95', [fast, slow], weightedP95, p95OfMixture([fast, slow])],
];

for (const [name, samplers, of, truth] of CASES) {
  test(`a matched ${name} is covered`, (t) => {
    const random = createRandom(name.length);
    let [inside, known] = [0, 0];
    for (let run = 0; run < RUNS; run++) {
      const calls = MIX.flatMap(({ calls, weight }, kind) =>
        Array.from({ length: calls }, () => ({ value: samplers[kind]!(random), weight })),
      );
      const { interval } = estimateOf(of(calls));
      if (interval === null) continue;
      known++;
      if (interval.low <= truth && truth <= interval.high) inside++;
    }
    t.diagnostic(`${name}: ${inside / known} of ${known}`);
    assert.ok(known > RUNS / 2);
    assert.ok(inside / known >= 0.94, `${name}: ${inside / known}`);
  });
}
