/** The models that a project's calls were made to: how often, since when, and what prices hold for them. */
import { BoundValues } from './bound-values.ts';
import { type CountedScope, countedCalls } from './counted-calls.ts';
import type { Statement } from './statement.ts';

export interface ModelRow {
  provider: string;
  model: string;
  calls: number;
  unpriced_calls: number;
  /** Where the cost of the newest call that has one comes from: priced, override or reported; unpriced if none has. */
  cost_status: string;
  /** The price table and date of that cost. */
  price_version: string;
  context_window: number | null;
  response_models: string[];
  input_usd_per_1m_tokens: number | null;
  output_usd_per_1m_tokens: number | null;
  cost_usd: number | null;
  first_at: string;
  last_at: string;
}

/** One more than `limit` is read, to learn whether there are more. */
export function modelsStatement(scope: CountedScope, limit: number): Statement {
  const values = new BoundValues();
  const iso = (aggregate: string): string =>
    `formatDateTime(${aggregate}(c.started_at), '%Y-%m-%dT%H:%i:%S.%fZ')`;
  const perMillion = (part: string): string =>
    `toFloat64(sumOrNullIf(c.cost_${part}_usd, c.${part}_tokens > 0)) * 1e6
    / nullIf(sumIf(c.${part}_tokens, c.cost_${part}_usd IS NOT NULL), 0)`;
  const sql = `SELECT toString(c.provider) AS provider, toString(c.model) AS model,
  count() AS calls, countIf(c.cost_usd IS NULL) AS unpriced_calls,
  if(unpriced_calls = calls, 'unpriced', toString(argMaxIf(c.cost_status, c.started_at, c.cost_usd IS NOT NULL))) AS cost_status,
  toString(argMaxIf(c.price_version, c.started_at, c.cost_usd IS NOT NULL)) AS price_version,
  argMaxIf(c.context_window, c.started_at, c.context_window IS NOT NULL) AS context_window,
  arraySort(groupUniqArrayIf(10)(toString(c.response_model), c.response_model != '')) AS response_models,
  ${perMillion('input')} AS input_usd_per_1m_tokens,
  ${perMillion('output')} AS output_usd_per_1m_tokens,
  toFloat64(sumOrNull(c.cost_usd)) AS cost_usd,
  ${iso('min')} AS first_at, ${iso('max')} AS last_at
FROM (${countedCalls(scope, values)}) AS c
GROUP BY c.provider, c.model
ORDER BY count(c.cost_usd) = 0 DESC, count() DESC, c.provider, c.model
LIMIT ${values.bind('UInt32', limit)}`;
  return { sql, params: values.params };
}
