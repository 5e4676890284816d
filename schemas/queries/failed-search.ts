/**
 * Searching failures: the table of failed calls proposes a page, whole and in the order of time; `calls` says which of the
 * deliveries on it is the newest of its span, and not erased.
 */
import { FAILED_CALLS } from '../tables/failed-calls.ts';
import { BoundValues } from './bound-values.ts';
import { type StoredField, storedColumns } from './call-columns.ts';
import { type CallSearch, conditionsOf, descending, orderOf, startedWithin } from './call-search.ts';
import { type CountedScope, notErased } from './counted-calls.ts';
import type { Filter } from './filters.ts';
import { areSpans, hoursIn } from './lookup-hours.ts';
import { MS_PER_HOUR } from './settling/times.ts';
import type { SpanKey } from './span-repeats.ts';
import type { Statement } from './statement.ts';

/** Only failed calls meet these filters. */
export function areFailures(filters: readonly Filter[]): boolean {
  return filters.some(({ dimension, is }) => {
    if (is.length === 0) return false;
    if (dimension === 'status') return is.every((status) => status === 'error');
    return dimension === 'error_type' && is.every((type) => type !== '');
  });
}

/** Rows for `storedCallOf` of the window in the order of the search, replaced, repeated and erased ones among them. */
export function failedSearchStatement(search: CallSearch, fields: readonly StoredField[]): Statement {
  const values = new BoundValues();
  const { scope } = search;
  const conditions = [
    `project = ${values.bind('String', scope.project)}`,
    `hour >= ${Math.floor(scope.from_ms / MS_PER_HOUR)} AND hour <= ${Math.floor((scope.to_ms - 1) / MS_PER_HOUR)}`,
    ...startedWithin(scope, values),
    `(${conditionsOf(search, values)})`,
  ];
  // By hour first, which says no more than the time does but is how the table is ordered: its end is all that is read.
  const order = search.largest_first ? orderOf(search) : ['hour', ...orderOf(search)];
  const sql = `SELECT ${storedColumns(fields)}
FROM ${values.bind('Identifier', scope.database)}.${FAILED_CALLS}
WHERE ${conditions.join('\n  AND ')}
ORDER BY ${descending(order)}
LIMIT ${values.bind('UInt32', search.limit)}`;
  return { sql, params: values.params };
}

/** What is read of a delivery to tell which is the newest. */
export const DELIVERY_FIELDS = ['trace_id', 'span_id', 'version', 'inserted_ms'] as const;

/** Rows for `storedCallOf` of DELIVERY_FIELDS and `hour`: every delivery of these spans, but those of spans that are erased. */
export function deliveriesStatement(scope: CountedScope, spans: readonly SpanKey[]): Statement {
  const values = new BoundValues();
  const project = `project = ${values.bind('String', scope.project)}`;
  const own = hoursIn(spans.map(({ hour }) => hour));
  const erased = notErased(scope, project, own, values);
  const sql = `SELECT hour, ${storedColumns(DELIVERY_FIELDS)}
FROM ${values.bind('Identifier', scope.database)}.calls
PREWHERE ${project} AND ${own} AND ${areSpans(spans)}${erased.length === 0 ? '' : `\nWHERE ${erased.join(' AND ')}`}`;
  return { sql, params: values.params };
}
