/** What holds for every interval, whatever the data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { differenceInterval, ratioInterval } from '../../../query-api/statistics/combined-intervals.ts';
import { meanSequence } from '../../../query-api/statistics/mean-sequence.ts';
import { quantileSequence } from '../../../query-api/statistics/quantile-sequence.ts';
import { rateSequence } from '../../../query-api/statistics/rate-sequence.ts';
import { differenceSequence, ratioSequence, type Sequence } from '../../../query-api/statistics/sequence.ts';
import { shareDistance } from '../../../query-api/statistics/share-distance.ts';
import { meanOfRatio, tInterval } from '../../../query-api/statistics/t-interval.ts';
import { wilsonInterval } from '../../../query-api/statistics/wilson-interval.ts';

const known = fc
  .tuple(
    fc.double({ min: 0.001, max: 1e4, noNaN: true }),
    fc.double({ min: 0, max: 0.99, noNaN: true }),
    fc.double({ min: 0, max: 5, noNaN: true }),
  )
  .map(([value, below, above]) => ({
    value,
    interval: { low: value * (1 - below), high: value * (1 + above) },
  }));
const within = (low: number, value: number, high: number): void =>
  assert.ok(
    low <= value + 1e-9 * Math.abs(value) && value <= high + 1e-9 * Math.abs(high),
    `${low} ${value} ${high}`,
  );

test('a difference and a ratio hold that of the values, and the arms change places as they should', () => {
  fc.assert(
    fc.property(known, known, (baseline, candidate) => {
      const difference = differenceInterval(baseline, candidate);
      within(difference.low, candidate.value - baseline.value, difference.high);
      const reverse = differenceInterval(candidate, baseline);
      assert.ok(Math.abs(reverse.low + difference.high) <= 1e-9 * Math.max(1, Math.abs(difference.high)));
      const ratio = ratioInterval(baseline, candidate)!;
      within(ratio.low, candidate.value / baseline.value, ratio.high);
      assert.ok(ratio.low >= 0);
    }),
  );
});

test('a baseline that may be 0 has no ratio, and a candidate of 0 has one', () => {
  const zero = { value: 0, interval: { low: 0, high: 0.04 } };
  const some = { value: 0.05, interval: { low: 0.02, high: 0.11 } };
  assert.equal(ratioInterval(zero, some), null);
  const ratio = ratioInterval(some, zero)!;
  assert.equal(ratio.low, 0);
  assert.ok(ratio.high > 0.4 && Number.isFinite(ratio.high));
});

test('rates of 0 and 1 have intervals that say how much is not known', () => {
  const none = wilsonInterval(0, 100, 0.95);
  assert.equal(none.low, 0);
  assert.ok(none.high > 0.03 && none.high < 0.04);
  assert.deepEqual(wilsonInterval(1, 100, 0.95).high, 1);
});

test('dollars per token are known more closely than dollars and tokens, and exactly where the price is one', () => {
  const one = { mean: 2, variance: 4 };
  const { mean, variance } = meanOfRatio({
    n: 10,
    numerator: one,
    denominator: { mean: 1, variance: 1 },
    covariance: 2,
  });
  assert.deepEqual([mean, variance], [2, 0]);
  const apart = meanOfRatio({ n: 10, numerator: one, denominator: { mean: 1, variance: 1 }, covariance: 1 });
  assert.equal(apart.variance, 4);
  const { low, high } = tInterval({ mean: 1, variance: 1, n: 4 }, 0.95);
  assert.ok(Math.abs(high - low - 2 * 3.182446305 * 0.5) < 1e-6);
});

const points = Array.from({ length: 500 }, (_, index) => index * index);
const ranks = points.map((_, index) => index + 1);
const SEQUENCES: Readonly<Record<string, [Sequence, Sequence]>> = {
  rate: [rateSequence(5, 200), rateSequence(30, 300)],
  quantile: [
    quantileSequence({ n: 500, level: 0.9, value: 202_500, points, ranks }),
    quantileSequence({ n: 500, level: 0.5, value: 62_500, points, ranks }),
  ],
  mean: [meanSequence({ mean: 4, variance: 1, n: 200 }), meanSequence({ mean: 5, variance: 9, n: 100 })],
};

test('more evidence asked for is a wider interval, of arms, differences and ratios', () => {
  for (const [name, [a, b]] of Object.entries(SEQUENCES)) {
    for (const sequence of [a, b, differenceSequence(a, b), ratioSequence(a, b)]) {
      let last = sequence(1);
      for (const log_evidence of [2, 3, 4, 6]) {
        const next = sequence(log_evidence);
        assert.ok(next.low <= last.low && next.high >= last.high, `${name} at ${log_evidence}`);
        last = next;
      }
    }
  }
});

test('the difference of two arms lies within what each arm alone allows', () => {
  for (const [name, [a, b]] of Object.entries(SEQUENCES)) {
    const [ofA, ofB, difference] = [a(3), b(3), differenceSequence(a, b)(3)];
    assert.ok(difference.low >= ofB.low - ofA.high && difference.high <= ofB.high - ofA.low, name);
    assert.ok(difference.low <= b(0.01).low - a(0.01).low, name);
  }
});

test('without observations nothing is known, and nothing is claimed', () => {
  assert.deepEqual(rateSequence(0, 0)(3), { low: 0, high: 1 });
  assert.equal(meanSequence({ mean: 1, variance: 0, n: 1 })(3).high, Number.POSITIVE_INFINITY);
  const one = quantileSequence({ n: 1, level: 0.95, value: 7, points: [7], ranks: [1] })(3);
  assert.deepEqual(one, { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
  assert.equal(shareDistance([{ baseline: 0, candidate: 5 }]), null);
});

test('the distance of shares is 0 for the same mix at any size, and 1 for mixes without anything in common', () => {
  const same = shareDistance([
    { baseline: 10, candidate: 100 },
    { baseline: 30, candidate: 300 },
  ]);
  assert.equal(same!.distance, 0);
  assert.equal(
    shareDistance([
      { baseline: 4, candidate: 0 },
      { baseline: 0, candidate: 9 },
    ])!.distance,
    1,
  );
});
