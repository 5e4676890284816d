/** What is known of one call: the record, its payload's parts, its scores, its neighbours; and the spans of a trace. */
import { BoundValues } from './bound-values.ts';
import { LIST_FIELDS, SHOWN_FIELDS, shownColumns } from './call-columns.ts';
import { type CountedScope, countedCalls, horizonMs, notErased, storedPairs } from './counted-calls.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

const MS_PER_HOUR = 3_600_000;
/** Of everything that may be long, so much is looked at. */
export const MOST_SPANS = 1_000;
const MOST_EXAMPLES = 5;

/** Where calls of a project are looked for whatever their time. */
export interface LookupScope {
  database: string;
  project: Project;
  now_ms: number;
  calls_days: number;
}

/** Ids in hex. */
export interface CallId {
  trace_id: string;
  span_id: string;
}

const bytes = (values: BoundValues, hex: string, width: number): string =>
  `toFixedString(unhex(${values.bind('String', hex)}), ${width})`;

const time = (values: BoundValues, ms: number): string =>
  `fromUnixTimestamp64Milli(${values.bind('Int64', ms)}, 'UTC')`;

/** Neither expired nor erased. */
function visible(scope: LookupScope, values: BoundValues): string {
  const project = `project = ${values.bind('String', scope.project)}`;
  const any = { ...scope, from_ms: 0, to_ms: 0 };
  return [`started_at >= ${time(values, horizonMs(scope))}`, ...notErased(any, project, '1', values)].join(
    ' AND ',
  );
}

/** Rows of a trace that retention still shows; the index tells their hours, and the sort key leads to them. */
function ofTrace(scope: LookupScope, trace_id: string, values: BoundValues): string {
  const table = `${values.bind('Identifier', scope.database)}.calls`;
  const conditions = `project = ${values.bind('String', scope.project)} AND trace_id = ${bytes(values, trace_id, 16)}`;
  return `SELECT * FROM ${table} FINAL
  WHERE ${conditions} AND hour IN (SELECT hour FROM ${table} WHERE ${conditions})
    AND ${visible(scope, values)}`;
}

/** One row of `ShownCall` with all its fields, or none. */
export function callStatement(scope: LookupScope, id: CallId): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${shownColumns(SHOWN_FIELDS, 'c')}
FROM (${ofTrace(scope, id.trace_id, values)}) AS c
WHERE c.span_id = ${bytes(values, id.span_id, 8)}
LIMIT 1`;
  return { sql, params: values.params };
}

/** Rows of `ShownCall`, calls and carriers, oldest first; one more than `MOST_SPANS` at most. */
export function traceStatement(scope: LookupScope, trace_id: string): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${shownColumns(LIST_FIELDS, 'c')}
FROM (${ofTrace(scope, trace_id, values)}) AS c
ORDER BY c.started_at, c.span_id
LIMIT ${MOST_SPANS + 1}`;
  return { sql, params: values.params };
}

/** Rows of `span_id`: the spans of the trace that count, in the scope's window. */
export function countedSpansStatement(scope: CountedScope, trace_id: string): Statement {
  const values = new BoundValues();
  const sql = `SELECT DISTINCT lower(hex(c.span_id)) AS span_id FROM (${countedCalls(scope, values)}) AS c
WHERE c.trace_id = ${bytes(values, trace_id, 16)}`;
  return { sql, params: values.params };
}

export interface PayloadPartRow {
  /** Empty for the content of the span itself; else the time and name of the event that told it. */
  part: string;
  truncated: boolean;
  input: string;
  output: string;
  system: string;
}

/** The parts of a call's payload that are kept; events of it may lie an hour beside its start, or at its end. */
export function payloadStatement(
  scope: LookupScope,
  id: CallId,
  call: { started_ms: number; duration_ms: number; horizon_ms: number },
): Statement {
  const values = new BoundValues();
  const hour = (ms: number): string => values.bind('Int32', Math.floor(ms / MS_PER_HOUR));
  const sql = `SELECT part, truncated, input, output, system
FROM ${values.bind('Identifier', scope.database)}.payloads FINAL
WHERE project = ${values.bind('String', scope.project)}
  AND hour >= ${hour(call.started_ms - MS_PER_HOUR)} AND hour <= ${hour(call.started_ms + call.duration_ms + MS_PER_HOUR)}
  AND trace_id = ${bytes(values, id.trace_id, 16)} AND span_id = ${bytes(values, id.span_id, 8)}
  AND started_at >= ${time(values, call.horizon_ms)}
ORDER BY part
LIMIT 1000`;
  return { sql, params: values.params };
}

export interface ShownScore {
  name: string;
  source: string;
  value: number;
  label: string;
  scored_at: string;
  /** How the score names the call. */
  by: 'span' | 'response_hash' | 'response_id';
}

/** Scores of a call, by its span, its answer's hash or the provider's id of it. */
export function callScoresStatement(
  scope: LookupScope,
  id: CallId,
  answer: { response_hash: string | null; response_id: string },
): Statement {
  const values = new BoundValues();
  const bySpan = `(trace_id = ${bytes(values, id.trace_id, 16)} AND span_id = ${bytes(values, id.span_id, 8)})`;
  const ways = [bySpan];
  const byHash =
    answer.response_hash === null ? 'false' : `response_hash = ${bytes(values, answer.response_hash, 32)}`;
  if (answer.response_hash !== null) ways.push(byHash);
  if (answer.response_id !== '') {
    const unnamed = 'reinterpretAsUInt64(span_id) = 0';
    ways.push(`(${unnamed} AND response_id = ${values.bind('String', answer.response_id)})`);
  }
  const sql = `SELECT s.name AS name, s.source AS source, s.value AS value, s.label AS label,
  formatDateTime(s.scored_at, '%Y-%m-%dT%H:%i:%S.%fZ') AS scored_at, s.by AS by
FROM (SELECT *, multiIf(${bySpan}, 'span', ${byHash}, 'response_hash', 'response_id') AS by
  FROM ${values.bind('Identifier', scope.database)}.scores FINAL
  WHERE project = ${values.bind('String', scope.project)} AND (${ways.join(' OR ')})
    AND scored_at >= ${time(values, horizonMs(scope))}) AS s
ORDER BY s.name, s.source, s.scored_at
LIMIT 1000`;
  return { sql, params: values.params };
}

export interface NeighboursRow {
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
 * Calls of the project with the same hash, the call itself included, whatever their time. Of a call that was sent
 * twice every delivery holds the same hash, so identities are counted and nothing is merged to read them.
 */
export function neighboursStatement(
  scope: LookupScope,
  column: 'prompt_hash' | 'response_hash',
  hash: string,
): Statement {
  const values = new BoundValues();
  const iso = (aggregate: string): string =>
    `formatDateTime(${aggregate}(c.started_at), '%Y-%m-%dT%H:%i:%S.%fZ')`;
  const example = "(lower(hex(c.trace_id)), lower(hex(c.span_id)), ifNull(lower(hex(c.response_hash)), ''))";
  const same = `project = ${values.bind('String', scope.project)} AND ${column} = ${bytes(values, hash, 32)} AND kind = 'call'`;
  const sql = `SELECT count() AS calls, uniqExact(c.prompt_hash) AS prompts, uniqExact(c.response_hash) AS answers,
  groupUniqArray(10)(toString(c.model)) AS models, ${iso('min')} AS first_at, ${iso('max')} AS last_at,
  arrayMap(e -> e.2, groupArraySorted(${MOST_EXAMPLES})((-toUnixTimestamp64Micro(c.started_at), ${example}))) AS examples
FROM (SELECT trace_id, span_id, started_at, model, prompt_hash, response_hash
  FROM ${values.bind('Identifier', scope.database)}.calls
  WHERE ${same} AND ${visible(scope, values)}
    AND (trace_id, span_id) NOT IN (SELECT trace_id, span_id FROM (${storedPairs(
      scope.database,
      `project = ${values.bind('String', scope.project)} AND (hour, trace_id, span_id) IN (
      SELECT hour, trace_id, span_id FROM ${scope.database}.calls WHERE ${same})`,
    )}))
  LIMIT 1 BY trace_id, span_id) AS c`;
  return { sql, params: values.params };
}

/**
 * Rows of `trace_id` and `span_id` in hex: which of the calls have a payload that is kept. `hours` are the hours since
 * 1970 that parts of them may lie in.
 */
export function keptPayloadsStatement(
  scope: LookupScope,
  wanted: { trace_ids: readonly string[]; hours: readonly number[]; horizon_ms: number },
): Statement {
  const values = new BoundValues();
  const hours = values.bind('Array(String)', wanted.hours.map(String));
  const trace_ids = values.bind('Array(String)', wanted.trace_ids);
  const sql = `SELECT DISTINCT lower(hex(p.trace_id)) AS trace_id, lower(hex(p.span_id)) AS span_id
FROM ${values.bind('Identifier', scope.database)}.payloads AS p
WHERE p.project = ${values.bind('String', scope.project)}
  AND p.hour IN (SELECT toInt32(arrayJoin(${hours})))
  AND p.trace_id IN (SELECT toFixedString(unhex(arrayJoin(${trace_ids})), 16))
  AND p.started_at >= ${time(values, wanted.horizon_ms)}`;
  return { sql, params: values.params };
}

/** Rows of `trace_id` and `span_id`, hex: the spans that were found to tell of the same call, and count before these. */
export function strikersStatement(scope: LookupScope, ids: readonly CallId[]): Statement {
  const values = new BoundValues();
  const spans = ids.map(
    ({ trace_id, span_id }) => `(${bytes(values, trace_id, 16)}, ${bytes(values, span_id, 8)})`,
  );
  const project = `project = ${values.bind('String', scope.project)}`;
  const sql = `SELECT DISTINCT lower(hex(p.by_trace_id)) AS trace_id, lower(hex(p.by_span_id)) AS span_id
FROM (${storedPairs(scope.database, `${project} AND (trace_id, span_id) IN (${spans.join(', ')})`)}) AS p
ORDER BY p.by_trace_id, p.by_span_id
LIMIT ${MOST_SPANS}`;
  return { sql, params: values.params };
}
