/** What is known of one call: the record and its payload's parts; and the spans of a trace. */
import { BoundValues } from './bound-values.ts';
import { KEY_FIELDS, SHOWN_FIELDS, SPAN_FIELDS, storedColumns } from './call-columns.ts';
import {
  type CountedScope,
  countedCallsOf,
  horizonMs,
  notErased,
  notErasedSpan,
  withCtes,
} from './counted-calls.ts';
import type { Counting } from './counting.ts';
import { areSpans, bytes, hoursIn, hoursWith, ofHours } from './lookup-hours.ts';
import type { Project } from './project.ts';
import { MS_PER_HOUR } from './settling/times.ts';
import type { SpanKey } from './span-repeats.ts';
import type { Statement } from './statement.ts';

/** Of everything that may be long, so much is looked at. */
export const MOST_SPANS = 1_000;

/** Where calls of a project are looked for whatever their time. */
export interface LookupScope {
  database: string;
  project: Project;
  now_ms: number;
  calls_days: number;
  /** What has been erased; without it a statement asks that itself. */
  counting?: Counting;
}

/** Ids in hex. */
export interface CallId {
  trace_id: string;
  span_id: string;
}

/** What leads from a call to its payload, its scores and its neighbours, and tells one delivery of it from another. */
const LINK_FIELDS = [
  ...KEY_FIELDS,
  'duration_ms',
  'prompt_hash',
  'response_hash',
  'response_id',
  'received_at',
] as const;

const time = (values: BoundValues, ms: number): string =>
  `fromUnixTimestamp64Milli(${values.bind('Int64', ms)}, 'UTC')`;

/** Neither expired nor erased; `own` is a condition on the hours of the calls. */
export function visible(scope: LookupScope, values: BoundValues, own = '1'): string {
  const project = `project = ${values.bind('String', scope.project)}`;
  const any = { ...scope, from_ms: 0, to_ms: 0 };
  return [`started_at >= ${time(values, horizonMs(scope))}`, ...notErased(any, project, own, values)].join(
    ' AND ',
  );
}

/** FROM and WHERE of the rows of a trace in some hours that retention still shows. */
function ofTrace(
  scope: LookupScope,
  trace_id: string,
  hours: readonly number[],
  values: BoundValues,
): string {
  const own = hoursIn(hours);
  return `FROM ${values.bind('Identifier', scope.database)}.calls FINAL
WHERE project = ${values.bind('String', scope.project)} AND trace_id = ${bytes(values, trace_id, 16)}
  AND ${own} AND ${visible(scope, values, own)}`;
}

/** One call has one row: of a span that was sent with two starts the later, which counts. */
const LATER_START = 'ORDER BY started_at DESC LIMIT 1';

/** A row for `storedCallOf` with all fields, or none; `hours` are those that hold calls of the trace. */
export function callStatement(scope: LookupScope, id: CallId, hours: readonly number[]): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${storedColumns([...SHOWN_FIELDS, 'received_at', 'inserted_ms'])}
${ofTrace(scope, id.trace_id, hours, values)} AND span_id = ${bytes(values, id.span_id, 8)}
${LATER_START}`;
  return { sql, params: values.params };
}

/**
 * The same of the few fields that lead to whatever else is known of the call, whether it is shown or not: it needs to know
 * neither the hours nor what was erased.
 */
export function callLinksStatement(scope: LookupScope, { trace_id, span_id }: CallId): Statement {
  const values = new BoundValues();
  const hours = hoursWith(scope, [{ column: 'trace_id', values: [trace_id] }], values);
  const sql = `SELECT ${storedColumns(LINK_FIELDS)}
FROM ${values.bind('Identifier', scope.database)}.calls FINAL
WHERE project = ${values.bind('String', scope.project)} AND hour IN (${hours})
  AND trace_id = ${bytes(values, trace_id, 16)} AND span_id = ${bytes(values, span_id, 8)}
${LATER_START}`;
  return { sql, params: values.params };
}

/** Rows for `storedCallOf` with the keys of those of these spans that are shown; there may be others of their traces. */
export function visibleSpansStatement(scope: LookupScope, spans: readonly SpanKey[]): Statement {
  const values = new BoundValues();
  const own = hoursIn(spans.map(({ hour }) => hour));
  const sql = `SELECT ${storedColumns(KEY_FIELDS)}
FROM ${values.bind('Identifier', scope.database)}.calls FINAL
WHERE project = ${values.bind('String', scope.project)} AND ${own}
  AND ${areSpans(spans)} AND ${visible(scope, values, own)}`;
  return { sql, params: values.params };
}

/** Rows for `storedCallOf`, calls and carriers, oldest first; one more than `MOST_SPANS` at most. */
export function traceStatement(scope: LookupScope, trace_id: string, hours: readonly number[]): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${storedColumns([...SPAN_FIELDS, 'received_at', 'inserted_ms'])}
${ofTrace(scope, trace_id, hours, values)}
ORDER BY started_at, span_id
LIMIT ${MOST_SPANS + 1}`;
  return { sql, params: values.params };
}

/** Rows of `SpanKey`: the spans of the traces that count, in these hours of the scope's window. */
export function countedSpansStatement(
  scope: CountedScope,
  trace_ids: readonly string[],
  hours: readonly number[],
): Statement {
  const values = new BoundValues();
  const { ctes, select } = countedCallsOf(scope, ofHours(hours), values);
  const wanted = trace_ids.map((trace_id) => bytes(values, trace_id, 16));
  const sql = `${withCtes(ctes)}SELECT c.hour AS hour, lower(hex(c.trace_id)) AS trace_id, lower(hex(c.span_id)) AS span_id
FROM (${select}) AS c
WHERE c.trace_id IN (${wanted.join(', ')})`;
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
  const project = `project = ${values.bind('String', scope.project)}`;
  const near = `hour >= ${hour(call.started_ms - MS_PER_HOUR)} AND hour <= ${hour(call.started_ms + call.duration_ms + MS_PER_HOUR)}`;
  // Of a span that was sent with two starts one may be erased.
  const conditions = [
    ...notErasedSpan(scope, project, near),
    `trace_id = ${bytes(values, id.trace_id, 16)} AND span_id = ${bytes(values, id.span_id, 8)}`,
  ];
  const sql = `SELECT part, truncated, input, output, system
FROM ${values.bind('Identifier', scope.database)}.payloads FINAL
WHERE ${project} AND ${near} AND ${conditions.join(' AND ')}
  AND started_at >= ${time(values, call.horizon_ms)}
ORDER BY part
LIMIT 1000`;
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
