/** What arms are compared by: the same meanings as the metrics of rollups, in the parts that intervals are made of. */
import {
  ALL_TOKENS,
  CONTEXT_USED,
  IS_DOWN,
  IS_ERROR,
  type MetricName,
  metricOf,
  TOKENS_PER_SECOND,
  type Unit,
} from '../metrics.ts';

export type ArmMeasure =
  /** The level's quantile of the values that are there. */
  | { kind: 'quantile'; level: number; value: string }
  /** Share of calls; `one_less` answers 1 less the share. */
  | { kind: 'rate'; condition: string; one_less?: true }
  | { kind: 'mean'; value: string }
  /** Sum over sum, of the calls that have both, times `scale`. */
  | { kind: 'ratio'; numerator: string; denominator: string; scale: number };

export interface ArmMetric {
  unit: Unit;
  meaning: string;
  better: 'lower' | 'higher';
  measure: ArmMeasure;
}

/** One as rollups have it, so unit and meaning are theirs. */
function asRolledUp(name: MetricName, better: ArmMetric['better'], measure: ArmMeasure): ArmMetric {
  const { unit, meaning } = metricOf(name);
  return { unit, meaning, better, measure };
}

const quantile = (name: MetricName, level: number, value: string, better: ArmMetric['better'] = 'lower') =>
  asRolledUp(name, better, { kind: 'quantile', level, value });

const share = (meaning: string, condition: string): ArmMetric => ({
  unit: 'ratio',
  meaning,
  better: 'higher',
  measure: { kind: 'rate', condition },
});

const COST = 'toFloat64(cost_usd)';

/**
 * Made where calls are read: there it is known which are null without the hashes themselves, 64 bytes of a call that
 * hardly shrink.
 */
export const HAS_TEXT_HASH = {
  made: 'NOT (prompt_hash.null AND response_hash.null) AS has_text_hash',
  name: 'has_text_hash',
} as const;

export const armMetrics = {
  latency_p50_ms: quantile('latency_p50_ms', 0.5, 'duration_ms'),
  latency_p90_ms: quantile('latency_p90_ms', 0.9, 'duration_ms'),
  latency_p95_ms: quantile('latency_p95_ms', 0.95, 'duration_ms'),
  latency_p99_ms: quantile('latency_p99_ms', 0.99, 'duration_ms'),
  latency_avg_ms: asRolledUp('latency_avg_ms', 'lower', { kind: 'mean', value: 'duration_ms' }),
  ttft_p50_ms: quantile('ttft_p50_ms', 0.5, 'ttft_ms'),
  ttft_p95_ms: quantile('ttft_p95_ms', 0.95, 'ttft_ms'),
  ttft_p99_ms: quantile('ttft_p99_ms', 0.99, 'ttft_ms'),
  output_tokens_per_second_p50: quantile('output_tokens_per_second_p50', 0.5, TOKENS_PER_SECOND, 'higher'),
  cost_per_call_usd: asRolledUp('cost_per_call_usd', 'lower', { kind: 'mean', value: COST }),
  cost_per_1k_tokens_usd: asRolledUp('cost_per_1k_tokens_usd', 'lower', {
    kind: 'ratio',
    numerator: COST,
    // As in rollups: a priced call without tokens still costs.
    denominator: `ifNull(${ALL_TOKENS}, 0)`,
    scale: 1000,
  }),
  error_rate: asRolledUp('error_rate', 'lower', { kind: 'rate', condition: IS_ERROR }),
  uptime: asRolledUp('uptime', 'higher', { kind: 'rate', condition: IS_DOWN, one_less: true }),
  context_used_p50: quantile('context_used_p50', 0.5, CONTEXT_USED),
  context_used_p95: quantile('context_used_p95', 0.95, CONTEXT_USED),
  confidence_avg: asRolledUp('confidence_avg', 'higher', { kind: 'mean', value: 'toFloat64(confidence)' }),
  tokens_reported_rate: share('share of calls that report tokens', `${ALL_TOKENS} IS NOT NULL`),
  text_hash_rate: share('share of calls whose prompt or answer left a hash', HAS_TEXT_HASH.name),
  user_known_rate: share('share of calls that name their user', "user_id != ''"),
} as const satisfies Record<string, ArmMetric>;

export type ArmMetricName = keyof typeof armMetrics;

export const ARM_METRIC_NAMES = Object.keys(armMetrics) as ArmMetricName[];

/** The metrics of the decision matrix, in its order; scores come after them. */
export const MATRIX_METRICS: readonly ArmMetricName[] = [
  'latency_p95_ms',
  'ttft_p95_ms',
  'cost_per_1k_tokens_usd',
  'error_rate',
  'uptime',
  'context_used_p95',
  'tokens_reported_rate',
  'text_hash_rate',
  'user_known_rate',
];

/** The metric of a score; a query that names the score has it as `score`. */
export const SCORE_METRIC: ArmMetric = asRolledUp('score_avg', 'higher', { kind: 'mean', value: 'score' });
