/** The one query behind rollups, latency, cost and errors: metrics by dimensions and interval. */
import { BoundValues } from './bound-values.ts';
import { type CountedScope, countedCalls } from './counted-calls.ts';
import { DIMENSION_NAMES, type DimensionName, dimensionOf } from './dimensions.ts';
import { type Filter, filterCalls, slicesLeft } from './filters.ts';
import { type MetricName, metricOf } from './metrics.ts';
import { scoredCalls } from './scored-calls.ts';
import type { Statement } from './statement.ts';

export interface Order {
  by: MetricName | DimensionName | 'time';
  descending: boolean;
}

export interface RollupQuery {
  scope: CountedScope;
  metrics: readonly MetricName[];
  group_by: readonly DimensionName[];
  /** Length of an interval; absent: one row a group. */
  interval_ms?: number;
  filters: readonly Filter[];
  order_by: readonly Order[];
  limit: number;
  /** Name of the scores that `score_avg` is made of. */
  score?: string;
}

/** How `time` is given: ISO 8601 text, or a timestamp for formats that have the type. */
export type TimeForm = 'text' | 'timestamp';

const isOutcome = (name: DimensionName): boolean => dimensionOf(name).outcome === true;

/** Columns of a group carry a prefix: an alias that names a source column would be taken for it. */
const grouped = (name: MetricName | DimensionName | 'time'): string => `g_${name}`;

function timeColumn(form: TimeForm): string {
  const start = `fromUnixTimestamp64Milli(${grouped('time')}, 'UTC')`;
  return form === 'timestamp' ? start : `formatDateTime(${start}, '%Y-%m-%dT%H:%i:%S.000Z')`;
}

/** Calls with what the aggregates need: `selected`, `counts_once`, and where asked `score` and `slice`. */
function sourceCtes(query: RollupQuery, values: BoundValues): string[] {
  const bySlice = query.group_by.includes('slice');
  const ofSlices = query.filters.filter(({ dimension }) => bySlice && dimension === 'slice');
  const ofCalls = query.filters.filter(
    (filter) => !isOutcome(filter.dimension) && !ofSlices.includes(filter),
  );
  const ofOutcome = query.filters.filter(({ dimension }) => isOutcome(dimension));
  const ctes = [`counted AS (${countedCalls(query.scope, values)})`];
  let source = 'counted';
  if (query.score !== undefined) {
    ctes.push(`scored AS (${scoredCalls(query.scope, query.score, source, values)})`);
    source = 'scored';
  }
  const columns = [
    '*',
    `${filterCalls(ofOutcome, values)} AS selected`,
    bySlice ? `${slicesLeft(ofSlices, values)} AS slices_left` : '1 AS counts_once',
  ];
  ctes.push(
    `filtered AS (SELECT ${columns.join(', ')} FROM ${source} WHERE ${filterCalls(ofCalls, values)})`,
  );
  if (bySlice) {
    // The first of a call's slices stands for the call wherever calls are to be counted once.
    ctes.push(`sliced AS (SELECT *, arrayJoin(arrayEnumerate(slices_left)) AS slice_number,
  slices_left[slice_number] AS slice, slice_number = 1 AS counts_once FROM filtered)`);
  }
  return ctes;
}

function groupKeys(query: RollupQuery, values: BoundValues): string[] {
  const keys = query.group_by.map((name) => `${dimensionOf(name).sql} AS ${grouped(name)}`);
  if (query.interval_ms === undefined) return keys;
  const interval = values.bind('Int64', query.interval_ms);
  return [
    `intDiv(toUnixTimestamp64Milli(started_at), ${interval}) * ${interval} AS ${grouped('time')}`,
    ...keys,
  ];
}

const partition = (columns: readonly string[]): string =>
  columns.length === 0 ? '' : `PARTITION BY ${columns.join(', ')}`;

/** The statement without ORDER BY and LIMIT: one row for each group that holds a selected call. */
function allRows(query: RollupQuery, values: BoundValues, time: TimeForm): string {
  const source = sourceCtes(query, values);
  const keys = groupKeys(query, values);
  const times = query.interval_ms === undefined ? [] : [grouped('time')];
  const others = query.group_by.filter((name) => !isOutcome(name)).map(grouped);
  const ordering = query.order_by.map(({ by }) => by).filter((by) => by !== 'time' && !isDimension(by));
  const aggregates = [...new Set([...query.metrics, ...(ordering as MetricName[])])];
  const groups = `groups AS (SELECT
  ${[
    ...keys,
    'countIf(selected) AS selected_calls',
    'count() AS all_calls',
    "countIf(status = 'error' AND counts_once) AS all_errors",
    ...aggregates.map((name) => `${metricOf(name).sql} AS ${grouped(name)}`),
  ].join(',\n  ')}
FROM ${query.group_by.includes('slice') ? 'sliced' : 'filtered'}
${keys.length === 0 ? '' : `GROUP BY ${[...times, ...query.group_by.map(grouped)].join(', ')}`})`;
  const bases = `based AS (SELECT *,
  sum(all_calls) OVER (${partition([...times, ...others])}) AS base_calls,
  sum(all_errors) OVER (${partition(times)}) AS base_errors
FROM groups)`;
  const columns = [
    ...(query.interval_ms === undefined ? [] : [`${timeColumn(time)} AS time`]),
    ...query.group_by.map((name) => `${grouped(name)} AS ${name}`),
    ...query.metrics.map((name) => `${metricColumn(name)} AS ${name}`),
  ];
  // A group without a selected call is no row; without any grouping there is always the one row.
  const kept = keys.length === 0 ? '' : 'WHERE selected_calls > 0';
  return `WITH ${[...source, groups, bases].join(',\n')}
SELECT ${columns.join(', ')}
FROM based ${kept}`;
}

function metricColumn(name: MetricName): string {
  const { share } = metricOf(name);
  return share ? share(grouped(name)) : grouped(name);
}

function isDimension(name: string): name is DimensionName {
  return (DIMENSION_NAMES as string[]).includes(name);
}

function orderBy(query: RollupQuery): string {
  const asked = query.order_by.map(({ by, descending }) => {
    const column = by === 'time' || isDimension(by) ? grouped(by) : metricColumn(by);
    return `${column} ${descending ? 'DESC' : 'ASC'} NULLS LAST`;
  });
  // The groups themselves last, so that equal rows come in the same order every time.
  const ties = [...(query.interval_ms === undefined ? [] : ['time' as const]), ...query.group_by].map(
    grouped,
  );
  const terms = [...asked, ...ties];
  return terms.length === 0 ? '' : `ORDER BY ${terms.join(', ')}`;
}

/**
 * Rows of `time` (with an interval), the dimensions and the metrics. `limit` is taken as it is: ask for one more
 * than is shown to learn whether there are more.
 */
export function rollupStatement(query: RollupQuery, time: TimeForm = 'text'): Statement {
  const values = new BoundValues();
  const rows = allRows(query, values, time);
  const limit = values.bind('UInt32', query.limit);
  return { sql: `${rows}\n${orderBy(query)}\nLIMIT ${limit}`, params: values.params };
}

/** One row with `number`, the number of rows that there are, counted up to `limit`. */
export function rollupSizeStatement(query: RollupQuery): Statement {
  const values = new BoundValues();
  const rows = allRows({ ...query, metrics: ['calls'], order_by: [] }, values, 'text');
  const limit = values.bind('UInt32', query.limit);
  return { sql: `SELECT count() AS number FROM (${rows}\nLIMIT ${limit})`, params: values.params };
}
