/** The query string of a rollup as a query, every fault of it as a Problem. Pure. */
import { DIMENSION_NAMES, type DimensionName } from '../../schemas/queries/dimensions.ts';
import { METRIC_NAMES, type MetricName } from '../../schemas/queries/metrics.ts';
import type { Project } from '../../schemas/queries/project.ts';
import type { Order, RollupQuery } from '../../schemas/queries/rollup.ts';
import { FORMATS, type Format } from '../formats.ts';
import type { Preset } from '../presets.ts';
import { Problem } from '../problems.ts';
import { filtersOf, type UserIds } from './filters.ts';
import {
  choiceOf,
  integerOf,
  listOf,
  notAllowed,
  type RawQuery,
  refuseUnknown,
  singleOf,
  valuesOf,
} from './query-string.ts';
import { type Window, windowOf } from './window.ts';

export const INTERVALS_MS = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '1d': 86_400_000,
} as const;
export type Interval = keyof typeof INTERVALS_MS;
export const INTERVALS = Object.keys(INTERVALS_MS) as Interval[];

export const QUANTILES = ['auto', 'exact', 'sketch'] as const;
export type Quantiles = (typeof QUANTILES)[number];
export const DEFAULT_LIMIT = 100;
export const MOST_ROWS = 1_000;

export const ROLLUP_PARAMETERS: readonly string[] = [
  ...['from', 'to', 'metrics', 'group_by', 'interval', 'order_by', 'limit', 'format', 'quantiles', 'score'],
  ...DIMENSION_NAMES,
];

export interface RollupRequest {
  window: Window;
  interval: Interval | null;
  format: Format;
  quantiles: Quantiles;
  query: Omit<RollupQuery, 'scope'>;
}

export interface RequestContext {
  preset: Preset;
  project: Project;
  userIds: UserIds;
  now_ms: number;
}

function metricsOf(raw: RawQuery, preset: Preset): readonly MetricName[] {
  const asked = listOf(raw, 'metrics', METRIC_NAMES);
  if (asked?.length === 0) throw notAllowed('metrics', '', METRIC_NAMES);
  return asked ?? preset.metrics;
}

/** Name of the scores, where and only where `score_avg` is asked for. */
function scoreOf(raw: RawQuery, needed: boolean): string | undefined {
  const name = singleOf(raw, 'score');
  if (needed && !name) {
    throw new Problem('invalid-parameter', {
      detail: "'score_avg' needs the name of the scores: add 'score=<name>'.",
      parameter: 'score',
      received: name ?? '',
    });
  }
  if (!needed && name !== undefined) {
    throw new Problem('invalid-parameter', {
      detail: "'score' names the scores of 'score_avg', which is not asked for: add it to 'metrics'.",
      parameter: 'score',
      received: name,
    });
  }
  return name;
}

const isDimension = (name: string): name is DimensionName =>
  (DIMENSION_NAMES as readonly string[]).includes(name);

function ordersOf(
  raw: RawQuery,
  preset: Preset,
  grouping: readonly DimensionName[],
  timed: boolean,
): Order[] {
  for (const item of valuesOf(raw, 'order_by').flatMap((value) => value.split(','))) {
    const name = item.trim().replace(/^-/, '');
    const lacking =
      name === 'time' ? !timed && 'interval' : isDimension(name) && !grouping.includes(name) && 'group_by';
    if (!lacking) continue;
    throw new Problem('invalid-parameter', {
      detail: `'order_by' can be '${name}' only where rows have one: ${lacking === 'interval' ? "set 'interval'" : "add it to 'group_by'"}.`,
      parameter: 'order_by',
      received: item.trim(),
      allowed: [...(timed ? ['time'] : []), ...grouping, ...METRIC_NAMES],
    });
  }
  const time: Order[] = timed ? [{ by: 'time', descending: false }] : [];
  const sortable = [...(timed ? (['time'] as const) : []), ...grouping, ...METRIC_NAMES];
  const asked = listOf(
    raw,
    'order_by',
    sortable.flatMap((name) => [name, `-${name}`] as const),
  );
  if (!asked || asked.length === 0) return [...time, { by: preset.order_by, descending: true }];
  return asked.map((name) => {
    const descending = name.startsWith('-');
    return { by: (descending ? name.slice(1) : name) as Order['by'], descending };
  });
}

/** Throws Problem. */
export function parseRollupRequest(raw: RawQuery, context: RequestContext): RollupRequest {
  const { preset, project, userIds, now_ms } = context;
  refuseUnknown(raw, ROLLUP_PARAMETERS);
  const window = windowOf(raw, now_ms);
  const metrics = metricsOf(raw, preset);
  const group_by = listOf(raw, 'group_by', DIMENSION_NAMES) ?? preset.group_by;
  const interval = choiceOf(raw, 'interval', INTERVALS) ?? null;
  const order_by = ordersOf(raw, preset, group_by, interval !== null);
  const filters = filtersOf(raw, project, userIds);
  if (
    preset.errors_by_type &&
    group_by.includes('error_type') &&
    !filters.some(({ dimension }) => dimension === 'status')
  ) {
    filters.push({ dimension: 'status', is: ['error'], not: [] });
  }
  const score = scoreOf(raw, metrics.includes('score_avg') || order_by.some(({ by }) => by === 'score_avg'));
  return {
    window,
    interval,
    format: choiceOf(raw, 'format', FORMATS) ?? 'json',
    quantiles: choiceOf(raw, 'quantiles', QUANTILES) ?? 'auto',
    query: {
      metrics,
      group_by,
      ...(interval === null ? {} : { interval_ms: INTERVALS_MS[interval] }),
      filters,
      order_by,
      limit: integerOf(raw, 'limit', 1, MOST_ROWS) ?? DEFAULT_LIMIT,
      ...(score === undefined ? {} : { score }),
    },
  };
}
