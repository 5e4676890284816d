/** Calls with the same prompt or the same answer as one: how often, by which models, and which they are. */
import { BoundValues } from './bound-values.ts';
import { storedPairs } from './counted-calls.ts';
import { hasTerm, hoursWith, type LookupTerm } from './lookup-hours.ts';
import { type LookupScope, visible } from './one-call.ts';
import type { Statement } from './statement.ts';

const MOST_EXAMPLES = 5;
const MOST_MODELS = 10;

export interface NeighboursRow {
  same: 'prompt_hash' | 'response_hash';
  calls: number;
  /** Distinct ones among these calls. */
  prompts: number;
  answers: number;
  models: string[];
  first_at: string;
  last_at: string;
  /** Newest first, as [trace_id, span_id, response_hash]. */
  examples: [string, string, string][];
}

/**
 * A row for each hash that is given: calls of the project with it, the call itself included, whatever their time. Of a
 * call that was sent twice every delivery holds the same hash, so identities are counted and nothing is merged to read
 * them. Hashes in hex.
 */
export function neighboursStatement(
  scope: LookupScope,
  hashes: { prompt_hash: string | null; response_hash: string | null },
): Statement | undefined {
  const values = new BoundValues();
  const terms = (['prompt_hash', 'response_hash'] as const).flatMap((column): LookupTerm[] => {
    const hash = hashes[column];
    return hash === null ? [] : [{ column, values: [hash] }];
  });
  if (terms.length === 0) return undefined;
  const db = values.bind('Identifier', scope.database);
  const project = `project = ${values.bind('String', scope.project)}`;
  const iso = (aggregate: string): string =>
    `formatDateTime(${aggregate}(c.started_at), '%Y-%m-%dT%H:%i:%S.%fZ')`;
  const example = "(lower(hex(c.trace_id)), lower(hex(c.span_id)), ifNull(lower(hex(c.response_hash)), ''))";
  const hours = terms.map((term) => hoursWith(scope, [term], values)).join(' UNION ALL ');
  const same = terms.map((term) => `if(ifNull(${hasTerm(term, values)}, false), ['${term.column}'], [])`);
  const sql = `WITH found AS MATERIALIZED (SELECT hour, trace_id, span_id, started_at, model, prompt_hash, response_hash
  FROM ${db}.calls
  WHERE ${project} AND hour IN (${hours}) AND (${terms.map((term) => hasTerm(term, values)).join(' OR ')})
    AND kind = 'call' AND ${visible(scope, values)}
  LIMIT 1 BY hour, trace_id, span_id)
SELECT arrayJoin(arrayConcat(${same.join(', ')})) AS same,
  count() AS calls, uniqExact(c.prompt_hash) AS prompts, uniqExact(c.response_hash) AS answers,
  groupUniqArray(${MOST_MODELS})(toString(c.model)) AS models, ${iso('min')} AS first_at, ${iso('max')} AS last_at,
  arrayMap(e -> e.2, groupArraySorted(${MOST_EXAMPLES})((-toUnixTimestamp64Micro(c.started_at), ${example}))) AS examples
FROM found AS c
WHERE (c.hour, c.trace_id, c.span_id) NOT IN (SELECT hour, trace_id, span_id FROM (${storedPairs(
    scope.database,
    `${project} AND (hour, trace_id, span_id) IN (SELECT hour, trace_id, span_id FROM found)`,
  )}))
GROUP BY same`;
  return { sql, params: values.params };
}
