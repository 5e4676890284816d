/** Searching calls: the counted calls that match, newest first, a page at a time. */
import { BoundValues } from './bound-values.ts';
import { LIST_FIELDS, STORED_FIELDS, shownColumns, storedColumns } from './call-columns.ts';
import {
  type CountedScope,
  countedCallsOf,
  countedSource,
  horizonMs,
  notErased,
  withCtes,
} from './counted-calls.ts';
import { type Filter, filterCalls } from './filters.ts';
import { lookupHoursStatement } from './hours-counting.ts';
import { bytes, hasTerm, hoursIn, type LookupTerm, ofHours } from './lookup-hours.ts';
import type { Project } from './project.ts';
import { MS_PER_HOUR } from './settling/times.ts';
import type { SpanKey } from './span-repeats.ts';
import type { Statement } from './statement.ts';

const MS_PER_DAY = 24 * MS_PER_HOUR;

/** The place of a call in the order of a search. Ids in hex. */
export interface CallPlace {
  started_us: number;
  trace_id: string;
  span_id: string;
}

export interface CallConditions {
  filters: readonly Filter[];
  min_duration_ms?: number;
  max_duration_ms?: number;
  /** 32 hex digits. */
  trace_id?: string;
  /** Stored hashes, hex: the call has one of them. */
  prompt_hashes?: readonly string[];
  response_hashes?: readonly string[];
  /** Text in the redacted input, output or system instructions, whatever its case. */
  text?: string;
}

export interface CallSearch {
  scope: CountedScope;
  payloads_days: number;
  conditions: CallConditions;
  /** Only calls that come after this one, which is those that are older. */
  after?: CallPlace;
  limit: number;
}

/** Conditions that the table of hours answers: without them a search reads its whole window. */
function termsOf({ trace_id, prompt_hashes, response_hashes }: CallConditions): LookupTerm[] {
  return [
    ...(trace_id === undefined ? [] : [{ column: 'trace_id' as const, values: [trace_id] }]),
    ...(response_hashes ? [{ column: 'response_hash' as const, values: response_hashes }] : []),
    ...(prompt_hashes ? [{ column: 'prompt_hash' as const, values: prompt_hashes }] : []),
  ];
}

/** Calls whose kept payload holds the text. A part of it may be told up to an hour beside the call's start. */
function holdsText(search: CallSearch, text: string, values: BoundValues): string {
  const { scope, payloads_days } = search;
  const horizon_ms = scope.now_ms - payloads_days * MS_PER_DAY;
  const from_ms = Math.max(scope.from_ms - MS_PER_HOUR, horizon_ms);
  const hour = (ms: number): string => values.bind('Int32', Math.floor(ms / MS_PER_HOUR));
  const wanted = values.bind('String', text);
  const found = ['input', 'output', 'system'].map(
    (column) => `positionCaseInsensitiveUTF8(${column}, ${wanted}) > 0`,
  );
  return `(trace_id, span_id) IN (SELECT trace_id, span_id
    FROM ${values.bind('Identifier', scope.database)}.payloads FINAL
    WHERE project = ${values.bind('String', scope.project)}
      AND hour >= ${hour(from_ms)} AND hour <= ${hour(scope.to_ms + MS_PER_HOUR)}
      AND started_at >= fromUnixTimestamp64Milli(${values.bind('Int64', horizon_ms)}, 'UTC')
      AND (${found.join(' OR ')}))`;
}

function conditionsOf(search: CallSearch, values: BoundValues): string {
  const { conditions, after } = search;
  const { min_duration_ms, max_duration_ms, text } = conditions;
  const terms = termsOf(conditions).map((term) => hasTerm(term, values));
  const all = [filterCalls(conditions.filters, values), ...terms];
  if (min_duration_ms !== undefined) all.push(`duration_ms >= ${values.bind('Float64', min_duration_ms)}`);
  if (max_duration_ms !== undefined) all.push(`duration_ms <= ${values.bind('Float64', max_duration_ms)}`);
  if (text !== undefined) all.push(holdsText(search, text, values));
  if (after !== undefined) {
    const started_at = `fromUnixTimestamp64Micro(${values.bind('Int64', after.started_us)}, 'UTC')`;
    all.push(`(started_at, trace_id, span_id) <
    (${started_at}, ${bytes(values, after.trace_id, 16)}, ${bytes(values, after.span_id, 8)})`);
  }
  return all.join('\n  AND ');
}

const NEWEST_FIRST = (alias: string): string =>
  ['started_at', 'trace_id', 'span_id'].map((name) => `${alias}${name} DESC`).join(', ');

/** A call of a page; `received_us` tells one delivery of it from another. */
export interface FoundCall extends SpanKey {
  received_us: string | number;
}

/** Rows of `FoundCall`, newest first: a page is chosen by few columns. */
export function callSearchStatement(search: CallSearch): Statement {
  const values = new BoundValues();
  const { ctes, select } = countedSource(search.scope, values, conditionsOf(search, values));
  const sql = `${withCtes(ctes)}SELECT c.hour AS hour, lower(hex(c.trace_id)) AS trace_id, lower(hex(c.span_id)) AS span_id,
  c.version AS received_us
FROM (${select}) AS c
ORDER BY ${NEWEST_FIRST('c.')}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}

/** A value of a FixedString column, from its hex. */
const fixed = (hex: string): string => `'${hex.replace(/[0-9a-f]{2}/g, '\\x$&')}'`;

/**
 * Rows for `storedCallOf`, newest first: calls by their keys. With keys as literals and a limit the database picks the
 * rows by few columns, and reads the others for those alone.
 */
export function foundCallsStatement(
  { database, project }: { database: string; project: Project },
  found: readonly SpanKey[],
): Statement {
  const values = new BoundValues();
  const keys = found.map(
    ({ hour, trace_id, span_id }) => `(${Math.trunc(hour)}, ${fixed(trace_id)}, ${fixed(span_id)})`,
  );
  const sql = `SELECT ${storedColumns(STORED_FIELDS)}
FROM ${values.bind('Identifier', database)}.calls FINAL
WHERE project = ${values.bind('String', project)} AND ${hoursIn(found.map(({ hour }) => hour))}
  AND (hour, trace_id, span_id) IN (${keys.join(', ')})
ORDER BY ${NEWEST_FIRST('')}
LIMIT ${found.length}`;
  return { sql, params: values.params };
}

/** Rows of `ShownCall` of a few hours of the window, in which calls are so few that all their columns are read at once. */
export function hoursSearchStatement(search: CallSearch, hours: readonly number[]): Statement {
  const values = new BoundValues();
  const { ctes, select } = countedCallsOf(search.scope, ofHours(hours), values, conditionsOf(search, values));
  const sql = `${withCtes(ctes)}SELECT ${shownColumns(LIST_FIELDS, 'c')}
FROM (${select}) AS c
ORDER BY ${NEWEST_FIRST('c.')}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}

/** SELECT of `columns` of what is stored in these hours of the window, newest first, repeats among them. */
function storedIn(hours: readonly number[], columns: string, search: CallSearch): Statement {
  const values = new BoundValues();
  const { scope } = search;
  const project = `project = ${values.bind('String', scope.project)}`;
  const own = hoursIn(hours);
  const time = (ms: number): string =>
    `fromUnixTimestamp64Milli(${values.bind('Int64', Math.trunc(ms))}, 'UTC')`;
  const conditions = [
    project,
    own,
    `started_at >= ${time(scope.from_ms)}`,
    `started_at < ${time(scope.to_ms)}`,
    ...notErased(scope, project, own, values),
    `(${conditionsOf(search, values)})`,
  ];
  const sql = `SELECT ${columns}
FROM ${values.bind('Identifier', scope.database)}.calls FINAL
WHERE ${conditions.join('\n  AND ')}
ORDER BY ${NEWEST_FIRST('')}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}

/** Rows for `storedCallOf`. */
export const storedSearchStatement = (search: CallSearch, hours: readonly number[]): Statement =>
  storedIn(hours, storedColumns(STORED_FIELDS), search);

/** Rows for `storedCallOf` with no more than the keys: of many calls a page is chosen by few columns. */
export const storedKeysStatement = (search: CallSearch, hours: readonly number[]): Statement =>
  storedIn(hours, storedColumns(['trace_id', 'span_id', 'started_at']), search);

/** The hours to search where a trace or a hash narrows them down; undefined where nothing does. */
export function searchHoursStatement({ scope, conditions }: CallSearch): Statement | undefined {
  const terms = termsOf(conditions);
  if (terms.length === 0) return undefined;
  const hour = (ms: number): number => Math.floor(ms / MS_PER_HOUR);
  const window = `hour >= ${hour(Math.max(scope.from_ms, horizonMs(scope)))} AND hour <= ${hour(scope.to_ms - 1)}`;
  return lookupHoursStatement(scope, terms, window);
}
