/**
 * Gates that are looked at after every few calls: how often a candidate that is the baseline itself is rolled back,
 * and how many calls it takes to see one that is slower. The figures stand in docs/gates.md.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArmData } from '../../../query-api/arms/arm-data.ts';
import { contrastOf, estimateOf } from '../../../query-api/arms/estimates.ts';
import { parseCriterion } from '../../../query-api/gates/criteria.ts';
import { judge, type Verdict } from '../../../query-api/gates/criterion-verdict.ts';
import { ALPHA } from '../../../query-api/gates/evaluate.ts';
import { DEFAULT_MIN_CALLS } from '../../../query-api/gates/gate-request.ts';
import { neededEvidence } from '../../../query-api/statistics/sequence.ts';
import { textOf } from '../../tidy/sources.ts';
import {
  coin,
  costOf,
  exponential,
  logNormal,
  meanOf,
  normal,
  quantileOf,
  rateOf,
  type Sampler,
  sampleOf,
} from '../statistics/samplers.ts';
import { createRandom, type Random } from '../support/random.ts';

/** Calls of an arm so far, at any number of them. */
type Arm = (calls: number) => ArmData;
type MakeArm = (random: Random, most: number) => Arm;

const arm =
  (of: (values: Float64Array) => ArmData, sampler: Sampler): MakeArm =>
  (random, most) => {
    const values = sampleOf(random, most, sampler);
    return (calls) => of(values.subarray(0, calls));
  };
const latency = (factor = 1) => arm(quantileOf, (random) => 200 * factor * logNormal(0.6)(random));
const cost: MakeArm = (random, most) => {
  const tokens = sampleOf(random, most, (source) => 400 * exponential(source) + 50);
  const dollars = tokens.map((count) => (count * 0.003 * (0.5 + random.next())) / 1_000);
  return (calls) => costOf(tokens.subarray(0, calls), dollars.subarray(0, calls));
};

interface Look {
  criterion: string;
  make: readonly [baseline: MakeArm, candidate: MakeArm];
  most: number;
  every: number;
  /** Criteria that share the bound on errors. */
  criteria?: number;
}

/** Looks after every few calls of each arm until it is decided. */
function watch(random: Random, { criterion, make, most, every, criteria = 1 }: Look) {
  const parsed = parseCriterion(criterion, 'criterion');
  const rules = { log_evidence: neededEvidence(ALPHA / criteria), min_calls: DEFAULT_MIN_CALLS };
  const [baseline, candidate] = [make[0](random, most), make[1](random, most)];
  for (let calls = every; calls <= most; calls += every) {
    const evidence = [baseline, candidate].map((ofArm) => ({ data: ofArm(calls), calls }));
    const { verdict } = judge(parsed, evidence[0]!, evidence[1]!, rules);
    if (verdict !== 'hold') return { verdict, calls };
  }
  return { verdict: 'hold' as Verdict, calls: most };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const p90 = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.9)]!;

const document = textOf('docs/gates.md');

/** The document shows what is measured here. */
function assertDocumented(...cells: (string | number)[]): void {
  const line = `| ${cells.join(' | ')} |`;
  assert.ok(document.includes(line), `docs/gates.md lacks: ${line}`);
}

/** Criteria whose truth lies on the bound, where a wrong verdict is likeliest. */
const AT_THE_BOUND: readonly [criterion: string, make: MakeArm, what?: string][] = [
  ['latency_ratio<=1', latency()],
  ['error_rate_delta<=0', arm(rateOf, coin(0.03))],
  ['accuracy_delta>=0', arm(meanOf, coin(0.9)), 'scores of 0 and 1'],
  ['accuracy_delta>=0', arm(meanOf, (random) => 0.8 + 0.1 * normal(random)), 'graded scores'],
  ['cost_ratio<=1', cost],
];
const RUNS = 200;

AT_THE_BOUND.forEach(([criterion, make, what], number) => {
  test(`${criterion} (${number + 1}): of candidates that are the baseline, at most 5 % are ever rolled back`, (t) => {
    const random = createRandom(criterion.length + number);
    let wrong = 0;
    for (let run = 0; run < RUNS; run++) {
      const { verdict } = watch(random, { criterion, make: [make, make], most: 2_000, every: 50 });
      if (verdict === 'rollback') wrong++;
    }
    t.diagnostic(`rolled back: ${wrong} of ${RUNS}, each looked at up to 40 times`);
    assert.ok(wrong / RUNS <= ALPHA, `${wrong} of ${RUNS}`);
    assertDocumented(`\`${criterion}\`${what ? `, ${what}` : ''}`, `${(100 * wrong) / RUNS} %`);
  });
});

test('an absolute bound at the truth is not crossed by looking often', (t) => {
  const random = createRandom(11);
  const truth = 200 * Math.exp(0.6 * 1.6448536269514722);
  let wrong = 0;
  for (let run = 0; run < RUNS; run++) {
    const look = {
      criterion: `latency<${truth}`,
      make: [latency(), latency()] as const,
      most: 2_000,
      every: 50,
    };
    if (watch(random, look).verdict !== 'hold') wrong++;
  }
  t.diagnostic(`decided: ${wrong} of ${RUNS}`);
  assert.ok(wrong / RUNS <= ALPHA, `${wrong} of ${RUNS}`);
});

test('the interval of one look, looked at as often, would roll back far more', (t) => {
  const random = createRandom(5);
  let wrong = 0;
  for (let run = 0; run < RUNS; run++) {
    const [baseline, candidate] = [latency()(random, 2_000), latency()(random, 2_000)];
    for (let calls = 100; calls <= 2_000; calls += 50) {
      const { difference_interval } = contrastOf(estimateOf(baseline(calls)), estimateOf(candidate(calls)));
      if (!difference_interval || difference_interval.low <= 0) continue;
      wrong++;
      break;
    }
  }
  t.diagnostic(`rolled back: ${wrong} of ${RUNS}`);
  assert.ok(wrong / RUNS > ALPHA, `${wrong} of ${RUNS}`);
  assertDocumented('p95 latency by the interval of one look', `${(100 * wrong) / RUNS} %`);
});

test('a 95th percentile that is 20 % higher is seen, and this is the number of calls it takes', (t) => {
  for (const sigma of [0.3, 0.6, 0.9]) {
    const random = createRandom(21);
    const of = (factor: number) => arm(quantileOf, (source) => 200 * factor * logNormal(sigma)(source));
    for (const criteria of [1, 4]) {
      const look = { criterion: 'latency_ratio<=1', make: [of(1), of(1.2)] as const, every: 250, criteria };
      const seen = Array.from({ length: 40 }, () => watch(random, { ...look, most: 15_000 }));
      assert.ok(seen.every(({ verdict }) => verdict !== 'promote'));
      const found = seen.filter(({ verdict }) => verdict === 'rollback').length;
      const calls = seen.map((one) => one.calls);
      t.diagnostic(
        `sigma ${sigma}, ${criteria} criteria: half by ${median(calls)}, nine in ten by ${p90(calls)}`,
      );
      assertDocumented(sigma, criteria, median(calls), p90(calls));
      assert.ok(found >= 36, `sigma ${sigma}: ${found} of 40`);
    }
  }
});

test('a candidate that is as good is promoted against a margin, and one that is better against none', (t) => {
  const random = createRandom(31);
  const cases: [criterion: string, make: readonly [MakeArm, MakeArm]][] = [
    ['latency_ratio<1.2', [latency(), latency()]],
    ['latency_ratio<1', [latency(), latency(0.8)]],
    ['error_rate_delta<0.02', [arm(rateOf, coin(0.03)), arm(rateOf, coin(0.03))]],
    ['accuracy_delta>0.02', [arm(meanOf, coin(0.8)), arm(meanOf, coin(0.9))]],
  ];
  for (const [criterion, make] of cases) {
    const seen = Array.from({ length: 40 }, () =>
      watch(random, { criterion, make, most: 10_000, every: 250 }),
    );
    const promoted = seen.filter(({ verdict }) => verdict === 'promote');
    t.diagnostic(`${criterion}: half by ${median(seen.map(({ calls }) => calls))}`);
    assert.ok(promoted.length >= 36, `${criterion}: ${promoted.length} of 40`);
  }
});

test('the number of calls that would settle it is about right: half of the estimates within half and twice', () => {
  const random = createRandom(41);
  const cases: [criterion: string, make: readonly [MakeArm, MakeArm], first: number][] = [
    ['latency_ratio<=1', [latency(), latency(1.2)], 500],
    ['error_rate_delta<=0', [arm(rateOf, coin(0.03)), arm(rateOf, coin(0.06))], 400],
  ];
  for (const [criterion, make, first] of cases) {
    const parsed = parseCriterion(criterion, 'criterion');
    const rules = { log_evidence: neededEvidence(ALPHA), min_calls: DEFAULT_MIN_CALLS };
    const shares: number[] = [];
    for (let run = 0; run < 30; run++) {
      const [baseline, candidate] = [make[0](random, 10_000), make[1](random, 10_000)];
      const look = (calls: number) =>
        judge(parsed, { data: baseline(calls), calls }, { data: candidate(calls), calls }, rules);
      const { more_calls_needed } = look(first);
      if (more_calls_needed === null) continue;
      let calls = first;
      while (calls < 10_000 && look(calls).verdict === 'hold') calls += 250;
      shares.push((first + more_calls_needed) / calls);
    }
    assert.ok(shares.length > 20);
    const about = shares.filter((share) => share > 0.5 && share < 2);
    assert.ok(about.length >= shares.length / 2, `${criterion}: ${about.length} of ${shares.length}`);
  }
});
