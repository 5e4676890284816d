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
import { areSpans, bytes, hoursIn, ofHours } from './lookup-hours.ts';
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

/** One call has one row: of a span that was sent with two starts the later, which counts. */
const LATER_START = 'ORDER BY started_at DESC LIMIT 1';

function oneRow(scope: LookupScope, id: CallId, values: BoundValues, ...conditions: string[]): Statement {
  const sql = `SELECT ${storedColumns([...SHOWN_FIELDS, 'received_at', 'inserted_ms'])}
FROM ${values.bind('Identifier', scope.database)}.calls FINAL
WHERE project = ${values.bind('String', scope.project)} AND trace_id = ${bytes(values, id.trace_id, 16)}
  AND span_id = ${bytes(values, id.span_id, 8)} AND ${conditions.join(' AND ')}
${LATER_START}`;
  return { sql, params: values.params };
}

/** A row for `storedCallOf` with all fields, or none; `hours` are those that hold calls of the trace. */
export function callStatement(scope: LookupScope, id: CallId, hours: readonly number[]): Statement {
  const values = new BoundValues();
  const own = hoursIn(hours);
  return oneRow(scope, id, values, own, visible(scope, values, own));
}

/** The same whether it is shown or not: what was erased need not be known. */
export function newestCallStatement(scope: LookupScope, id: CallId, hours: readonly number[]): Statement {
  return oneRow(scope, id, new BoundValues(), hoursIn(hours));
}

/** A row if the span is among those that are erased one by one. */
export function erasedSpanStatement(scope: LookupScope, { hour, trace_id, span_id }: SpanKey): Statement {
  const values = new BoundValues();
  const sql = `SELECT 1 AS erased FROM ${values.bind('Identifier', scope.database)}.erased_calls
WHERE project = ${values.bind('String', scope.project)} AND ${hoursIn([hour])}
  AND trace_id = ${bytes(values, trace_id, 16)} AND span_id = ${bytes(values, span_id, 8)}
LIMIT 1`;
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
  const own = hoursIn(hours);
  const sql = `SELECT ${storedColumns([...SPAN_FIELDS, 'received_at', 'inserted_ms'])}
FROM ${values.bind('Identifier', scope.database)}.calls FINAL
WHERE project = ${values.bind('String', scope.project)} AND trace_id = ${bytes(values, trace_id, 16)}
  AND ${own} AND ${visible(scope, values, own)}
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
