/**
 * The numbers of the API: for each its expression over the counted calls of a group. An aggregate looks at rows
 * that are `selected` (by the filters on how a call ended); null says that there was nothing to make it of.
 */

export type Unit = 'calls' | 'ratio' | 'ms' | 'tokens' | 'tokens/s' | 'USD' | 'score';

export interface Metric {
  unit: Unit;
  meaning: string;
  /** Aggregate over the rows of a group. */
  sql: string;
  /**
   * Makes the metric of its aggregate, where it is a share: `base_calls` are the calls of the group's interval and
   * its other dimensions, `base_errors` all errors of the interval, both before filters on how a call ended.
   */
  share?: (aggregate: string) => string;
}

const QUANTILE_LEVELS = [0.5, 0.9, 0.95, 0.99];

const calls = (condition: string): string => `countIf(selected AND ${condition})`;
const sum = (expression: string): string => `sumOrNullIf(${expression}, selected)`;
const average = (expression: string): string => `avgOrNullIf(${expression}, selected)`;
const maximum = (expression: string): string => `maxOrNullIf(${expression}, selected)`;

/** All levels of an expression at once: their text is the same, so its values are gathered once. */
function quantile(level: number, expression: string): string {
  const levels = QUANTILE_LEVELS.join(', ');
  const value = `quantilesExactInclusiveIf(${levels})(${expression}, selected)[${QUANTILE_LEVELS.indexOf(level) + 1}]`;
  // Of no values it makes a NaN, which is no number of ours.
  return `if(isNaN(${value}), NULL, ${value})`;
}

export const IS_ERROR = "status = 'error'";
export const IS_DOWN = "error_type IN ('server_error', 'connection', 'timeout', 'rate_limit')";
const IS_PRICED = 'cost_usd IS NOT NULL';

export const ALL_TOKENS =
  'if(input_tokens IS NULL AND output_tokens IS NULL, NULL, toUInt64(ifNull(input_tokens, 0)) + ifNull(output_tokens, 0))';
const OUTPUT_MS = 'duration_ms - ifNull(ttft_ms, 0)';
export const TOKENS_PER_SECOND = `if(${OUTPUT_MS} > 0, output_tokens * 1000 / (${OUTPUT_MS}), NULL)`;
export const CONTEXT_USED = `if(context_window > 0, ${ALL_TOKENS} / context_window, NULL)`;
const COST = `toFloat64(${sum('cost_usd')})`;

const latency = (level: number): Metric => ({
  unit: 'ms',
  meaning: `latency that ${level * 100} % of the calls do not exceed, failed ones included`,
  sql: quantile(level, 'duration_ms'),
});
const ttft = (level: number): Metric => ({
  unit: 'ms',
  meaning: `time to the first token that ${level * 100} % of the calls which report one do not exceed`,
  sql: quantile(level, 'ttft_ms'),
});
const tokens = (kind: string, meaning: string): Metric => ({
  unit: 'tokens',
  meaning,
  sql: sum(`${kind}_tokens`),
});

export const metrics = {
  calls: { unit: 'calls', meaning: 'model calls, failed ones included', sql: calls('1') },
  errors: { unit: 'calls', meaning: 'calls that failed', sql: calls(IS_ERROR) },
  error_rate: {
    unit: 'ratio',
    meaning:
      'failed calls over all calls; grouped or filtered by error_type or status it still divides by all calls of the other dimensions',
    sql: calls(IS_ERROR),
    share: (aggregate) => `${aggregate} / nullIf(base_calls, 0)`,
  },
  error_share: {
    unit: 'ratio',
    meaning: 'failed calls of the row over all failed calls of its interval, or of the window without one',
    sql: calls(IS_ERROR),
    share: (aggregate) => `${aggregate} / nullIf(base_errors, 0)`,
  },
  uptime: {
    unit: 'ratio',
    meaning: '1 less the share of calls that failed by server_error, connection, timeout or rate_limit',
    sql: calls(IS_DOWN),
    share: (aggregate) => `1 - ${aggregate} / nullIf(base_calls, 0)`,
  },
  latency_p50_ms: latency(0.5),
  latency_p90_ms: latency(0.9),
  latency_p95_ms: latency(0.95),
  latency_p99_ms: latency(0.99),
  latency_avg_ms: { unit: 'ms', meaning: 'mean latency', sql: average('duration_ms') },
  latency_max_ms: { unit: 'ms', meaning: 'largest latency', sql: maximum('duration_ms') },
  ttft_p50_ms: ttft(0.5),
  ttft_p95_ms: ttft(0.95),
  ttft_p99_ms: ttft(0.99),
  input_tokens: tokens('input', 'billed input tokens, cached ones included'),
  output_tokens: tokens('output', 'billed output tokens, reasoning included'),
  cache_read_tokens: tokens('cache_read', 'input tokens read from a cache'),
  cache_write_tokens: tokens('cache_write', 'input tokens written to a cache'),
  reasoning_tokens: tokens('reasoning', 'output tokens spent on reasoning'),
  total_tokens: { unit: 'tokens', meaning: 'input and output tokens', sql: sum(ALL_TOKENS) },
  output_tokens_per_second_p50: {
    unit: 'tokens/s',
    meaning: 'median over calls of output tokens by the time after the first token, or the whole time',
    sql: quantile(0.5, TOKENS_PER_SECOND),
  },
  cost_usd: { unit: 'USD', meaning: 'cost of the priced calls, null if none is priced', sql: COST },
  cost_per_call_usd: {
    unit: 'USD',
    meaning: 'cost over priced calls',
    sql: `${COST} / nullIf(${calls(IS_PRICED)}, 0)`,
  },
  cost_per_1k_tokens_usd: {
    unit: 'USD',
    meaning: 'cost over a thousand input and output tokens of the priced calls',
    sql: `${COST} * 1000 / nullIf(sumOrNullIf(${ALL_TOKENS}, selected AND ${IS_PRICED}), 0)`,
  },
  unpriced_calls: {
    unit: 'calls',
    meaning: 'calls whose cost is not known: they are in no sum of dollars',
    sql: calls('cost_usd IS NULL'),
  },
  context_used_p50: {
    unit: 'ratio',
    meaning: 'median share of the context window that input and output fill',
    sql: quantile(0.5, CONTEXT_USED),
  },
  context_used_p95: {
    unit: 'ratio',
    meaning: 'share of the context window that 95 % of the calls do not exceed',
    sql: quantile(0.95, CONTEXT_USED),
  },
  context_used_max: {
    unit: 'ratio',
    meaning: 'largest share of the context window',
    sql: maximum(CONTEXT_USED),
  },
  confidence_avg: { unit: 'score', meaning: 'mean confidence, 0 to 1', sql: average('confidence') },
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
