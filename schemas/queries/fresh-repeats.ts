/**
 * Repeats among rows that nobody has looked at yet, found in a statement of its own: within a larger one the search
 * would be planned over and over, which takes longer than the search.
 */
import { BoundValues } from './bound-values.ts';
import { freshSpanCtes, storedPairs, TOUCHES_FRESH } from './counted-calls.ts';
import { type Counting, type CountingScope, type FreshRepeats, PARTS } from './counting.ts';
import { pairs } from './settling/pairs.ts';
import { moment } from './settling/times.ts';
import type { Statement } from './statement.ts';

/**
 * More than that cannot be handed over, and are found where they are needed: a value of a statement may take 128 KiB
 * and all of them together 1 MiB, of which 500 of either list take a tenth.
 */
const IDS_MOST = 500;
/** Neither can more hours be listed in it: a statement may take 256 KiB. */
const HOURS_MOST = 1_000;

interface FreshRow {
  kind: 'parts' | 'repeat' | 'superseded';
  id: string;
}

/** Undefined where there is nothing to find, or too many hours to find it in. `read` gives undefined where there is too much. */
export function freshRepeatsStatement(
  scope: CountingScope,
  counting: Counting,
): (Statement & { read(rows: readonly unknown[]): FreshRepeats | undefined }) | undefined {
  const hours = counting.hours
    .filter(({ newest_ms }) => newest_ms > counting.examined_ms)
    .map(({ hour }) => hour);
  if (hours.length === 0 || hours.length > HOURS_MOST) return undefined;
  const values = new BoundValues();
  const calls = `${scope.database}.calls`;
  const project = `project = ${values.bind('String', scope.project)}`;
  const fresh = `hour IN (${hours.join(', ')})`;
  const near = `hour IN (${[...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))].join(', ')})`;
  const examined = moment(counting.examined_ms);
  const stored = storedPairs(scope.database, `${project} AND ${near} AND at <= ${examined}`);
  const id = (prefix = ''): string =>
    `toString(${prefix}hour), hex(${prefix}trace_id), hex(${prefix}span_id)`;
  const listed = (kind: string, ids: string, from: string): string =>
    `SELECT '${kind}' AS kind, id FROM (SELECT DISTINCT concatWithSeparator(' ', ${ids}) AS id FROM ${from} LIMIT ${IDS_MOST + 1})`;
  const ctes = freshSpanCtes(calls, project, { fresh, near }, examined);
  const selects = [
    `SELECT 'parts' AS kind, toString(${PARTS}) AS id FROM ${calls} WHERE ${project} AND ${fresh}`,
    listed('repeat', id(), `(${pairs()})`),
    ...(counting.has_stored_repeats
      ? [listed('superseded', `${id()}, ${id('by_')}`, `(${stored}) WHERE ${TOUCHES_FRESH}`)]
      : []),
  ];
  const sql = `WITH ${ctes.join(',\n')}
SELECT kind, id FROM (${selects.join('\nUNION ALL\n')})`;
  const read = (rows: readonly unknown[]): FreshRepeats | undefined => {
    const of = (kind: string): string[] =>
      (rows as FreshRow[]).filter((row) => row.kind === kind).map((row) => row.id);
    const [repeats, superseded] = [of('repeat'), of('superseded')];
    if (Math.max(repeats.length, superseded.length) > IDS_MOST) return undefined;
    return { hours, parts: of('parts')[0]!, repeats, superseded };
  };
  return { sql, params: values.params, read };
}
