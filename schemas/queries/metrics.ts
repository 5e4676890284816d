/**
 * The numbers of the API: for each its expression over the counted calls of a group. An aggregate looks at rows
 * that are `selected` (by the filters on how a call ended); null says that there was nothing to make it of.
 */

import { ALL_TOKENS, CONTEXT_USED, TOKENS_PER_SECOND } from './call-expressions.ts';
import type { CellColumnName } from './cells.ts';
import { quantileOfHistogram } from './histogram.ts';

export { ALL_TOKENS, CONTEXT_USED, TOKENS_PER_SECOND } from './call-expressions.ts';

export type Unit = 'calls' | 'ratio' | 'ms' | 'tokens' | 'tokens/s' | 'USD' | 'score';

export interface Metric {
  unit: Unit;
  meaning: string;
  /** Aggregate over the calls of a group. */
  sql: string;
  /**
   * The same over the cells of a group (cells.ts); absent where only the calls themselves know. Of percentiles it is
   * no aggregate, but stands over MERGED_HISTOGRAM columns of the group.
   */
  cells?: string;
  /** Exact over calls, within SKETCH_ERROR over cells. All others are the same over both. */
  is_percentile?: true;
  /** What a percentile is of: values of calls, and the level. */
  quantile?: { level: number; expression: string };
  /**
   * Makes the metric of its aggregate, where it is a share: `base_calls` are the calls of the group's interval and
   * its other dimensions, `base_errors` all errors of the interval, both before filters on how a call ended.
   */
  share?: (aggregate: string) => string;
}

const calls = (condition: string): string => `countIf(selected AND ${condition})`;
const callsOf = (condition: string): string => `sumIf(calls, selected AND ${condition})`;
const sum = (expression: string): string => `sumOrNullIf(${expression}, selected)`;
const average = (expression: string): string => `avgOrNullIf(${expression}, selected)`;
const maximum = (expression: string): string => `maxOrNullIf(${expression}, selected)`;

/**
 * Where several levels of an expression are asked for, `levels` names them all: their text is the same then, so
 * its values are gathered once.
 */
export function quantileOfCalls(
  level: number,
  expression: string,
  levels: readonly number[] = [level],
): string {
  const value = `quantilesExactInclusiveIf(${levels.join(', ')})(${expression}, selected)[${levels.indexOf(level) + 1}]`;
  // Of no values it makes a NaN, which is no number of ours.
  return `if(isNaN(${value}), NULL, ${value})`;
}

/** Columns that a group of cells has for each of its histograms: sorted entries, and the running sums of them. */
export const MERGED_HISTOGRAM = {
  entries: (histogram: CellColumnName) => `merged_${histogram}`,
  sums: (histogram: CellColumnName) => `sums_${histogram}`,
};

/** A percentile of calls, and of cells by their histogram of the same values. */
function percentile(level: number, expression: string, histogram: CellColumnName) {
  return {
    sql: quantileOfCalls(level, expression),
    quantile: { level, expression },
    cells: quantileOfHistogram(level, MERGED_HISTOGRAM.entries(histogram), MERGED_HISTOGRAM.sums(histogram)),
    is_percentile: true,
  } as const;
}

export const IS_ERROR = "status = 'error'";
export const IS_DOWN = "error_type IN ('server_error', 'connection', 'timeout', 'rate_limit')";
const IS_PRICED = 'cost_usd IS NOT NULL';

const COST = `toFloat64(${sum('cost_usd')})`;
const CELL_COST = `toFloat64(${sum('cost_sum_usd')})`;

/** A number of calls of some kind, which is told by the dimensions of cells. */
const count = (condition: string) => ({ sql: calls(condition), cells: callsOf(condition) });

const latency = (level: number): Metric => ({
  unit: 'ms',
  meaning: `latency that ${level * 100} % of the calls do not exceed, failed ones included`,
  ...percentile(level, 'duration_ms', 'latency_histogram'),
});
const ttft = (level: number): Metric => ({
  unit: 'ms',
  meaning: `time to the first token that ${level * 100} % of the calls which report one do not exceed`,
  ...percentile(level, 'ttft_ms', 'ttft_histogram'),
});
const tokens = (kind: string, meaning: string): Metric => ({
  unit: 'tokens',
  meaning,
  sql: sum(`${kind}_tokens`),
  cells: sum(`${kind}_sum`),
});

export const metrics = {
  calls: { unit: 'calls', meaning: 'model calls, failed ones included', ...count('1') },
  errors: { unit: 'calls', meaning: 'calls that failed', ...count(IS_ERROR) },
  error_rate: {
    unit: 'ratio',
    meaning:
      'failed calls over all calls; grouped or filtered by error_type or status it still divides by all calls of the other dimensions',
    ...count(IS_ERROR),
    share: (aggregate) => `${aggregate} / nullIf(base_calls, 0)`,
  },
  error_share: {
    unit: 'ratio',
    meaning: 'failed calls of the row over all failed calls of its interval, or of the window without one',
    ...count(IS_ERROR),
    share: (aggregate) => `${aggregate} / nullIf(base_errors, 0)`,
  },
  uptime: {
    unit: 'ratio',
    meaning: '1 less the share of calls that failed by server_error, connection, timeout or rate_limit',
    ...count(IS_DOWN),
    share: (aggregate) => `1 - ${aggregate} / nullIf(base_calls, 0)`,
  },
  latency_p50_ms: latency(0.5),
  latency_p90_ms: latency(0.9),
  latency_p95_ms: latency(0.95),
  latency_p99_ms: latency(0.99),
  latency_avg_ms: {
    unit: 'ms',
    meaning: 'mean latency',
    sql: average('duration_ms'),
    cells: `${sum('latency_sum_ms')} / nullIf(${callsOf('1')}, 0)`,
  },
  latency_max_ms: {
    unit: 'ms',
    meaning: 'largest latency',
    sql: maximum('duration_ms'),
    cells: maximum('latency_most_ms'),
  },
  ttft_p50_ms: ttft(0.5),
  ttft_p95_ms: ttft(0.95),
  ttft_p99_ms: ttft(0.99),
  input_tokens: tokens('input', 'billed input tokens, cached ones included'),
  output_tokens: tokens('output', 'billed output tokens, reasoning included'),
  cache_read_tokens: tokens('cache_read', 'input tokens read from a cache'),
  cache_write_tokens: tokens('cache_write', 'input tokens written to a cache'),
  reasoning_tokens: tokens('reasoning', 'output tokens spent on reasoning'),
  total_tokens: {
    unit: 'tokens',
    meaning: 'input and output tokens',
    sql: sum(ALL_TOKENS),
    cells: sum('total_sum'),
  },
  output_tokens_per_second_p50: {
    unit: 'tokens/s',
    meaning: 'median over calls of output tokens by the time after the first token, or the whole time',
    ...percentile(0.5, TOKENS_PER_SECOND, 'speed_histogram'),
  },
  cost_usd: {
    unit: 'USD',
    meaning: 'cost of the priced calls, null if none is priced',
    sql: COST,
    cells: CELL_COST,
  },
  cost_per_call_usd: {
    unit: 'USD',
    meaning: 'cost over priced calls',
    sql: `${COST} / nullIf(${calls(IS_PRICED)}, 0)`,
    cells: `${CELL_COST} / nullIf(sumIf(priced_calls, selected), 0)`,
  },
  cost_per_1k_tokens_usd: {
    unit: 'USD',
    meaning: 'cost over a thousand input and output tokens of the priced calls',
    sql: `${COST} * 1000 / nullIf(sumOrNullIf(${ALL_TOKENS}, selected AND ${IS_PRICED}), 0)`,
    cells: `${CELL_COST} * 1000 / nullIf(${sum('priced_tokens_sum')}, 0)`,
  },
  unpriced_calls: {
    unit: 'calls',
    meaning:
      'calls whose cost is not known, failed ones that tell no tokens among them: they are in no sum of dollars',
    sql: calls('cost_usd IS NULL'),
    cells: 'sumIf(calls - priced_calls, selected)',
  },
  context_used_p50: {
    unit: 'ratio',
    meaning: 'median share of the context window that input and output fill',
    ...percentile(0.5, CONTEXT_USED, 'context_histogram'),
  },
  context_used_p95: {
    unit: 'ratio',
    meaning: 'share of the context window that 95 % of the calls do not exceed',
    ...percentile(0.95, CONTEXT_USED, 'context_histogram'),
  },
  context_used_max: {
    unit: 'ratio',
    meaning: 'largest share of the context window',
    sql: maximum(CONTEXT_USED),
    cells: maximum('context_used_most'),
  },
  confidence_avg: {
    unit: 'score',
    meaning: 'mean confidence, 0 to 1',
    sql: average('confidence'),
    cells: `${sum('confidence_sum')} / nullIf(sumIf(confidence_calls, selected), 0)`,
  },
  score_avg: {
    unit: 'score',
    meaning:
      'mean over scored calls of the score that `score` names; a call scored by several sources counts once, with their mean',
    sql: average('score'),
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

export const METRIC_NAMES = Object.keys(metrics) as MetricName[];

export function metricOf(name: MetricName): Metric {
  return metrics[name];
}
