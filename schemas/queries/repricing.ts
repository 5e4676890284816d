/** Statements of re-pricing: what the cost of stored calls was made of, and writing it anew. */
import { callFields } from '../record/calls.ts';
import { BoundValues } from './bound-values.ts';
import { OWN_PROJECT } from './project.ts';
import type { Statement } from './statement.ts';

/** A stored call as far as its price goes. Ids in hex. */
export interface PricedCallRow {
  project: string;
  trace: string;
  span: string;
  provider: string;
  model: string;
  response_model: string;
  started_ms: number;
  token_basis: 'unknown' | 'inclusive' | 'additive' | 'estimated';
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  cost_usd: number | null;
  cost_reported_usd: number | null;
  cost_status: string;
  price_version: string;
}

/** One hour of calls, of one project or of all; repeats too, since any row may come to count. */
export function pricedCallsStatement(scope: {
  database: string;
  hour: number;
  project: string | undefined;
  model: string | undefined;
}): Statement {
  const values = new BoundValues();
  const conditions = [`hour = ${values.bind('Int32', scope.hour)}`];
  conditions.push(
    scope.project === undefined
      ? `project != '${OWN_PROJECT}'`
      : `project = ${values.bind('String', scope.project)}`,
  );
  if (scope.model !== undefined) conditions.push(`model = ${values.bind('String', scope.model)}`);
  const sql = `SELECT project, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, provider, model, response_model,
  toUnixTimestamp64Milli(started_at) AS started_ms, token_basis,
  input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
  toFloat64(cost_usd) AS cost_usd, toFloat64(cost_reported_usd) AS cost_reported_usd, cost_status, price_version
FROM ${values.bind('Identifier', scope.database)}.calls FINAL
WHERE ${conditions.join(' AND ')}`;
  return { sql, params: values.params };
}

/** Which hours of the range hold calls, oldest first. */
export function hoursWithCallsStatement(scope: {
  database: string;
  from_ms: number;
  to_ms: number;
}): Statement {
  const values = new BoundValues();
  const hourOf = (time_ms: number): number => Math.floor(time_ms / 3_600_000);
  const sql = `SELECT hour, count() AS calls FROM ${values.bind('Identifier', scope.database)}.calls
WHERE hour >= ${values.bind('Int32', hourOf(scope.from_ms))} AND hour < ${values.bind('Int32', hourOf(scope.to_ms + 3_599_999))}
GROUP BY hour ORDER BY hour`;
  return { sql, params: values.params };
}

/** Holds the new prices of one run while they are written. */
export function createNewPrices(database: string, table: string): string {
  return `CREATE TABLE ${database}.${table} (
  project String, trace String, span String,
  cost_usd Nullable(Decimal(18, 12)), cost_input_usd Nullable(Decimal(18, 12)), cost_output_usd Nullable(Decimal(18, 12)),
  cost_status String, price_version String, context_window Nullable(UInt32)
) ENGINE = Memory`;
}

const REPRICED = new Set([
  'cost_usd',
  'cost_input_usd',
  'cost_output_usd',
  'cost_status',
  'price_version',
  'context_window',
]);

/**
 * Writes the calls of one hour again with the prices in `table`. The version rises by one: above every delivery that
 * is stored, below any that comes later, and still telling when the call was received.
 */
export function rewriteStatement(scope: { database: string; table: string; hour: number }): Statement {
  const values = new BoundValues();
  const names = Object.keys(callFields);
  const columns = names.map((name) => {
    if (name === 'version') return 'c.version + 1 AS version';
    return REPRICED.has(name) ? `n.${name} AS ${name}` : `c.${name} AS ${name}`;
  });
  const sql = `INSERT INTO ${scope.database}.calls (${names.join(', ')})
SELECT ${columns.join(', ')}
FROM (SELECT *, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span
  FROM ${scope.database}.calls FINAL WHERE hour = ${values.bind('Int32', scope.hour)}) AS c
INNER JOIN ${scope.database}.${scope.table} AS n ON c.project = n.project AND c.trace = n.trace AND c.span = n.span`;
  return { sql, params: values.params };
}
