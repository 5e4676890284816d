/** The decision matrix: a row for each slice, metric and arm. */
import {
  type ArmMetric,
  armMetrics,
  MATRIX_METRICS,
  SCORE_METRIC,
} from '../../schemas/queries/arms/arm-metrics.ts';
import {
  type ArmStatisticsQuery,
  type ArmStatisticsRow,
  armStatisticsStatement,
} from '../../schemas/queries/arms/arm-statistics.ts';
import type { ArmsQuery } from '../../schemas/queries/arms/compared-arms.ts';
import type { Matching } from '../../schemas/queries/arms/matched-arms.ts';
import type { MixRow } from '../../schemas/queries/arms/traffic-mix.ts';
import { armDataOf } from '../arms/arm-data.ts';
import { contrastOf, estimateOf } from '../arms/estimates.ts';
import type { Ask } from '../routes/context.ts';
import type { Estimate, Interval } from '../statistics/interval.ts';

export type Ends = readonly [low: number, high: number] | null;

export interface MatrixRow {
  level: 'overall' | 'slice';
  slice: string;
  metric: string;
  unit: string;
  better: ArmMetric['better'];
  role: 'baseline' | 'candidate';
  arm: string;
  n: number;
  value: number | null;
  interval: Ends;
  difference: number | null;
  difference_interval: Ends;
  ratio: number | null;
  ratio_interval: Ends;
  reason: string | null;
}

interface NamedMetric {
  name: string;
  metric: ArmMetric;
}

export interface MatrixQuery {
  arms: ArmsQuery;
  /** What each arm is called, in their order. */
  names: readonly string[];
  scores: readonly string[];
  /** Those that get rows, or how many of those with the most calls. */
  slices: ArmStatisticsQuery['slices'];
  matching?: Matching;
}

export interface Matrix {
  rows: MatrixRow[];
  /** Where the largest slices are asked for the whole mix of traffic, else the calls of the arms and slices. */
  mix: MixRow[];
  metrics: string[];
  slices: string[];
}

/** Deviations of the rank that a 95 % interval stays within, with room for small samples. */
const REACH = 4;

const endsOf = (interval: Interval | null): Ends =>
  interval && Number.isFinite(interval.low) && Number.isFinite(interval.high)
    ? [interval.low, interval.high]
    : null;

const NOTHING: Estimate = { value: null, interval: null, n: 0, reason: 'no calls' };

interface Place {
  level: MatrixRow['level'];
  slice: string;
}

function rowsOfMetric(
  place: Place,
  { name, metric }: NamedMetric,
  armNames: readonly string[],
  estimates: readonly Estimate[],
): MatrixRow[] {
  const baseline = estimates[0]!;
  return estimates.map((estimate, arm) => {
    const contrast = arm === 0 ? null : contrastOf(baseline, estimate);
    return {
      ...place,
      metric: name,
      unit: metric.unit,
      better: metric.better,
      role: arm === 0 ? 'baseline' : 'candidate',
      arm: armNames[arm]!,
      n: estimate.n,
      value: estimate.value,
      interval: endsOf(estimate.interval),
      difference: contrast?.difference ?? null,
      difference_interval: endsOf(contrast?.difference_interval ?? null),
      ratio: contrast?.ratio ?? null,
      ratio_interval: endsOf(contrast?.ratio_interval ?? null),
      reason: estimate.reason ?? contrast?.reason ?? null,
    };
  });
}

/** Rows of one statement's metrics, and what of its answer is the mix of traffic. */
async function ofMetrics(
  query: MatrixQuery,
  metrics: readonly NamedMetric[],
  score: string | undefined,
  ask: Ask,
): Promise<Omit<Matrix, 'metrics'>> {
  const answered = await ask<ArmStatisticsRow>(
    armStatisticsStatement({
      ...query.arms,
      ...(score === undefined ? {} : { score }),
      ...(query.matching ? { matching: query.matching } : {}),
      measures: metrics.map(({ metric }) => metric.measure),
      slices: query.slices,
      reach: REACH,
    }),
  );
  const mix = answered.map(({ arm, dimension, value, calls }) => ({
    arm: Number(arm),
    dimension,
    value,
    calls: Number(calls),
  }));
  const slices = 'largest' in query.slices ? measuredSlices(answered) : [...query.slices];
  const found = new Map(answered.map((row) => [`${row.arm} ${row.dimension} ${row.value}`, row]));
  const places: Place[] = [
    { level: 'overall', slice: '' },
    ...slices.map((slice) => ({ level: 'slice' as const, slice })),
  ];
  const at = (arm: number, { level, slice }: Place) =>
    found.get(`${arm} ${level === 'overall' ? 'all' : 'slice'} ${slice}`);
  const rows = places.flatMap((place) =>
    metrics.flatMap((metric, index) => {
      const estimates = query.names.map((_, arm) => {
        const row = at(arm, place);
        return row ? estimateOf(armDataOf(metric.metric.measure, row[`m${index}`])) : NOTHING;
      });
      return rowsOfMetric(place, metric, query.names, estimates);
    }),
  );
  return { rows, mix, slices };
}

/** Those that came with measures, the ones of most calls over all arms first. */
function measuredSlices(answered: readonly ArmStatisticsRow[]): string[] {
  const calls = new Map<string, number>();
  for (const row of answered) {
    if (row.dimension !== 'slice' || !row.has_measures) continue;
    calls.set(row.value, (calls.get(row.value) ?? 0) + Number(row.calls));
  }
  return [...calls].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
}

const scoreMetric = (score: string): NamedMetric => ({ name: `score:${score}`, metric: SCORE_METRIC });

/** Slice by slice, the overall rows first; one statement for all metrics and the first score, and one for each other. */
export async function matrixOf(query: MatrixQuery, ask: Ask): Promise<Matrix> {
  const plain = MATRIX_METRICS.map((name) => ({ name, metric: armMetrics[name] }));
  const [score, ...others] = query.scores;
  const together = score === undefined ? plain : [...plain, scoreMetric(score)];
  const { mix, slices, ...first } = await ofMetrics(query, together, score, ask);
  const rows = [...first.rows];
  const metrics = together.map(({ name }) => name as string);
  for (const other of others) {
    const named = scoreMetric(other);
    metrics.push(named.name);
    rows.push(...(await ofMetrics({ ...query, slices }, [named], other, ask)).rows);
  }
  const order = ['', ...slices];
  // Scores come from statements of their own, yet stand with the other metrics of their slice.
  rows.sort((a, b) => order.indexOf(a.slice) - order.indexOf(b.slice));
  return { rows, mix, metrics, slices };
}
