/** Searching calls: the counted calls that match, newest first, a page at a time. */
import { BoundValues } from './bound-values.ts';
import { KEY_FIELDS, type StoredField, shownColumns, storedColumns } from './call-columns.ts';
import {
  type CountedScope,
  countedCallsOf,
  countedSource,
  horizonMs,
  notErased,
  notErasedSpan,
  type Source,
  withCtes,
} from './counted-calls.ts';
import { type Filter, filterCalls } from './filters.ts';
import {
  areSpans,
  bytes,
  hasTerm,
  hoursIn,
  type LookupTerm,
  lookupHoursStatement,
  ofHours,
} from './lookup-hours.ts';
import type { Project } from './project.ts';
import { scoredCalls } from './scored-calls.ts';
import { MS_PER_HOUR } from './settling/times.ts';
import type { SpanKey } from './span-repeats.ts';
import type { Statement } from './statement.ts';
import { holdsText } from './text-search.ts';

/** What calls may be ordered by instead of their time. Of each the largest come first; calls without it are left out. */
export const LARGEST_FIRST = ['duration_ms', 'ttft_ms', 'cost_usd', 'input_tokens', 'output_tokens'] as const;
export type LargestFirst = (typeof LARGEST_FIRST)[number];

/** The place of a call in the order of a search. Ids in hex. */
export interface CallPlace {
  /** Of what is ordered by, where that is not the time alone. */
  value?: number;
  started_us: number;
  trace_id: string;
  span_id: string;
}

/** Both are within; a value that is not known is not. */
export interface Bounds {
  min?: number;
  max?: number;
}

/** A call has a score of this name, and it lies within the bounds. */
export interface ScoreCondition extends Bounds {
  name: string;
}

export interface CallConditions {
  filters: readonly Filter[];
  duration_ms?: Bounds;
  cost_usd?: Bounds;
  /** The status of the provider's response is one of these. */
  http_statuses?: readonly number[];
  score?: ScoreCondition;
  /** 32 hex digits. */
  trace_id?: string;
  /** Stored hashes, hex: the call has one of them. */
  prompt_hashes?: readonly string[];
  response_hashes?: readonly string[];
  /** Text in the redacted input, output or system instructions, whatever its case, as it is or escaped as in JSON. */
  text?: string;
}

export interface CallSearch {
  scope: CountedScope;
  /** Of the whole search, in milliseconds since 1970: a page of it may need to see less. */
  window: { from_ms: number; to_ms: number };
  payloads_days: number;
  conditions: CallConditions;
  /** What is read of the calls that are found; the key among it. */
  fields: readonly StoredField[];
  /** Newest first if absent; among equals the newest first. */
  largest_first?: LargestFirst;
  /** Only calls that come after this one in the order of the search. */
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

function within(column: string, { min, max }: Bounds, values: BoundValues): string[] {
  return [
    ...(min === undefined ? [] : [`${column} >= ${values.bind('Float64', min)}`]),
    ...(max === undefined ? [] : [`${column} <= ${values.bind('Float64', max)}`]),
  ];
}

/** All but that on a score. `hours` are those of the window that are searched; absent, all of it is. */
export function conditionsOf(search: CallSearch, values: BoundValues, hours?: readonly number[]): string {
  const { conditions, after } = search;
  const { duration_ms, cost_usd, http_statuses, text } = conditions;
  const terms = termsOf(conditions).map((term) => hasTerm(term, values));
  const all = [filterCalls(conditions.filters, values), ...terms];
  if (duration_ms) all.push(...within('duration_ms', duration_ms, values));
  // As answers show it: a decimal is compared with a float by other digits than its own.
  if (cost_usd) all.push(...within('toFloat64(cost_usd)', cost_usd, values));
  if (http_statuses)
    all.push(`http_status IN (${http_statuses.map((one) => values.bind('UInt32', one)).join(', ')})`);
  if (text !== undefined) all.push(holdsText(search, text, values, hours));
  if (search.largest_first) all.push(`${search.largest_first} IS NOT NULL`);
  if (after !== undefined) {
    const place = [
      ...(after.value === undefined ? [] : [values.bind('Float64', after.value)]),
      `fromUnixTimestamp64Micro(${values.bind('Int64', after.started_us)}, 'UTC')`,
      bytes(values, after.trace_id, 16),
      bytes(values, after.span_id, 8),
    ];
    all.push(`(${orderOf(search).join(', ')}) < (${place.join(', ')})`);
  }
  return all.join('\n  AND ');
}

/** As floats, which is how cursors hold them, decimals of dollars too: the same digits are always the same float. */
export const orderOf = ({ largest_first }: CallSearch, alias = ''): string[] => [
  ...(largest_first ? [`assumeNotNull(toFloat64(${alias}${largest_first}))`] : []),
  ...KEY_ORDER.map((name) => `${alias}${name}`),
];
const KEY_ORDER = ['started_at', 'trace_id', 'span_id'];
export const descending = (order: readonly string[]): string =>
  order.map((name) => `${name} DESC`).join(', ');

/** The calls of a source that have the score the search asks for, with it as a column; all where it asks for none. */
function scored({ conditions, scope, window }: CallSearch, source: Source, values: BoundValues): Source {
  const { score } = conditions;
  if (score === undefined) return source;
  // Which of several calls a score counts for may depend on the window: all pages go by that of the search.
  const select = scoredCalls({ ...scope, ...window }, score.name, 'found', values);
  const asked = ['score IS NOT NULL', ...within('score', score, values)];
  return {
    ctes: [...source.ctes, `found AS (${source.select})`, `scored AS (${select})`],
    select: `SELECT * FROM scored WHERE ${asked.join(' AND ')}`,
  };
}

const scoreColumn = ({ score }: CallConditions): string => (score === undefined ? '' : ', c.score AS score');

/** A call of a page; `received_us` tells one delivery of it from another. */
export interface FoundCall extends SpanKey {
  received_us: string | number;
  /** Where the search asks for one. */
  score?: number;
}

/** Rows of `FoundCall` in the order of the search: a page is chosen by few columns. */
export function callSearchStatement(search: CallSearch): Statement {
  const values = new BoundValues();
  const counted = countedSource(search.scope, values, conditionsOf(search, values));
  const { ctes, select } = scored(search, counted, values);
  const sql = `${withCtes(ctes)}SELECT c.hour AS hour, lower(hex(c.trace_id)) AS trace_id, lower(hex(c.span_id)) AS span_id,
  c.version AS received_us${scoreColumn(search.conditions)}
FROM (${select}) AS c
ORDER BY ${descending(orderOf(search, 'c.'))}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}

/**
 * Rows for `storedCallOf` in no order: calls by their keys, with some fields. There may be others among them that share an
 * hour, a trace and a span with those asked for. Columns are looked through one by one before the others are read, which
 * takes two thirds of what a list of whole keys does.
 */
export function callsByKeysStatement(
  scope: { database: string; project: Project },
  keys: readonly SpanKey[],
  fields: readonly StoredField[],
): Statement {
  const values = new BoundValues();
  return { sql: byKeys(scope, keys, fields, values), params: values.params };
}

function byKeys(
  { database, project }: { database: string; project: Project },
  keys: readonly SpanKey[],
  fields: readonly StoredField[],
  values: BoundValues,
): string {
  return `SELECT ${storedColumns(fields)}
FROM ${values.bind('Identifier', database)}.calls FINAL
PREWHERE project = ${values.bind('String', project)} AND ${hoursIn(keys.map(({ hour }) => hour))}
  AND ${areSpans(keys)}`;
}

/**
 * Rows of `ListedCall` of a few hours of the window, in which calls are so few that all their columns are read at once;
 * `score` with them where the search asks for one.
 */
export function hoursSearchStatement(search: CallSearch, hours: readonly number[]): Statement {
  const values = new BoundValues();
  const asked = conditionsOf(search, values, hours);
  const counted = countedCallsOf(search.scope, ofHours(hours), values, asked);
  const { ctes, select } = scored(search, counted, values);
  const sql = `${withCtes(ctes)}SELECT ${shownColumns(search.fields, 'c')}${scoreColumn(search.conditions)}
FROM (${select}) AS c
ORDER BY ${descending(orderOf(search, 'c.'))}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}

/** Conditions on the start of a call. */
export function startedWithin({ from_ms, to_ms }: CountedScope, values: BoundValues): string[] {
  const time = (ms: number): string =>
    `fromUnixTimestamp64Milli(${values.bind('Int64', Math.trunc(ms))}, 'UTC')`;
  return [`started_at >= ${time(from_ms)}`, `started_at < ${time(to_ms)}`];
}

/** What holds for a delivery that is stored in these hours of the window, and found. */
function storedConditions(search: CallSearch, hours: readonly number[], values: BoundValues): string[] {
  const { scope } = search;
  const project = `project = ${values.bind('String', scope.project)}`;
  const own = hoursIn(hours);
  return [
    project,
    own,
    ...startedWithin(scope, values),
    ...notErased(scope, project, own, values),
    `(${conditionsOf(search, values, hours)})`,
  ];
}

function storedIn(search: CallSearch, hours: readonly number[], fields: readonly StoredField[]): Statement {
  const values = new BoundValues();
  const conditions = storedConditions(search, hours, values);
  const sql = `SELECT ${storedColumns(fields)}
FROM ${values.bind('Identifier', search.scope.database)}.calls
WHERE ${conditions.join('\n  AND ')}
ORDER BY ${descending(orderOf(search))}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}

/**
 * Rows for `storedCallOf` of these hours of the window in the order of the search: deliveries, replaced and repeated ones
 * among them. It is cheaper to choose among all of them, and to leave out of the few chosen those that do not count.
 */
export const storedSearchStatement = (search: CallSearch, hours: readonly number[]): Statement =>
  storedIn(search, hours, [...search.fields, 'version']);

/** The same by few columns, for `storedPageStatement`. */
export const storedKeysStatement = (search: CallSearch, hours: readonly number[]): Statement =>
  storedIn(search, hours, KEY_FIELDS);

/** Of calls by their keys those that the search finds, as `callsByKeysStatement`. */
export function storedPageStatement(
  search: CallSearch,
  hours: readonly number[],
  keys: readonly SpanKey[],
): Statement {
  const values = new BoundValues();
  const fields = [...search.fields, 'inserted_ms'] as const;
  const conditions = storedConditions(search, hours, values);
  const sql = `${byKeys(search.scope, keys, fields, values)}
WHERE ${conditions.join('\n  AND ')}`;
  return { sql, params: values.params };
}

/**
 * Rows for `storedCallOf` of `Delivery`: every delivery of these spans, but those of spans that are erased one by one. Those
 * of a user who was erased are among them: an older delivery, which did not name the user, must not be taken for the newest.
 */
export function deliveriesStatement(scope: CountedScope, spans: readonly SpanKey[]): Statement {
  const values = new BoundValues();
  const project = `project = ${values.bind('String', scope.project)}`;
  const own = hoursIn(spans.map(({ hour }) => hour));
  const erased = notErasedSpan(scope, project, own);
  const user = scope.counting?.erased_users.length === 0 ? [] : ['user_id' as const];
  const sql = `SELECT hour, ${storedColumns(['trace_id', 'span_id', 'version', 'inserted_ms', ...user])}
FROM ${values.bind('Identifier', scope.database)}.calls
PREWHERE ${project} AND ${own} AND ${areSpans(spans)}${erased.length === 0 ? '' : `\nWHERE ${erased.join(' AND ')}`}`;
  return { sql, params: values.params };
}

/** The hours to search where a trace or a hash narrows them down; undefined where nothing does. */
export function searchHoursStatement({ scope, conditions }: CallSearch): Statement | undefined {
  const terms = termsOf(conditions);
  if (terms.length === 0) return undefined;
  const hour = (ms: number): number => Math.floor(ms / MS_PER_HOUR);
  const window = `hour >= ${hour(Math.max(scope.from_ms, horizonMs(scope)))} AND hour <= ${hour(scope.to_ms - 1)}`;
  return lookupHoursStatement(scope, terms, window);
}
