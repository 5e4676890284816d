/** Searching failures, in a table that holds them in the order of time. */
import { FAILED_CALLS } from '../tables/failed-calls.ts';
import { BoundValues } from './bound-values.ts';
import { storedColumns } from './call-columns.ts';
import { type CallSearch, conditionsOf, descending, orderOf, startedWithin } from './call-search.ts';
import type { Filter } from './filters.ts';
import { MS_PER_HOUR } from './settling/times.ts';
import type { Statement } from './statement.ts';

/** Only failed calls meet these filters. */
export function areFailures(filters: readonly Filter[]): boolean {
  return filters.some(({ dimension, is }) => {
    if (is.length === 0) return false;
    if (dimension === 'status') return is.every((status) => status === 'error');
    return dimension === 'error_type' && is.every((type) => type !== '');
  });
}

/** As `storedSearchStatement`, of the whole window, newest first; what is erased may be among them too. */
export function failedSearchStatement(search: CallSearch): Statement {
  const values = new BoundValues();
  const { scope } = search;
  const conditions = [
    `project = ${values.bind('String', scope.project)}`,
    `hour >= ${Math.floor(scope.from_ms / MS_PER_HOUR)} AND hour <= ${Math.floor((scope.to_ms - 1) / MS_PER_HOUR)}`,
    ...startedWithin(scope, values),
    `(${conditionsOf(search, values)})`,
  ];
  // By hour first, which says no more than the time does but is how the table is ordered: its end is all that is read.
  const order = ['hour', ...orderOf(search)];
  const sql = `SELECT ${storedColumns([...search.fields, 'version'])}
FROM ${values.bind('Identifier', scope.database)}.${FAILED_CALLS}
WHERE ${conditions.join('\n  AND ')}
ORDER BY ${descending(order)}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}
