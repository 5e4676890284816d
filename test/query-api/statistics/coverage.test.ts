/** Intervals said to hold the truth in 95 of 100 cases do so, case by case, in samples of known truth. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArmData } from '../../../query-api/arms/arm-data.ts';
import { contrastOf, estimateOf } from '../../../query-api/arms/estimates.ts';
import type { Interval } from '../../../query-api/statistics/interval.ts';
import { quantileRanks } from '../../../query-api/statistics/order-statistics.ts';
import { binomialDistribution } from '../../../query-api/statistics/special-functions.ts';
import { wilsonInterval } from '../../../query-api/statistics/wilson-interval.ts';
import { createRandom, type Random } from '../support/random.ts';
import {
  coin,
  costOf,
  dice,
  exponential,
  logNormal,
  meanOf,
  normal,
  quantileOf,
  rateOf,
  type Sampler,
  sampleOf,
} from './samplers.ts';

const RUNS = 2_000;
const LEAST = 0.94;

const holds = (interval: Interval | null, truth: number): boolean =>
  interval !== null && interval.low <= truth && truth <= interval.high;

/** Share of runs whose interval holds the truth. */
function covered(seed: number, run: (random: Random) => boolean): number {
  const random = createRandom(seed);
  let inside = 0;
  for (let number = 0; number < RUNS; number++) if (run(random)) inside++;
  return inside / RUNS;
}

function assertCovers(name: string, share: number, most = 0.995): void {
  assert.ok(share >= LEAST, `${name}: ${share}`);
  assert.ok(share <= most, `${name} is wider than it need be: ${share}`);
}

test('a rate is covered by Wilson’s interval, worked out exactly over all counts', () => {
  for (const n of [50, 200, 1_000]) {
    const intervals = Array.from({ length: n + 1 }, (_, k) => wilsonInterval(k / n, n, 0.95));
    const shares: number[] = [];
    for (let p = 0.02; p < 0.99; p += 0.01) {
      let share = 0;
      intervals.forEach((interval, k) => {
        if (holds(interval, p)) share += binomialDistribution(k, n, p) - binomialDistribution(k - 1, n, p);
      });
      shares.push(share);
    }
    const mean = shares.reduce((total, share) => total + share) / shares.length;
    assert.ok(mean >= 0.945 && mean <= 0.96, `n ${n}: ${mean}`);
    assert.ok(Math.min(...shares) >= 0.92, `n ${n}: the least is ${Math.min(...shares)}`);
  }
});

test('a quantile is covered by its order statistics at every size, worked out exactly', () => {
  for (const level of [0.5, 0.95, 0.99]) {
    for (const n of [100, 500, 1_000, 10_000, 1_000_000]) {
      const { low, high } = quantileRanks(n, level, 0.95);
      const share = binomialDistribution(high - 1, n, level) - binomialDistribution(low - 1, n, level);
      // What the sample does not reach, the interval does not claim.
      assert.ok(share >= 0.95, `${level} of ${n}: ${share}`);
      if (n >= 10_000) assert.ok(share < 0.97, `${level} of ${n}: ${share}`);
    }
  }
});

const P95: readonly [name: string, sampler: Sampler, truth: number][] = [
  ['log-normal', logNormal(0.8), Math.exp(0.8 * 1.6448536269514722)],
  ['exponential', exponential, -Math.log(0.05)],
  ['dice, all ties', dice, 10],
];

test('the 95th percentile of samples is covered whatever they are distributed like', () => {
  for (const [name, sampler, truth] of P95) {
    for (const n of [100, 1_000]) {
      const share = covered(n, (random) =>
        holds(estimateOf(quantileOf(sampleOf(random, n, sampler))).interval, truth),
      );
      assertCovers(`${name} ${n}`, share, 1);
    }
  }
});

interface Drawn {
  data: ArmData;
  truth: number;
}
type Arm = (random: Random) => Drawn;

const p95 =
  (n: number, sampler: Sampler, truth: number, factor = 1): Arm =>
  (random) => ({
    data: quantileOf(sampleOf(random, n, (source) => factor * sampler(source))),
    truth: factor * truth,
  });
const mean =
  (n: number, sampler: Sampler, truth: number): Arm =>
  (random) => ({ data: meanOf(sampleOf(random, n, sampler)), truth });
/** Coverage of a rate jumps with the rate, since counts are whole: the mean around one is looked at. */
const around = (random: Random, p: number): number => p * (0.85 + 0.3 * random.next());
const rate =
  (n: number, p: number): Arm =>
  (random) => {
    const truth = around(random, p);
    return { data: rateOf(sampleOf(random, n, coin(truth))), truth };
  };
const binaryScore =
  (n: number, p: number): Arm =>
  (random) => {
    const truth = around(random, p);
    return { data: meanOf(sampleOf(random, n, coin(truth))), truth };
  };
const cost =
  (n: number, truth: number): Arm =>
  (random) => {
    const tokens = sampleOf(random, n, (source) => 200 * exponential(source) + 20);
    // Input and output have prices of their own, so the price of a token differs from call to call.
    const dollars = tokens.map((count) => (count * truth * (0.7 + 0.6 * random.next())) / 1_000);
    return { data: costOf(tokens, dollars), truth };
  };

const wide = logNormal(0.6);
const ofWide = Math.exp(0.6 * 1.6448536269514722);
const CASES: readonly [name: string, baseline: Arm, candidate: Arm][] = [
  ['p95 of log-normal', p95(1_000, wide, ofWide), p95(300, wide, ofWide, 1.2)],
  ['p95 of exponential', p95(500, exponential, -Math.log(0.05)), p95(500, exponential, -Math.log(0.05))],
  ['rates', rate(400, 0.05), rate(200, 0.08)],
  ['rare rates', rate(1_000, 0.01), rate(1_000, 0.01)],
  ['binary scores', binaryScore(300, 0.8), binaryScore(100, 0.75)],
  [
    'means of normal',
    mean(20, (random) => 5 + normal(random), 5),
    mean(60, (random) => 6 + 3 * normal(random), 6),
  ],
  ['means of exponential', mean(200, exponential, 1), mean(300, exponential, 1)],
  ['cost per 1k tokens', cost(300, 0.002), cost(150, 0.003)],
];

for (const [name, baseline, candidate] of CASES) {
  test(`${name}: each arm, the difference and the ratio are covered`, (t) => {
    const shares = { arm: 0, difference: 0, ratio: 0, ratios: 0 };
    const random = createRandom(name.length);
    for (let run = 0; run < RUNS; run++) {
      const [b, c] = [baseline(random), candidate(random)];
      const estimate = estimateOf(c.data);
      const contrast = contrastOf(estimateOf(b.data), estimate);
      if (holds(estimate.interval, c.truth)) shares.arm++;
      if (holds(contrast.difference_interval, c.truth - b.truth)) shares.difference++;
      if (contrast.ratio_interval !== null) shares.ratios++;
      if (holds(contrast.ratio_interval, c.truth / b.truth)) shares.ratio++;
    }
    const { arm, difference, ratio, ratios } = shares;
    t.diagnostic(`${name}: arm ${arm / RUNS}, difference ${difference / RUNS}, ratio ${ratio / ratios}`);
    assertCovers('arm', arm / RUNS);
    assertCovers('difference', difference / RUNS);
    assertCovers('ratio', ratio / ratios);
  });
}
