/** Cost and tokens of the counted calls by day and answering model: our side of a reconciliation. */
import { BoundValues } from './bound-values.ts';
import { type CountedScope, countedSource } from './counted-calls.ts';
import type { Statement } from './statement.ts';

export interface DailyCostRow {
  /** YYYY-MM-DD, UTC. */
  day: string;
  provider: string;
  model: string;
  response_model: string;
  calls: number;
  /** Without a price though they have tokens; a call without any, as most failed ones are, is billed to nobody. */
  unpriced_calls: number;
  cost_usd: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
}

export function dailyCostsStatement(scope: CountedScope): Statement {
  const values = new BoundValues();
  const counted = countedSource(scope, values);
  const ctes = [...counted.ctes, `counted AS (${counted.select})`];
  // Sources are renamed, or the aliases would be taken for them.
  const sql = `WITH ${ctes.join(',\n')}
SELECT toString(toDate(started_at)) AS day, provider, model, response_model,
  count() AS calls, countIf(usd IS NULL AND (input > 0 OR output > 0)) AS unpriced_calls, toFloat64(sumOrNull(usd)) AS cost_usd,
  sumOrNull(input) AS input_tokens, sumOrNull(output) AS output_tokens
FROM (SELECT started_at, provider, model, response_model, cost_usd AS usd, input_tokens AS input, output_tokens AS output
  FROM counted)
GROUP BY day, provider, model, response_model ORDER BY day, provider, model, response_model`;
  return { sql, params: values.params };
}
