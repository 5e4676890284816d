import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  betaDistribution,
  binomialDistribution,
  firstInteger,
  logGamma,
  normalQuantile,
  studentQuantile,
} from '../../../query-api/statistics/special-functions.ts';

const near = (actual: number, expected: number, tolerance = 1e-9): void =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual}, not ${expected}`,
  );

test('the gamma function is that of factorials and of halves', () => {
  let logFactorial = 0;
  for (let n = 1; n <= 170; n++) {
    near(logGamma(n), logFactorial, 1e-12);
    logFactorial += Math.log(n);
  }
  near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-12);
  near(logGamma(2.5), Math.log(0.75 * Math.sqrt(Math.PI)), 1e-12);
});

test('the binomial distribution is the sum of its probabilities', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (n, p) => {
      let total = 0;
      let probability = (1 - p) ** n;
      for (let k = 0; k <= n; k++) {
        total += probability;
        near(binomialDistribution(k, n, p), total, 1e-9);
        probability *= ((n - k) / (k + 1)) * (p / (1 - p));
      }
    }),
    { numRuns: 50 },
  );
  assert.deepEqual([binomialDistribution(-1, 5, 0.5), binomialDistribution(5, 5, 0.5)], [0, 1]);
});

test('quantiles of the normal distribution and of Student’s are those of the tables', () => {
  near(normalQuantile(0.95), 1.959964, 1e-5);
  for (const [degrees, t] of [
    [1, 12.7062047],
    [2, 4.30265273],
    [10, 2.22813885],
    [100, 1.98397152],
  ] as const) {
    near(studentQuantile(0.95, degrees), t, 1e-7);
  }
  near(studentQuantile(0.99, 5), 4.03214298, 1e-7);
});

test('the beta distribution is symmetric and rises from 0 to 1', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      fc.double({ min: 0.5, max: 500, noNaN: true }),
      fc.double({ min: 0.5, max: 500, noNaN: true }),
      (x, a, b) => near(betaDistribution(x, a, b), 1 - betaDistribution(1 - x, b, a), 1e-9),
    ),
    { numRuns: 100 },
  );
});

test('the first whole number is found, or the one after the last', () => {
  assert.equal(
    firstInteger(0, 10, (k) => k >= 7),
    7,
  );
  assert.equal(
    firstInteger(0, 10, () => true),
    0,
  );
  assert.equal(
    firstInteger(0, 10, () => false),
    11,
  );
});
