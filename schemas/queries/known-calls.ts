/** Which spans and which hashes of answers a project's calls have. */
import { CALL_HOURS, type LookupColumn, lookupId } from '../tables/call-hours.ts';
import { BoundValues } from './bound-values.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

interface Scope {
  database: string;
  project: Project;
}

/** FROM and WHERE of the calls that have one of the values, of `width` bytes; `list` is an array of them in hex. */
function callsWith(
  { database, project }: Scope,
  column: LookupColumn,
  width: number,
  list: string,
  values: BoundValues,
): string {
  const db = values.bind('Identifier', database);
  const own = `project = ${values.bind('String', project)}`;
  const wanted = `SELECT toFixedString(unhex(arrayJoin(${list})), ${width}) AS value`;
  return `FROM ${db}.calls WHERE ${own} AND ${column} IN (${wanted})
  AND hour IN (SELECT hour FROM ${db}.${CALL_HOURS} WHERE ${own} AND id IN (SELECT ${lookupId(column, 'value')} FROM (${wanted})))`;
}

/** Rows of `hash`, hex, each of those asked for that some stored call has. */
export function knownHashesStatement(scope: Scope, hashes: readonly string[]): Statement {
  const values = new BoundValues();
  const from = callsWith(scope, 'response_hash', 32, values.bind('Array(String)', hashes), values);
  return { sql: `SELECT DISTINCT lower(hex(response_hash)) AS hash ${from}`, params: values.params };
}

/** A trace's id and a span's, in hex, as one. */
export const spanText = ({ trace_id, span_id }: { trace_id: string; span_id: string }): string =>
  `${trace_id}${span_id}`;

/** Rows of `span`, a `spanText`, each of those asked for that is stored, or is the parent of one that is. */
export function knownSpansStatement(
  scope: Scope,
  spans: readonly { trace_id: string; span_id: string }[],
): Statement {
  const values = new BoundValues();
  const list = values.bind('Array(String)', spans.map(spanText));
  const from = callsWith(scope, 'trace_id', 16, `arrayMap(span -> left(span, 32), ${list})`, values);
  const sql = `SELECT DISTINCT span FROM (SELECT lower(hex(concat(trace_id, arrayJoin([span_id, parent_span_id])))) AS span ${from})
WHERE span IN (SELECT arrayJoin(${list}))`;
  return { sql, params: values.params };
}
