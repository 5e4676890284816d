/** Filters of a query as conditions. Values of one dimension are alternatives, dimensions narrow each other. */
import type { BoundValues } from './bound-values.ts';
import { type DimensionName, dimensionOf } from './dimensions.ts';

export interface Filter {
  dimension: DimensionName;
  /** The dimension is one of these; empty: any. `''` is the absent value. */
  is: readonly string[];
  /** And none of these. */
  not: readonly string[];
}

function conditionsOn(filter: Filter, values: BoundValues, test: (list: string) => string): string[] {
  const conditions: string[] = [];
  if (filter.is.length > 0) conditions.push(test(values.bind('Array(String)', filter.is)));
  if (filter.not.length > 0) conditions.push(`NOT ${test(values.bind('Array(String)', filter.not))}`);
  return conditions;
}

export function conjunction(conditions: readonly string[]): string {
  return conditions.length === 0 ? '1' : conditions.join(' AND ');
}

/** A condition on a call: for slices, whether it is in one of them. */
export function filterCalls(filters: readonly Filter[], values: BoundValues): string {
  return conjunction(
    filters.flatMap((filter) =>
      conditionsOn(filter, values, (list) =>
        filter.dimension === 'slice'
          ? `hasAny(${SLICES}, ${list})`
          : `(${dimensionOf(filter.dimension).sql} IN ${list})`,
      ),
    ),
  );
}

/** The same on a cell, which has one slice or none is asked of it. */
export function filterCells(filters: readonly Filter[], values: BoundValues): string {
  return conjunction(
    filters.flatMap((filter) =>
      conditionsOn(filter, values, (list) => `(${dimensionOf(filter.dimension).sql} IN ${list})`),
    ),
  );
}

const slicesOf = (column: string): string =>
  `if(empty(${column}), [''], arrayDistinct(arrayMap(s -> toString(s), ${column})))`;

/** The slices of a call, `['']` if none. */
export const SLICES = slicesOf('slices');

/** The slices of a call that the filters on slices leave: what a grouping by slice shows. `column` holds them. */
export function slicesLeft(filters: readonly Filter[], values: BoundValues, column = 'slices'): string {
  const all = slicesOf(column);
  const conditions = filters.flatMap((filter) => conditionsOn(filter, values, (list) => `(s IN ${list})`));
  return conditions.length === 0 ? all : `arrayFilter(s -> ${conjunction(conditions)}, ${all})`;
}
