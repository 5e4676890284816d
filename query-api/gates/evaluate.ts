/** The verdict on a rollout: harm first, then whether everything holds, else what is missing. */
import { type ArmStatisticsRow, armStatisticsStatement } from '../../schemas/queries/arms/arm-statistics.ts';
import type { ArmsQuery } from '../../schemas/queries/arms/compared-arms.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { armDataOf } from '../arms/arm-data.ts';
import type { Ask, RouteContext } from '../routes/context.ts';
import type { Interval } from '../statistics/interval.ts';
import { neededEvidence } from '../statistics/sequence.ts';
import type { Criterion } from './criteria.ts';
import { type ArmEvidence, type CriterionVerdict, judge, type Verdict } from './criterion-verdict.ts';
import type { GateRequest } from './gate-request.ts';

/** Probability that any of the criteria is ever judged wrongly, all looks together. */
export const ALPHA = 0.05;
/** Deviations of the rank that an interval at the strictest bound stays within. */
const REACH = 8;

type Ends = readonly [low: number | null, high: number | null];

export interface GateAnswer {
  verdict: Verdict;
  reason: string;
  criteria: {
    criterion: string;
    verdict: Verdict;
    value: number | null;
    /** An end that is not known yet is null. */
    interval: Ends;
    bound: number;
    n_baseline: number;
    n_candidate: number;
    reason: string;
    more_calls_needed: number | null;
  }[];
  more_calls_needed: number | null;
  confidence: number;
  min_calls: number;
  from: string;
  to: string;
  as_of: string;
  baseline_calls: number;
  candidate_calls: number;
  evidence: {
    criterion: string;
    metric: string;
    method: string;
    baseline: { value: number | null; interval: Ends };
    candidate: { value: number | null; interval: Ends };
  }[];
}

const endsOf = ({ low, high }: Interval): Ends => [
  Number.isFinite(low) ? low : null,
  Number.isFinite(high) ? high : null,
];

interface Judged {
  criterion: Criterion;
  result: CriterionVerdict;
}

/** A number of calls in a sentence, to two digits: it is a guess from what was seen so far. */
export function roughly(calls: number): string {
  const inWords = calls >= 1e6 ? ({ notation: 'compact', compactDisplay: 'long' } as const) : {};
  return calls.toLocaleString('en-US', { maximumSignificantDigits: 2, ...inWords });
}

function overall(judged: readonly Judged[]): Pick<GateAnswer, 'verdict' | 'reason' | 'more_calls_needed'> {
  const of = (verdict: Verdict): Judged[] => judged.filter(({ result }) => result.verdict === verdict);
  const told = (list: readonly Judged[]): string =>
    list.map(({ criterion, result }) => `${criterion.text} (${result.reason})`).join('; ');
  const harmful = of('rollback');
  if (harmful.length > 0) {
    return { verdict: 'rollback', reason: `violated: ${told(harmful)}`, more_calls_needed: null };
  }
  const open = of('hold');
  if (open.length === 0) {
    return { verdict: 'promote', reason: `every criterion holds: ${told(judged)}`, more_calls_needed: null };
  }
  const needed = open.map(({ result }) => result.more_calls_needed);
  const more_calls_needed = needed.includes(null) ? null : Math.max(...(needed as number[]));
  const about =
    more_calls_needed === null
      ? 'how many more calls would settle it cannot be said'
      : `about ${roughly(more_calls_needed)} more calls of the candidate would settle it if nothing changes`;
  return { verdict: 'hold', reason: `not enough evidence: ${told(open)}; ${about}`, more_calls_needed };
}

/** Both arms' data of each criterion: one statement for all metrics and the first score, and one for each other. */
async function gather(
  request: GateRequest,
  arms: ArmsQuery,
  ask: Ask,
): Promise<{ criterion: Criterion; evidence: [ArmEvidence, ArmEvidence] }[]> {
  const first = request.criteria.find(({ score }) => score !== undefined)?.score;
  const byScore = Map.groupBy(request.criteria, ({ score }) => score ?? first);
  const gathered = new Map<Criterion, [ArmEvidence, ArmEvidence]>();
  for (const [score, criteria] of byScore) {
    const measures = criteria.map(({ metric }) => metric.measure);
    const rows = await ask<ArmStatisticsRow>(
      armStatisticsStatement({
        ...arms,
        ...(score === undefined ? {} : { score }),
        measures,
        slices: [],
        reach: REACH,
      }),
    );
    criteria.forEach((criterion, index) => {
      const evidence = [0, 1].map((arm): ArmEvidence => {
        const row = rows.find((found) => Number(found.arm) === arm);
        if (!row) return { calls: 0, data: { kind: 'none' } };
        return { calls: Number(row.calls), data: armDataOf(measures[index]!, row[`m${index}`]) };
      });
      gathered.set(criterion, evidence as [ArmEvidence, ArmEvidence]);
    });
  }
  return request.criteria.map((criterion) => ({ criterion, evidence: gathered.get(criterion)! }));
}

/** Throws what the statements throw. */
export async function evaluateGate(
  request: GateRequest,
  project: Project,
  { database, retention: { calls_days } }: Pick<RouteContext, 'database' | 'retention'>,
  now_ms: number,
  ask: Ask,
): Promise<GateAnswer> {
  const { window, filters, criteria, min_calls } = request;
  const scope = { database, project, now_ms, calls_days };
  const arms = [request.baseline, request.candidate].map((selector) => ({ ...window, selector }));
  const { gathered, as_of_ms } = await ask.counted({ ...scope, ...window }, async (counting) => ({
    gathered: await gather(request, { scope: { ...scope, counting }, arms, filters }, ask),
    as_of_ms: counting.as_of_ms,
  }));
  // One bound for all criteria together: of twenty, one would be wrong by chance alone.
  const rules = { log_evidence: neededEvidence(ALPHA / criteria.length), min_calls };
  const judged = gathered.map(({ criterion, evidence: [baseline, candidate] }) => ({
    criterion,
    result: judge(criterion, baseline, candidate, rules),
  }));
  const [baseline, candidate] = gathered[0]!.evidence;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    ...overall(judged),
    criteria: judged.map(({ criterion, result }) => ({
      criterion: criterion.text,
      verdict: result.verdict,
      value: result.value,
      interval: endsOf(result.interval),
      bound: criterion.bound,
      n_baseline: result.n_baseline,
      n_candidate: result.n_candidate,
      reason: result.reason,
      more_calls_needed: result.more_calls_needed,
    })),
    confidence: 1 - ALPHA,
    min_calls,
    from: iso(window.from_ms),
    to: iso(window.to_ms),
    as_of: iso(as_of_ms),
    baseline_calls: baseline.calls,
    candidate_calls: candidate.calls,
    evidence: judged.map(({ criterion, result }) => ({
      criterion: criterion.text,
      metric: criterion.name,
      method: result.method,
      baseline: { value: result.baseline.value, interval: endsOf(result.baseline.interval) },
      candidate: { value: result.candidate.value, interval: endsOf(result.candidate.interval) },
    })),
  };
}
