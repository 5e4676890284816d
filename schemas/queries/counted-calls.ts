/**
 * Which rows count: the newest version of each identity, less repeats, less what is erased or expired. Every number
 * is a function of these rows. Decided on all calls of a project; filters come after.
 */
import type { BoundValues } from './bound-values.ts';
import { type Counting, type CountingScope, type FreshRepeats, PARTS } from './counting.ts';
import { isAnyIn, pairs, SHARED, SHARED_KEYS, SPAN_COLUMNS, spanCtes } from './settling/pairs.ts';
import { CLOCK_GRAIN_MS, horizonMs, MS_PER_HOUR, moment } from './settling/times.ts';

export { horizonMs } from './settling/times.ts';

export interface CountedScope extends CountingScope {
  /**
   * What the first statement said (counting.ts). Without it the one statement asks all of that itself: it costs more,
   * and for the moment in which repeats of new rows are being stored it may take one of two for no repeat.
   */
  counting?: Counting;
}

/** Part of a statement: CTEs for its WITH, each of which may stand on the ones before it, and a SELECT. */
export interface Source {
  ctes: string[];
  select: string;
}

/** Hours as conditions on `hour`: those that are read, and those with one more at each side. */
export interface HourCondition {
  own: string;
  wide: string;
}

/** Tells spans apart as (hour, trace_id, span_id) does; looked up in a set it is a sixth faster. */
const SPAN_KEY = 'concat(trace_id, span_id, reinterpretAsString(hour))';

/** From the first to the last hour, both included. */
function hoursBetween(first: number, last: number): HourCondition {
  return {
    own: `hour >= ${first} AND hour <= ${last}`,
    wide: `hour >= ${first - 1} AND hour <= ${last + 1}`,
  };
}

/** What a statement begins with that has these CTEs, or none. */
export function withCtes(ctes: readonly string[]): string {
  return ctes.length === 0 ? '' : `WITH ${ctes.join(',\n')}\n`;
}

/**
 * A SELECT of every column of the counted calls of the window, `hour` included; it stands by itself. Of them only those
 * for which the condition `asked` holds: it is written here so that repeats are looked up for no others, which is most
 * of what a narrow question costs. `also` are columns to be made besides, where they are read.
 */
export function countedCalls(
  scope: CountedScope,
  values: BoundValues,
  asked?: string,
  also: readonly string[] = [],
): string {
  const { ctes, select } = countedSource(scope, values, asked, also);
  return `${withCtes(ctes)}${select}`;
}

/** The same in parts, for a statement that has CTEs of its own. */
export function countedSource(
  scope: CountedScope,
  values: BoundValues,
  asked?: string,
  also: readonly string[] = [],
): Source {
  const from_ms = Math.max(scope.from_ms, horizonMs(scope));
  const hours = hoursBetween(Math.floor(from_ms / MS_PER_HOUR), Math.floor((scope.to_ms - 1) / MS_PER_HOUR));
  return countedCallsOf({ ...scope, from_ms }, hours, values, asked, also);
}

/** The same of some hours, cut to the window. */
export function countedCallsOf(
  scope: CountedScope,
  hours: HourCondition,
  values: BoundValues,
  asked?: string,
  also: readonly string[] = [],
): Source {
  const { database } = scope;
  const calls = `${database}.calls`;
  const project = `project = ${values.bind('String', scope.project)}`;
  const repeats = repeatsOf(scope, hours, project, values);
  // Rows are placed by hour, so hours prune what is read; the times then cut within the first and the last.
  const cut = (sign: string, ms: number): string =>
    ms % MS_PER_HOUR === 0
      ? `hour ${sign} ${ms / MS_PER_HOUR}`
      : `started_at ${sign} fromUnixTimestamp64Milli(${values.bind('Int64', ms)}, 'UTC')`;
  const conditions = [
    project,
    hours.own,
    cut('>=', scope.from_ms),
    cut('<', scope.to_ms),
    ...notErased(scope, project, hours.own, values),
    ...(asked === undefined ? [] : [`(${asked})`]),
    ...repeats.conditions,
  ];
  return {
    ctes: repeats.ctes,
    select: `SELECT ${['*', 'hour', ...also].join(', ')} FROM ${calls} FINAL\n  WHERE ${conditions.join('\n    AND ')}`,
  };
}

function repeatsOf(
  scope: CountedScope,
  hours: HourCondition,
  project: string,
  values: BoundValues,
): { ctes: string[]; conditions: string[] } {
  const { database } = scope;
  const counting = scope.counting ?? { repeats: 'searched', has_stored_repeats: true };
  const calls = `${database}.calls`;
  const minus = (repeats: string): string => `${SPAN_KEY} NOT IN (${repeats})`;
  const own = (pairs: string): string =>
    `SELECT ${SPAN_KEY} FROM (${pairs}) WHERE ${project} AND ${hours.own}`;
  const examined = scope.counting ? moment(scope.counting.examined_ms) : 'examined_to';
  const stored = storedPairs(database, `${project} AND ${hours.own} AND at <= ${examined}`);

  if (counting.repeats === 'scratch') {
    return {
      ctes: spanCtes(
        `SELECT ${SPAN_COLUMNS}, 1 AS is_fresh FROM ${calls} FINAL WHERE ${project} AND ${hours.wide}`,
        true,
      ),
      conditions: [minus(own(pairs()))],
    };
  }
  if (counting.repeats === 'stored') {
    const stale = `(SELECT throwIf(max(inserted_at) > ${examined}) FROM ${calls} WHERE ${project} AND ${hours.wide}) = 0`;
    const repeats = `SELECT ${SPAN_KEY} FROM (${stored})`;
    return { ctes: [], conditions: [stale, ...(counting.has_stored_repeats ? [minus(repeats)] : [])] };
  }
  if (scope.counting?.fresh)
    return lessFresh(scope, scope.counting, scope.counting.fresh, hours, project, values);
  const known = counting.has_stored_repeats
    ? [`SELECT ${SPAN_KEY} FROM (${stored}) WHERE NOT ${TOUCHES_FRESH}`]
    : [];
  return {
    ctes: [
      ...(scope.counting ? [] : [EXAMINED_TO(database)]),
      ...freshCtes(calls, project, { fresh: hours.wide, near: hours.wide }, examined),
    ],
    conditions: [minus([...known, own(pairs())].join('\n    UNION ALL\n    '))],
  };
}

/** Less what is stored and what an own statement has found of the fresh rows, if there are no others meanwhile. */
function lessFresh(
  { database }: CountedScope,
  { examined_ms, has_stored_repeats }: Counting,
  fresh: FreshRepeats,
  hours: HourCondition,
  project: string,
  values: BoundValues,
): { ctes: string[]; conditions: string[] } {
  const calls = `${database}.calls`;
  const examined = moment(examined_ms);
  const list = (ids: readonly string[], columns: readonly string[]): string =>
    `SELECT ${columns.join(', ')} FROM (SELECT splitByChar(' ', arrayJoin(${values.bind('Array(String)', ids)})) AS id)`;
  const isHour = (number: number): string => `toInt32(id[${number}])`;
  const isSpan = (number: number): string[] => [
    `toFixedString(unhex(id[${number}]), 16)`,
    `toFixedString(unhex(id[${number + 1}]), 8)`,
  ];
  const others = `(hour, trace_id, span_id, by_hour, by_trace_id, by_span_id) NOT IN (${list(fresh.superseded, [isHour(1), ...isSpan(2), isHour(4), ...isSpan(5)])})`;
  const stored = storedPairs(
    database,
    [project, hours.own, `at <= ${examined}`, ...(fresh.superseded.length > 0 ? [others] : [])].join(' AND '),
  );
  const repeats = [
    ...(has_stored_repeats ? [`SELECT ${SPAN_KEY} FROM (${stored})`] : []),
    ...(fresh.repeats.length > 0
      ? [
          `SELECT ${SPAN_KEY} FROM (${list(
            fresh.repeats,
            [isHour(1), ...isSpan(2)].map((sql, at) => `${sql} AS ${['hour', 'trace_id', 'span_id'][at]}`),
          )})`,
        ]
      : []),
  ];
  const of = `FROM ${calls} WHERE ${project} AND`;
  return {
    ctes: [],
    conditions: [
      `(SELECT throwIf(max(inserted_at) > ${examined}) ${of} ${hours.wide} AND hour NOT IN (${fresh.hours.join(', ')})) = 0`,
      `(SELECT throwIf(${PARTS} != ${values.bind('UInt64', fresh.parts)}) ${of} hour IN (${fresh.hours.join(', ')})) = 0`,
      ...(repeats.length > 0 ? [`${SPAN_KEY} NOT IN (${repeats.join('\n    UNION ALL\n    ')})`] : []),
    ],
  };
}

/** Pairs that hold, by the last that was found about each; `and` is a condition on all that was found of a pair. */
export function storedPairs(database: string, condition: string, and = '1'): string {
  const pair = 'project, hour, trace_id, span_id, by_hour, by_trace_id, by_span_id';
  return `SELECT ${pair} FROM ${database}.repeats WHERE ${condition}
    GROUP BY ${pair} HAVING argMax(holds, (at, examined_at)) AND ${and}`;
}

/** How the spans of a search are looked for. */
export interface Search {
  /** Says that it pays to look first which of the spans can be in a pair at all. */
  many?: boolean;
  /** A condition on the fresh spans, with their hours: the pairs of all that it leaves out are left to other searches. */
  share?: string;
}

/**
 * CTEs `fresh`, the spans inserted after `since`, and `spans`, those and any that can make a pair with one: each
 * within the hours that a condition names.
 */
export function freshCtes(
  calls: string,
  project: string,
  hours: { fresh: string; near: string },
  since: string,
  search: Search = {},
): string[] {
  const hoursIn = (list: string): string =>
    `(project, hour) IN (SELECT u.1, u.2 FROM (SELECT arrayJoin(${list}) AS u))`;
  return [
    `(SELECT groupArray((toString(project), hour)) FROM (SELECT project, hour, max(inserted_at) AS newest FROM ${calls}
    WHERE ${project} AND ${hours.fresh} GROUP BY project, hour HAVING newest > ${since})) AS fresh_hours`,
    'arrayDistinct(arrayFlatten(arrayMap(u -> [(u.1, toInt32(u.2 - 1)), (u.1, u.2), (u.1, toInt32(u.2 + 1))], fresh_hours))) AS near_hours',
    ...freshSpanCtes(
      calls,
      project,
      {
        fresh: `${hours.fresh} AND ${hoursIn('fresh_hours')}`,
        near: `${hours.near} AND ${hoursIn('near_hours')}`,
      },
      since,
      search,
    ),
  ];
}

/** The same where it is known which hours hold fresh spans. */
export function freshSpanCtes(
  calls: string,
  project: string,
  hours: { fresh: string; near: string },
  since: string,
  { many = false, share }: Search = {},
): string[] {
  const isFresh = `inserted_at > ${since}${share === undefined ? '' : ` AND ${share}`}`;
  const columns = `SELECT ${SPAN_COLUMNS}, ${isFresh} AS is_fresh FROM ${calls} FINAL`;
  const isNear = `${project} AND ${hours.near}`;
  // What only replaced versions share does no harm, and to find it the hours need not be put in order.
  const ties = isAnyIn(
    SHARED,
    `SELECT arrayJoin(${SHARED_KEYS}) FROM ${calls} WHERE ${project} AND ${hours.fresh} AND ${isFresh}`,
  );
  const fresh = (from: string): string =>
    `fresh AS (SELECT project, hour, trace_id, span_id, inserted_at FROM ${from} WHERE is_fresh)`;
  if (many) return [...spanCtes(`${columns}\n    WHERE ${isNear} AND ${ties}`, true), fresh('every_span')];
  // Of few spans the traces are found first: only these are put in order then.
  const traces = `SELECT trace_id FROM ${calls} WHERE ${isNear} AND ${ties}`;
  return [
    ...spanCtes(`${columns}\n    PREWHERE ${isNear} AND trace_id IN (${traces})`, false),
    fresh('spans'),
  ];
}

/** Whether a span of a stored pair is among `fresh`. */
export const TOUCHES_FRESH = `arrayExists(span -> span IN (SELECT hour, trace_id, span_id FROM fresh),
      [(hour, trace_id, span_id), (by_hour, by_trace_id, by_span_id)])`;

/** How far repeats have been found, as a scalar of the statement. */
const EXAMINED_TO = (database: string): string =>
  `(SELECT max(upto) - toIntervalMillisecond(${CLOCK_GRAIN_MS}) FROM ${database}.examined) AS examined_to`;

/** The condition on rows of a span, of whatever table, that leaves out those that are erased one by one. */
export function notErasedSpan(
  { database, counting }: { database: string; counting?: Counting | undefined },
  project: string,
  own: string,
): string[] {
  const erased = `SELECT hour, trace_id, span_id FROM ${database}.erased_calls WHERE ${project} AND ${own}`;
  return (counting?.has_erased_calls ?? true) ? [`(hour, trace_id, span_id) NOT IN (${erased})`] : [];
}

/** Conditions on calls that leave out what is erased; `own` is a condition on the rows of `erased_calls` too. */
export function notErased(
  { database, counting }: CountedScope,
  project: string,
  own: string,
  values: BoundValues,
): string[] {
  const conditions = notErasedSpan({ database, counting }, project, own);
  if (counting === undefined) {
    const erased = `(SELECT groupArray((user_id, erased_at)) FROM ${database}.erasures WHERE ${project})`;
    conditions.push(
      `version > arrayMax(arrayConcat([toUInt64(0)], arrayMap(e -> if(e.1 = user_id, e.2, 0), ${erased})))`,
    );
  } else if (counting.erased_users.length > 0) {
    const users = values.bind(
      'Array(String)',
      counting.erased_users.map(({ user_id }) => user_id),
    );
    const times = counting.erased_users.map(({ erased_at }) => `toUInt64('${BigInt(erased_at)}')`).join(', ');
    conditions.push(
      `NOT (user_id IN ${users} AND version <= transform(user_id, ${users}, [${times}], toUInt64(0)))`,
    );
  }
  return conditions;
}
