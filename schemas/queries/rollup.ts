/** The one query behind rollups, latency, cost and errors: metrics by dimensions and interval. */
import { BoundValues } from './bound-values.ts';
import { cellSource } from './cell-source.ts';
import { CELL_COLUMN_NAMES, type CellColumnName, isHistogram, kindFor } from './cells.ts';
import { type CountedScope, countedSource } from './counted-calls.ts';
import { DIMENSION_NAMES, type DimensionName, dimensionOf } from './dimensions.ts';
import { type Filter, filterCalls, filterCells, slicesLeft } from './filters.ts';
import { sumsOf } from './histogram.ts';
import { MERGED_HISTOGRAM, METRIC_NAMES, type MetricName, metricOf, quantileOfCalls } from './metrics.ts';
import { scoredCalls } from './scored-calls.ts';
import { MS_PER_HOUR } from './settling/times.ts';
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
  /** What the numbers are made of, by default the calls; cells only where `fitsCells`. */
  source?: 'calls' | 'cells';
}

/** Metrics that a query needs, for its rows or their order. */
function neededMetrics({ metrics, order_by }: RollupQuery): MetricName[] {
  const ordering = order_by.map(({ by }) => by).filter((by) => METRIC_NAMES.includes(by as MetricName));
  return [...new Set([...metrics, ...(ordering as MetricName[])])];
}

const isOfHours = ({ interval_ms }: RollupQuery): boolean =>
  interval_ms !== undefined && interval_ms % MS_PER_HOUR === 0;

/** Whether cells of whole hours can answer it: they know the rollup dimensions and no more. */
export function fitsCells(query: RollupQuery): boolean {
  const { interval_ms, group_by, filters } = query;
  const metrics = neededMetrics(query);
  if (interval_ms !== undefined && !isOfHours(query)) return false;
  if (
    [...group_by, ...filters.map(({ dimension }) => dimension)].some((name) => dimensionOf(name).calls_only)
  )
    return false;
  if (metrics.some((name) => metricOf(name).cells === undefined)) return false;
  // Cells by slice hold a call once for each of its slices: they do not know which of them is the call's first.
  if (group_by.includes('slice')) return !metrics.includes('error_share');
  return filters.every(
    ({ dimension, is, not }) => dimension !== 'slice' || (is.length === 1 && not.length === 0),
  );
}

/** Whether a percentile is asked for: all else is the same from cells and from calls. */
export function hasPercentiles(query: RollupQuery): boolean {
  return neededMetrics(query).some((name) => metricOf(name).is_percentile === true);
}

const dimensionsOf = ({ group_by, filters }: RollupQuery): DimensionName[] => [
  ...group_by,
  ...filters.map(({ dimension }) => dimension),
];

/** How `time` is given: ISO 8601 text, or a timestamp for formats that have the type. */
export type TimeForm = 'text' | 'timestamp';

const isOutcome = (name: DimensionName): boolean => dimensionOf(name).outcome === true;

/** Columns of a group carry a prefix: an alias that names a source column would be taken for it. */
const grouped = (name: MetricName | DimensionName | 'time'): string => `g_${name}`;

function timeColumn(form: TimeForm): string {
  const start = `fromUnixTimestamp64Milli(${grouped('time')}, 'UTC')`;
  return form === 'timestamp' ? start : `formatDateTime(${start}, '%Y-%m-%dT%H:%i:%S.000Z')`;
}

/** CTEs, the last `filtered`: calls or cells with what the aggregates need, `selected` and `counts_once`. */
function sourceCtes(query: RollupQuery, values: BoundValues): string[] {
  return query.source === 'cells' ? cellCtes(query, values) : callCtes(query, values);
}

function filtersOf({ filters, group_by }: RollupQuery) {
  const bySlice = group_by.includes('slice');
  const outcome = filters.filter(({ dimension }) => isOutcome(dimension));
  const slices = filters.filter(({ dimension }) => bySlice && dimension === 'slice');
  return {
    bySlice,
    outcome,
    slices,
    others: filters.filter((f) => !outcome.includes(f) && !slices.includes(f)),
  };
}

function callCtes(query: RollupQuery, values: BoundValues): string[] {
  const { bySlice, outcome, slices, others } = filtersOf(query);
  const counted = countedSource(query.scope, values, filterCalls(others, values));
  const ctes = [...counted.ctes, `counted AS (${counted.select})`];
  let source = 'counted';
  if (query.score !== undefined) {
    ctes.push(`scored AS (${scoredCalls(query.scope, query.score, source, values)})`);
    source = 'scored';
  }
  const columns = ['*', `${filterCalls(outcome, values)} AS selected`, '1 AS counts_once'];
  if (!bySlice) return [...ctes, `filtered AS (SELECT ${columns.join(', ')} FROM ${source})`];
  // The first of a call's slices stands for the call wherever calls are to be counted once.
  columns[2] = `${slicesLeft(slices, values)} AS slices_left`;
  return [
    ...ctes,
    `unsliced AS (SELECT ${columns.join(', ')} FROM ${source})`,
    `filtered AS (SELECT *, arrayJoin(arrayEnumerate(slices_left)) AS slice_number,
  slices_left[slice_number] AS slice, slice_number = 1 AS counts_once FROM unsliced)`,
  ];
}

/** Columns of cells that the metrics are made of. */
function neededColumns(query: RollupQuery): CellColumnName[] {
  const made = neededMetrics(query).map((name) => metricOf(name).cells ?? '');
  return CELL_COLUMN_NAMES.filter((name) => name === 'calls' || made.some((sql) => sql.includes(name)));
}

function cellCtes(query: RollupQuery, values: BoundValues): string[] {
  const { outcome, slices, others } = filtersOf(query);
  const wanted = neededColumns(query);
  const { counting } = query.scope;
  if (!counting) throw new Error('Cells are asked for after the first statement.');
  const cells = cellSource({ ...query.scope, counting }, kindFor(dimensionsOf(query)), wanted, values);
  const filters = filterCells([...others, ...slices], values);
  return [
    ...cells.ctes,
    `cells AS (${cells.select})`,
    `filtered AS (SELECT *, ${filterCells(outcome, values)} AS selected, 1 AS counts_once FROM cells WHERE ${filters})`,
  ];
}

function groupKeys(query: RollupQuery, values: BoundValues): string[] {
  const keys = query.group_by.map((name) => `${dimensionOf(name).sql} AS ${grouped(name)}`);
  if (query.interval_ms === undefined) return keys;
  const interval = values.bind('Int64', query.interval_ms);
  const started_ms = isOfHours(query)
    ? `toInt64(hour) * ${MS_PER_HOUR}`
    : 'toUnixTimestamp64Milli(started_at)';
  return [`intDiv(${started_ms}, ${interval}) * ${interval} AS ${grouped('time')}`, ...keys];
}

const partition = (columns: readonly string[]): string =>
  columns.length === 0 ? '' : `PARTITION BY ${columns.join(', ')}`;

function aggregateOfCalls(name: MetricName, needed: readonly MetricName[]): string {
  const { sql, quantile } = metricOf(name);
  if (quantile === undefined) return sql;
  const levels = needed
    .map((other) => metricOf(other).quantile)
    .filter((other) => other?.expression === quantile.expression)
    .map((other) => other!.level);
  return quantileOfCalls(quantile.level, quantile.expression, levels);
}

/** What makes the metrics: aggregates of `groups`, and CTEs on it, the last `measured`, where cells have percentiles. */
function measure(query: RollupQuery): { aggregates: string[]; ctes: string[] } {
  const needed = neededMetrics(query);
  const as = (name: MetricName, sql: string): string => `${sql} AS ${grouped(name)}`;
  if (query.source !== 'cells')
    return { aggregates: needed.map((name) => as(name, aggregateOfCalls(name, needed))), ctes: [] };
  const made = (names: readonly MetricName[]): string[] =>
    names.map((name) => as(name, metricOf(name).cells ?? ''));
  const percentiles = needed.filter((name) => metricOf(name).is_percentile);
  const histograms = neededColumns(query).filter(isHistogram);
  const { entries, sums } = MERGED_HISTOGRAM;
  return {
    aggregates: [
      ...made(needed.filter((name) => !percentiles.includes(name))),
      ...histograms.map((name) => `arraySort(groupArrayArrayIf(${name}, selected)) AS ${entries(name)}`),
    ],
    ctes:
      percentiles.length === 0
        ? []
        : [
            `summed AS (SELECT *, ${histograms.map((name) => `${sumsOf(entries(name))} AS ${sums(name)}`).join(', ')} FROM groups)`,
            `measured AS (SELECT *, ${made(percentiles).join(',\n  ')} FROM summed)`,
          ],
  };
}

/** The statement without ORDER BY and LIMIT: one row for each group that holds a selected call. */
function allRows(query: RollupQuery, values: BoundValues, time: TimeForm): string {
  const source = sourceCtes(query, values);
  const keys = groupKeys(query, values);
  const times = query.interval_ms === undefined ? [] : [grouped('time')];
  const others = query.group_by.filter((name) => !isOutcome(name)).map(grouped);
  const ofCells = query.source === 'cells';
  const measured = measure(query);
  const number = (condition: string): string =>
    ofCells ? `sumIf(calls, ${condition})` : `countIf(${condition})`;
  const groups = `groups AS (SELECT
  ${[
    ...keys,
    `${number('selected')} AS selected_calls`,
    `${number('1')} AS all_calls`,
    `${number("status = 'error' AND counts_once")} AS all_errors`,
    ...measured.aggregates,
  ].join(',\n  ')}
FROM filtered
${keys.length === 0 ? '' : `GROUP BY ${[...times, ...query.group_by.map(grouped)].join(', ')}`})`;
  const bases = `based AS (SELECT *,
  sum(all_calls) OVER (${partition([...times, ...others])}) AS base_calls,
  sum(all_errors) OVER (${partition(times)}) AS base_errors
FROM ${measured.ctes.length === 0 ? 'groups' : 'measured'})`;
  const columns = [
    ...(query.interval_ms === undefined ? [] : [`${timeColumn(time)} AS time`]),
    ...query.group_by.map((name) => `${grouped(name)} AS ${name}`),
    ...query.metrics.map((name) => `${metricColumn(name)} AS ${name}`),
  ];
  // A group without a selected call is no row; without any grouping there is always the one row.
  const kept = keys.length === 0 ? '' : 'WHERE selected_calls > 0';
  return `WITH ${[...source, groups, ...measured.ctes, bases].join(',\n')}
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
