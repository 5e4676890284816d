/** The hours that calls of a trace, a prompt or an answer lie in: what a lookup asks first. */
import { CALL_HOURS, type LookupColumn, lookupId } from '../tables/call-hours.ts';
import { BoundValues } from './bound-values.ts';
import type { HourCondition } from './counted-calls.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

/** Calls that have one of the values, in hex. */
export interface LookupTerm {
  column: LookupColumn;
  values: readonly string[];
}

const WIDTHS = { trace_id: 16, prompt_hash: 32, response_hash: 32 } as const;

/** Bytes of a column from their hex. */
export const bytes = (values: BoundValues, hex: string, width: number): string =>
  `toFixedString(unhex(${values.bind('String', hex)}), ${width})`;

/** Values of a FixedString column, each once, from their hex. As literals the database finds them by its sort key soonest. */
export const literals = (hexes: readonly string[]): string =>
  [...new Set(hexes)].map((hex) => `'${hex.replace(/[0-9a-f]{2}/g, '\\x$&')}'`).join(', ');

/**
 * A condition that these spans meet, and others that share a trace with one of them and a span id with another; `by` names
 * the span that counts in a pair. Column by column the database looks it up sooner than by whole keys.
 */
export function areSpans(
  spans: readonly { trace_id: string; span_id: string }[],
  by: '' | 'by_' = '',
): string {
  const traces = literals(spans.map(({ trace_id }) => trace_id));
  const ids = literals(spans.map(({ span_id }) => span_id));
  return `${by}trace_id IN (${traces}) AND ${by}span_id IN (${ids})`;
}

/** The condition on a call. */
export function hasTerm({ column, values: wanted }: LookupTerm, values: BoundValues): string {
  const list = wanted.map((value) => bytes(values, value, WIDTHS[column]));
  return list.length === 1 ? `${column} = ${list[0]}` : `${column} IN (${list.join(', ')})`;
}

/** A SELECT of `hour`: hours with calls that may have a value of each term, `and` a condition on the hours holds. */
export function hoursWith(
  scope: { database: string; project: Project },
  terms: readonly LookupTerm[],
  values: BoundValues,
  and = '1',
): string {
  const project = `project = ${values.bind('String', scope.project)}`;
  const table = `${values.bind('Identifier', scope.database)}.${CALL_HOURS}`;
  const selects = terms.map(({ column, values: wanted }) => {
    const ids = wanted.map((value) => lookupId(column, bytes(values, value, WIDTHS[column])));
    return `SELECT DISTINCT hour FROM ${table} WHERE ${project} AND id IN (${ids.join(', ')}) AND ${and}`;
  });
  return selects.reduce((inner, outer) => `${outer} AND hour IN (${inner})`);
}

/** Rows of `hour`: where calls with the terms may lie; `window` is a condition on `hour`. */
export function lookupHoursStatement(
  scope: { database: string; project: Project },
  terms: readonly LookupTerm[],
  window?: string,
): Statement {
  const values = new BoundValues();
  return { sql: hoursWith(scope, terms, values, window), params: values.params };
}

/** Just these hours as conditions, those beside them too where repeats are looked for. */
export function ofHours(hours: readonly number[]): HourCondition {
  return { own: hoursIn(hours), wide: hoursIn(hours.flatMap((hour) => [hour - 1, hour, hour + 1])) };
}

/** More hours make a statement longer than it may be. */
const MOST_LISTED = 10_000;

/** A condition that these hours meet, and where they are too many to be listed all between them too. */
export function hoursIn(hours: readonly number[]): string {
  const list = [...new Set(hours)].map((hour) => Math.trunc(hour));
  if (list.length === 0) return 'false';
  if (list.length <= MOST_LISTED) return `hour IN (${list.join(', ')})`;
  const sorted = list.sort((a, b) => a - b);
  return `hour BETWEEN ${sorted[0]} AND ${sorted.at(-1)}`;
}
