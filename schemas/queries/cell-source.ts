/**
 * Cells of a window: of clean hours from the rollup tables, of all others made from the calls, in one statement. So
 * an answer from rollups is never staler than the calls.
 */
import type { BoundValues } from './bound-values.ts';
import { type CellColumnName, type CellKind, cellKeys, cellsOfCalls, ROLLUP_TABLES } from './cells.ts';
import { type CountedScope, countedCallsOf, type Source } from './counted-calls.ts';
import { type Counting, cleanHours, settledHours } from './counting.ts';
import { CLOCK_GRAIN_MS, firstLiveHour, horizonMs, MS_PER_HOUR, moment } from './settling/times.ts';

/** Cells are only read after the first statement has said which hours are settled. */
export interface SettledScope extends CountedScope {
  counting: Counting;
}

/** Hours of the window whose rows all lie in it, [first, end). */
function wholeHours({ from_ms, to_ms }: { from_ms: number; to_ms: number }): { first: number; end: number } {
  return { first: Math.ceil(from_ms / MS_PER_HOUR), end: Math.floor(to_ms / MS_PER_HOUR) };
}

/** Whether all that the window holds is settled, so that an answer needs no calls. */
function isSettled(scope: SettledScope, clean: ReadonlySet<number>): boolean {
  const { first, end } = wholeHours(scope);
  const within = ({ hour }: { hour: number }): boolean =>
    (hour + 1) * MS_PER_HOUR > scope.from_ms && hour * MS_PER_HOUR < scope.to_ms;
  return scope.counting.hours
    .filter((state) => (state.rows > 0 || state.version !== '0') && within(state))
    .every(({ hour }) => hour >= first && hour < end && clean.has(hour));
}

/** A SELECT of cells: their keys and `wanted` columns. */
export function cellSource(
  scope: SettledScope,
  kind: CellKind,
  wanted: readonly CellColumnName[],
  values: BoundValues,
): Source {
  const { database, counting } = scope;
  const { first, end } = wholeHours(scope);
  const project = `project = ${values.bind('String', scope.project)}`;
  const whole = `hour >= ${first} AND hour < ${end}`;
  const marked = settledHours(database, `${project} AND ${whole}`, moment(counting.as_of_ms));
  const columns = [...cellKeys(kind), ...wanted].join(', ');
  const settled = `SELECT ${columns} FROM ${database}.${ROLLUP_TABLES[kind]} WHERE ${project} AND ${whole}`;
  const clean = cleanHours(counting, scope);
  if (counting.repeats === 'stored' && isSettled(scope, clean)) {
    const chosen = [...clean].filter((hour) => hour >= first && hour < end).length;
    return {
      ctes: [`published AS (SELECT hour, version FROM (${marked}) WHERE version != 0)`],
      // An hour that was unsettled since the first statement must not be missed in silence.
      select: `${settled} AND (hour, version) IN (SELECT hour, version FROM published)
    AND (SELECT throwIf(count() != ${chosen}) FROM published) = 0`,
    };
  }
  const tail = countedCallsOf(
    {
      ...scope,
      from_ms: Math.max(scope.from_ms, horizonMs(scope)),
      // What is not settled has to be looked at with fresh eyes: rows may come to it between the statements.
      counting: { ...counting, repeats: counting.repeats === 'stored' ? 'searched' : counting.repeats },
    },
    {
      own: 'hour IN (SELECT arrayJoin(unsettled))',
      wide: 'hour IN (SELECT toInt32(arrayJoin(unsettled) + arrayJoin([-1, 0, 1])))',
    },
    values,
  );
  return {
    ctes: [...hourCtes(scope, project, marked), ...tail.ctes],
    select: `${settled} AND (hour, version) IN (SELECT c.1, c.2 FROM (SELECT arrayJoin(clean) AS c))
  UNION ALL
  SELECT ${columns} FROM (${cellsOfCalls(tail.select, kind, wanted)})`,
  };
}

/** CTEs `clean`, hours with their versions, and `unsettled`, the other hours of the window: by the calls as they are. */
function hourCtes(scope: SettledScope, project: string, marked: string): string[] {
  const first = Math.floor(scope.from_ms / MS_PER_HOUR);
  const last = Math.floor((scope.to_ms - 1) / MS_PER_HOUR);
  return [
    `(SELECT groupArray((hour, newest)) FROM (SELECT hour, toUnixTimestamp64Milli(max(inserted_at)) AS newest
    FROM ${scope.database}.calls WHERE ${project} AND hour >= ${first - 1} AND hour <= ${last + 1} GROUP BY project, hour)) AS newest_by_hour`,
    `(SELECT groupArray((hour, version)) FROM (
    SELECT marked.hour AS hour, marked.version AS version FROM (${marked}) AS marked
    LEFT JOIN (SELECT toInt32(u.1 + arrayJoin([-1, 0, 1])) AS hour, max(u.2) AS newest
      FROM (SELECT arrayJoin(newest_by_hour) AS u) GROUP BY hour) AS near ON near.hour = marked.hour
    WHERE marked.version != 0
      AND (marked.hour < ${firstLiveHour(scope)} OR near.newest <= marked.watermark - ${CLOCK_GRAIN_MS}))) AS clean`,
    `(SELECT groupArray(hour) FROM (SELECT (arrayJoin(newest_by_hour) AS u).1 AS hour)
    WHERE hour >= ${first} AND hour <= ${last} AND hour NOT IN (SELECT (arrayJoin(clean) AS c).1)) AS unsettled`,
  ];
}

/** Rows that a statement on the calls of the window would read, about. */
export function callsInWindow(
  counting: Counting,
  { from_ms, to_ms }: { from_ms: number; to_ms: number },
): number {
  return counting.hours
    .filter(({ hour }) => (hour + 1) * MS_PER_HOUR > from_ms && hour * MS_PER_HOUR < to_ms)
    .reduce((sum, { rows }) => sum + rows, 0);
}
