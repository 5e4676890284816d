/** Calls with the same prompt or the same answer as one: how often, by which models, and which they are. */
import { BoundValues } from './bound-values.ts';
import type { CallKey } from './call-columns.ts';
import { storedPairs } from './counted-calls.ts';
import { bytes, hasTerm, hoursWith, type LookupTerm } from './lookup-hours.ts';
import { type CallId, type LookupScope, visible } from './one-call.ts';
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

type Hashes = { prompt_hash: string | null; response_hash: string | null };

const termsOf = (hashes: Hashes): LookupTerm[] =>
  (['prompt_hash', 'response_hash'] as const).flatMap((column) => {
    const hash = hashes[column];
    return hash === null ? [] : [{ column, values: [hash] }];
  });

/** FROM and WHERE of deliveries of calls with one of the hashes. */
function withHashes(scope: LookupScope, terms: readonly LookupTerm[], values: BoundValues): string {
  const hours = terms.map((term) => hoursWith(scope, [term], values)).join(' UNION ALL ');
  return `FROM ${values.bind('Identifier', scope.database)}.calls
  WHERE project = ${values.bind('String', scope.project)} AND hour IN (${hours})
    AND (${terms.map((term) => hasTerm(term, values)).join(' OR ')}) AND kind = 'call' AND ${visible(scope, values)}`;
}

/**
 * A row if any other call of the project has one of the hashes of a call, whatever counts of them; undefined if the call has
 * none. Most prompts and answers come once, and to learn that takes half of what it takes to tell of the others.
 */
export function anyNeighbourStatement(scope: LookupScope, call: CallId & Hashes): Statement | undefined {
  const values = new BoundValues();
  const terms = termsOf(call);
  if (terms.length === 0) return undefined;
  const self = `trace_id = ${bytes(values, call.trace_id, 16)} AND span_id = ${bytes(values, call.span_id, 8)}`;
  const sql = `SELECT 1 AS other ${withHashes(scope, terms, values)} AND NOT (${self}) LIMIT 1`;
  return { sql, params: values.params };
}

/** What `neighboursStatement` says of a call that counts and is alone with its prompt and its answer. */
export function aloneWith(call: CallKey & Hashes & { model: string }): NeighboursRow[] {
  const number = (hash: string | null): number => (hash === null ? 0 : 1);
  return termsOf(call).map(({ column }) => ({
    same: column as NeighboursRow['same'],
    calls: 1,
    prompts: number(call.prompt_hash),
    answers: number(call.response_hash),
    models: [call.model],
    first_at: call.started_at,
    last_at: call.started_at,
    examples: [],
  }));
}

/**
 * A row for each hash that is given: calls of the project with it, the call itself included, whatever their time. Of a
 * call that was sent twice every delivery holds the same hash, so identities are counted and nothing is merged to read
 * them. Hashes in hex.
 */
export function neighboursStatement(scope: LookupScope, hashes: Hashes): Statement {
  const values = new BoundValues();
  const terms = termsOf(hashes);
  const project = `project = ${values.bind('String', scope.project)}`;
  const iso = (aggregate: string): string =>
    `formatDateTime(${aggregate}(c.started_at), '%Y-%m-%dT%H:%i:%S.%fZ')`;
  const example = "(lower(hex(c.trace_id)), lower(hex(c.span_id)), ifNull(lower(hex(c.response_hash)), ''))";
  const same = terms.map((term) => `if(ifNull(${hasTerm(term, values)}, false), ['${term.column}'], [])`);
  const sql = `WITH found AS MATERIALIZED (SELECT hour, trace_id, span_id, started_at, model, prompt_hash, response_hash
  ${withHashes(scope, terms, values)}
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
