/**
 * A cell: the counted calls of one project's hour that agree in every rollup dimension, as counts, sums and
 * histograms. One SELECT makes cells of calls, wherever they are wanted: for the settler, for the part of an answer
 * that is not settled yet, for rebuild and audit.
 */
import { ALL_TOKENS, CONTEXT_USED, TOKENS_PER_SECOND } from './call-expressions.ts';
import { SLICES } from './filters.ts';
import { compacted, entriesOf, HISTOGRAM_TYPE } from './histogram.ts';

/** Dimensions of rollups; by slice there is `slice` beside them. */
const CELL_DIMENSIONS = [
  'service',
  'environment',
  'provider',
  'model',
  'operation',
  'variant',
  'request_type',
  'status',
  'error_type',
] as const;

/** Those of the coarse cells, which most questions are about: histograms cost by the cell. */
const MODEL_DIMENSIONS = ['provider', 'model', 'status', 'error_type'] as const;

export interface CellColumn {
  type: string;
  /** Aggregate over the calls of the cell. */
  sql: string;
  /** Name of the aggregate that makes one cell's value of several cells'. */
  merge: 'sum' | 'sumOrNull' | 'max' | 'maxOrNull' | 'groupArrayArray';
  /** Not part of the equality that the audit looks for: floating-point sums depend on the order of adding. */
  approximate?: true;
}

const sum = (expression: string, type: string): CellColumn => ({
  type: `Nullable(${type})`,
  sql: `sumOrNull(${expression})`,
  merge: 'sumOrNull',
});
const histogram = (expression: string): CellColumn => ({
  type: HISTOGRAM_TYPE,
  sql: entriesOf(expression),
  merge: 'groupArrayArray',
});
const count = (condition?: string): CellColumn => ({
  type: 'UInt64',
  sql: condition ? `countIf(${condition})` : 'count()',
  merge: 'sum',
});

/** Sums are null where no call says the value. */
export const cellColumns = {
  calls: count(),
  priced_calls: count('cost_usd IS NOT NULL'),
  latency_sum_ms: { type: 'Float64', sql: 'sum(duration_ms)', merge: 'sum', approximate: true },
  latency_most_ms: { type: 'Float64', sql: 'max(duration_ms)', merge: 'max' },
  input_sum: sum('input_tokens', 'UInt64'),
  output_sum: sum('output_tokens', 'UInt64'),
  cache_read_sum: sum('cache_read_tokens', 'UInt64'),
  cache_write_sum: sum('cache_write_tokens', 'UInt64'),
  reasoning_sum: sum('reasoning_tokens', 'UInt64'),
  total_sum: sum(ALL_TOKENS, 'UInt64'),
  priced_tokens_sum: sum(`if(cost_usd IS NULL, NULL, ${ALL_TOKENS})`, 'UInt64'),
  cost_sum_usd: sum('cost_usd', 'Decimal(38, 12)'),
  context_used_most: { type: 'Nullable(Float64)', sql: `maxOrNull(${CONTEXT_USED})`, merge: 'maxOrNull' },
  confidence_sum: { ...sum('toFloat64(confidence)', 'Float64'), approximate: true },
  confidence_calls: count('confidence IS NOT NULL'),
  latency_histogram: histogram('duration_ms'),
  ttft_histogram: histogram('ttft_ms'),
  speed_histogram: histogram(TOKENS_PER_SECOND),
  context_histogram: histogram(CONTEXT_USED),
} as const satisfies Record<string, CellColumn>;

export type CellColumnName = keyof typeof cellColumns;
export const CELL_COLUMN_NAMES = Object.keys(cellColumns) as CellColumnName[];

/** The definition of one column, with its optional marks. */
export function cellColumn(name: CellColumnName): CellColumn {
  return cellColumns[name];
}

export const isHistogram = (name: CellColumnName): boolean => cellColumn(name).type === HISTOGRAM_TYPE;

export const ROLLUP_TABLES = {
  calls: 'rollup_1h',
  models: 'rollup_model_1h',
  slices: 'rollup_slice_1h',
} as const;
/**
 * `calls`: every call in one cell of all dimensions; `models`: of the few most asked for; `slices`: a call in a cell
 * for each of its slices (without any, under '').
 */
export type CellKind = keyof typeof ROLLUP_TABLES;
export const CELL_KINDS = Object.keys(ROLLUP_TABLES) as CellKind[];

/** Columns that name a cell. */
export function cellKeys(kind: CellKind): readonly string[] {
  if (kind === 'models') return ['hour', ...MODEL_DIMENSIONS];
  return ['hour', ...CELL_DIMENSIONS, ...(kind === 'slices' ? ['slice'] : [])];
}

/** The coarsest kind that knows these dimensions of rollups. */
export function kindFor(dimensions: readonly string[]): CellKind {
  if (dimensions.includes('slice')) return 'slices';
  return dimensions.every((name) => cellKeys('models').includes(name)) ? 'models' : 'calls';
}

/** The cells of the SELECT `cells`, which has every column, as they are stored. */
export function storedCells(cells: string): string {
  return compacted(cells, CELL_COLUMN_NAMES.filter(isHistogram));
}

/** A SELECT of coarse cells of the fine ones that the SELECT `cells` gives. */
export function coarseCells(cells: string): string {
  const merged = CELL_COLUMN_NAMES.map((name) => `${cellColumn(name).merge}(fine.${name}) AS ${name}`);
  const keys = cellKeys('models');
  return `SELECT ${[...keys.map((key) => `fine.${key} AS ${key}`), ...merged].join(',\n  ')}
FROM (${cells}) AS fine
GROUP BY ${keys.map((key) => `fine.${key}`).join(', ')}`;
}

/** A SELECT of cells: keys and `columns`, of the calls that the SELECT `calls` gives. */
export function cellsOfCalls(
  calls: string,
  kind: CellKind,
  columns: readonly CellColumnName[] = CELL_COLUMN_NAMES,
): string {
  const source =
    kind === 'slices' ? `(SELECT *, arrayJoin(${SLICES}) AS slice FROM (${calls}))` : `(${calls})`;
  const made = columns.map((name) => `${cellColumn(name).sql} AS ${name}`);
  const keys = cellKeys(kind);
  return `SELECT ${[...keys, ...made].join(',\n  ')}
FROM ${source}
GROUP BY ${keys.join(', ')}`;
}
