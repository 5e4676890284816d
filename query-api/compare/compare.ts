/** The whole answer of a comparison. */
import type { ArmsQuery } from '../../schemas/queries/arms/compared-arms.ts';
import type { MixRow } from '../../schemas/queries/arms/traffic-mix.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { CONFIDENCE } from '../arms/estimates.ts';
import type { Ask, RouteContext } from '../routes/context.ts';
import { type Comparability, callsOf, comparabilityOf, slicesOf } from './comparability.ts';
import type { CompareRequest } from './compare-request.ts';
import { type MatrixRow, matrixOf } from './matrix.ts';

const MOST_SLICES = 20;
const MS_PER_DAY = 86_400_000;

interface ComparedArmAnswer {
  arm: string;
  from: string;
  to: string;
  calls: number;
}

export interface CompareAnswer {
  baseline: ComparedArmAnswer;
  candidates: (ComparedArmAnswer & {
    /** Calls that are in the baseline as well. */
    shared_calls: number;
    comparability: Comparability[];
    /** Null where the traffic is alike. */
    matched: Matched | null;
  })[];
  confidence: number;
  quantiles: 'exact';
  /** Every figure here is made of the calls themselves, and of none that has expired. */
  source: 'calls';
  as_of: string;
  /** When the first of the calls expires, from when on the same question has another answer. */
  calls_expire_at: string;
  metrics: string[];
  slices: string[];
  /** Smaller slices that have no rows. */
  slices_left_out: number;
  warnings: string[];
  rows: MatrixRow[];
}

interface Matched {
  /** What the candidate's traffic was reweighted by. */
  on: string[];
  /** Shares of each arm's calls that are of a kind which both arms have. */
  baseline_share: number;
  candidate_share: number;
  rows: MatrixRow[];
}

const iso = (ms: number): string => new Date(ms).toISOString();

async function matchedWith(
  arm: number,
  differing: readonly Comparability[],
  arms: ArmsQuery,
  names: readonly string[],
  scores: readonly string[],
  mix: readonly MixRow[],
  ask: Ask,
): Promise<Matched> {
  const on = differing.map(({ dimension }) => dimension);
  const pair = { ...arms, arms: [arms.arms[0]!, arms.arms[arm]!] };
  const matched = await matrixOf(
    { arms: pair, names: [names[0]!, names[arm]!], scores, slices: [], matching: { on } },
    ask,
  );
  return {
    on,
    baseline_share: callsOf(matched.mix, 0) / Math.max(1, callsOf(mix, 0)),
    candidate_share: callsOf(matched.mix, 1) / Math.max(1, callsOf(mix, arm)),
    rows: matched.rows,
  };
}

function warningsOf(
  answer: Pick<CompareAnswer, 'baseline' | 'candidates'>,
  oldest_ms: number,
  horizon_ms: number,
): string[] {
  const warnings = [answer.baseline, ...answer.candidates]
    .filter(({ calls }) => calls === 0)
    .map(({ arm }) => `'${arm}' has no calls in its window.`);
  for (const { arm, shared_calls, comparability, matched } of answer.candidates) {
    if (shared_calls > 0) {
      warnings.push(
        `${shared_calls} calls of '${arm}' are in the baseline as well: intervals of differences take the arms for independent.`,
      );
    }
    const names = comparability.filter(({ differs }) => differs).map(({ dimension }) => dimension);
    if (matched) {
      warnings.push(
        `'${arm}' had other traffic than the baseline by ${names.join(', ')}: ${
          matched.candidate_share > 0
            ? "see 'matched' for what is left when it is weighted to the same mix"
            : 'none of it is of a kind that both had, so there is nothing to match'
        }.`,
      );
    }
  }
  if (oldest_ms < horizon_ms) {
    warnings.push(`Calls before ${iso(horizon_ms)} have expired and are in no figure.`);
  }
  return warnings;
}

async function compareCounted(
  request: CompareRequest,
  scope: ArmsQuery['scope'] & { counting: Counting },
  oldest_ms: number,
  ask: Ask,
): Promise<CompareAnswer> {
  const { now_ms, calls_days, counting } = scope;
  const arms: ArmsQuery = { scope, arms: request.arms, filters: request.filters };
  const names = request.arms.map(({ selector_text }) => selector_text);
  const { rows, mix, metrics, slices } = await matrixOf(
    { arms, names, scores: request.scores, slices: { largest: MOST_SLICES } },
    ask,
  );
  const armAnswers = request.arms.map(({ selector_text, from_ms, to_ms }, arm) => ({
    arm: selector_text,
    from: iso(from_ms),
    to: iso(to_ms),
    calls: callsOf(mix, arm),
  }));
  const candidates: CompareAnswer['candidates'] = [];
  for (const [index, answer] of armAnswers.slice(1).entries()) {
    const arm = index + 1;
    // In what the selectors name the arms differ by choice.
    const chosen = new Set<string>(
      [0, arm].flatMap((at) => request.arms[at]!.selector.map(({ dimension }) => dimension)),
    );
    const comparability = comparabilityOf(mix, arm).filter(({ dimension }) => !chosen.has(dimension));
    const differing = comparability.filter(({ differs }) => differs);
    const matched =
      differing.length === 0
        ? null
        : await matchedWith(arm, differing, arms, names, request.scores, mix, ask);
    candidates.push({ ...answer, shared_calls: callsOf(mix, arm, 'shared'), comparability, matched });
  }
  const baseline = armAnswers[0]!;
  const horizon_ms = now_ms - calls_days * MS_PER_DAY;
  return {
    baseline,
    candidates,
    confidence: CONFIDENCE,
    quantiles: 'exact',
    source: 'calls',
    as_of: iso(counting.as_of_ms),
    calls_expire_at: iso(Math.max(oldest_ms, horizon_ms) + calls_days * MS_PER_DAY),
    metrics,
    slices,
    slices_left_out: slicesOf(mix) - slices.length,
    warnings: warningsOf({ baseline, candidates }, oldest_ms, horizon_ms),
    rows,
  };
}

/** Throws what the statements throw. */
export function compare(
  request: CompareRequest,
  project: Project,
  { database, retention: { calls_days } }: Pick<RouteContext, 'database' | 'retention'>,
  now_ms: number,
  ask: Ask,
): Promise<CompareAnswer> {
  const scope = { database, project, now_ms, calls_days };
  const from_ms = Math.min(...request.arms.map((arm) => arm.from_ms));
  const to_ms = Math.max(...request.arms.map((arm) => arm.to_ms));
  return ask.counted({ ...scope, from_ms, to_ms }, (counting) =>
    compareCounted(request, { ...scope, counting }, from_ms, ask),
  );
}

/** A row of the matrix without lists in it, for CSV and JSON lines. */
export function flatRow(row: MatrixRow): Record<string, string | number | null> {
  const ends = (name: string, interval: MatrixRow['interval']) => ({
    [`${name}_low`]: interval?.[0] ?? null,
    [`${name}_high`]: interval?.[1] ?? null,
  });
  return {
    level: row.level,
    slice: row.slice,
    metric: row.metric,
    unit: row.unit,
    better: row.better,
    role: row.role,
    arm: row.arm,
    n: row.n,
    value: row.value,
    ...ends('value', row.interval),
    difference: row.difference,
    ...ends('difference', row.difference_interval),
    ratio: row.ratio,
    ...ends('ratio', row.ratio_interval),
    reason: row.reason,
  };
}
