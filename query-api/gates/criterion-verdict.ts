/** What the data say about one criterion, by intervals that hold however often one looks. Pure. */
import type { ArmData } from '../arms/arm-data.ts';
import { leastForQuantile, sequenceOf } from '../arms/sequences.ts';
import type { Interval } from '../statistics/interval.ts';
import { differenceSequence, ratioSequence } from '../statistics/sequence.ts';
import type { Criterion } from './criteria.ts';

export type Verdict = 'promote' | 'hold' | 'rollback';

export interface ArmEvidence {
  data: ArmData;
  /** All calls of the arm, with and without a value of the metric. */
  calls: number;
}

export interface CriterionVerdict {
  verdict: Verdict;
  value: number | null;
  interval: Interval;
  n_baseline: number;
  n_candidate: number;
  reason: string;
  /** Of the candidate, about; null where nothing is to be settled or it cannot be said. */
  more_calls_needed: number | null;
  method: string;
  /** Each arm's own value and interval. */
  baseline: { value: number | null; interval: Interval };
  candidate: { value: number | null; interval: Interval };
}

export interface Rules {
  /** Natural logarithm of the evidence that rules a value out. */
  log_evidence: number;
  min_calls: number;
}

function pointOf(data: ArmData): number | null {
  if (data.kind === 'none') return null;
  return data.kind === 'rate' ? data.rate : data.kind === 'mean' ? data.data.mean : data.data.value;
}

const countOf = (data: ArmData): number => (data.kind === 'none' ? 0 : data.n);

function compared(
  { comparison }: Criterion,
  baseline: number | null,
  candidate: number | null,
): number | null {
  if (comparison === 'absolute' || candidate === null) return candidate;
  if (baseline === null) return null;
  if (comparison === 'delta') return candidate - baseline;
  return baseline > 0 ? candidate / baseline : null;
}

/** Whether all of the interval is on the good side of the bound, or all of it on the bad one. */
function sideOf({ operator, bound }: Criterion, { low, high }: Interval): 'good' | 'bad' | 'both' {
  switch (operator) {
    case '<':
      return high < bound ? 'good' : low >= bound ? 'bad' : 'both';
    case '<=':
      return high <= bound ? 'good' : low > bound ? 'bad' : 'both';
    case '>':
      return low > bound ? 'good' : high <= bound ? 'bad' : 'both';
    case '>=':
      return low >= bound ? 'good' : high < bound ? 'bad' : 'both';
  }
}

const figure = (x: number): string => String(Number(x.toPrecision(4)));

function rangeOf({ low, high }: Interval): string {
  if (Number.isFinite(low) && Number.isFinite(high)) return `between ${figure(low)} and ${figure(high)}`;
  if (Number.isFinite(low)) return `at least ${figure(low)}`;
  return Number.isFinite(high) ? `at most ${figure(high)}` : 'and may be anything';
}

/** Half an interval shrinks with the root of the calls, so this many times as many bring its end to the bound. */
function timesAsMany(value: number, { low, high }: Interval, bound: number): number | null {
  const distance = Math.abs(value - bound);
  const half = value < bound ? high - value : value - low;
  return distance > 0 && Number.isFinite(half) ? (half / distance) ** 2 : null;
}

function moreCalls(
  criterion: Criterion,
  value: number | null,
  interval: Interval,
  arms: readonly ArmEvidence[],
  { log_evidence, min_calls }: Rules,
): number | null {
  const candidate = arms.at(-1)!;
  const n = countOf(candidate.data);
  if (candidate.calls === 0) return min_calls;
  if (n === 0 || arms.some(({ data }) => data.kind === 'none')) return null;
  const { measure } = criterion.metric;
  const open = !Number.isFinite(interval.low) || !Number.isFinite(interval.high);
  const least = open && measure.kind === 'quantile' ? leastForQuantile(measure.level, log_evidence) : 0;
  // The scarcest arm decides: both grow together.
  const fill = Math.max(...arms.map(({ data }) => Math.max(min_calls, least) / countOf(data)));
  const settle = value === null ? null : timesAsMany(value, interval, criterion.bound);
  const times = Math.max(fill, settle ?? 0);
  if (times <= 1) return settle === null ? null : 1;
  const calls = (times - 1) * candidate.calls;
  return Number.isFinite(calls) ? Math.ceil(calls) : null;
}

function reasonOf(
  criterion: Criterion,
  value: number | null,
  interval: Interval,
  verdict: Verdict,
  arms: readonly ArmEvidence[],
  { min_calls }: Rules,
): string {
  const { name, comparison, text } = criterion;
  const role = (arm: ArmEvidence): string => (arm === arms.at(-1) ? 'candidate' : 'baseline');
  const without = arms.find(({ data }) => data.kind === 'none');
  if (without) {
    return without.calls === 0
      ? `the ${role(without)} has no calls in the window`
      : `none of the ${without.calls} calls of the ${role(without)} has a value of ${name}`;
  }
  const what = comparison === 'absolute' ? name : `${comparison} of ${name}`;
  const seen = `${what} is ${value === null ? 'not known' : figure(value)}, ${rangeOf(interval)}`;
  if (verdict === 'promote') return `${seen}: ${text} holds over all of it`;
  if (verdict === 'rollback') return `${seen}: ${text} is violated over all of it`;
  const few = arms.find(({ data }) => countOf(data) < min_calls);
  if (few) return `${seen}; the ${role(few)} has ${countOf(few.data)} of at least ${min_calls} calls`;
  return `${seen}: both sides of ${criterion.bound} are possible`;
}

/** Decides at the bound, never at the point. */
export function judge(
  criterion: Criterion,
  baseline: ArmEvidence,
  candidate: ArmEvidence,
  rules: Rules,
): CriterionVerdict {
  const { comparison } = criterion;
  const ofBaseline = sequenceOf(baseline.data);
  const ofCandidate = sequenceOf(candidate.data);
  const arms = comparison === 'absolute' ? [candidate] : [baseline, candidate];
  const combine = comparison === 'delta' ? differenceSequence : ratioSequence;
  const known = arms.every(({ data }) => data.kind !== 'none');
  const sequence =
    comparison === 'absolute' || !known
      ? ofCandidate.sequence
      : combine(ofBaseline.sequence, ofCandidate.sequence);
  const interval = known
    ? sequence(rules.log_evidence)
    : { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const value = compared(criterion, pointOf(baseline.data), pointOf(candidate.data));
  const side = sideOf(criterion, interval);
  const enough = arms.every(({ data }) => countOf(data) >= rules.min_calls);
  const exact = comparison === 'absolute' ? ofCandidate.exact : ofBaseline.exact && ofCandidate.exact;
  // Harm does not wait for a minimum of calls where the interval holds without one.
  const verdict: Verdict =
    side === 'bad' && (enough || exact) ? 'rollback' : side === 'good' && enough ? 'promote' : 'hold';
  return {
    verdict,
    value,
    interval,
    n_baseline: countOf(baseline.data),
    n_candidate: countOf(candidate.data),
    reason: reasonOf(criterion, value, interval, verdict, arms, rules),
    more_calls_needed: verdict === 'hold' ? moreCalls(criterion, value, interval, arms, rules) : null,
    method: ofCandidate.method,
    baseline: { value: pointOf(baseline.data), interval: ofBaseline.sequence(rules.log_evidence) },
    candidate: { value: pointOf(candidate.data), interval: ofCandidate.sequence(rules.log_evidence) },
  };
}
