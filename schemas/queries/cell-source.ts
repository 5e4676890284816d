/**
 * Cells of a window: of clean hours from the rollup tables, of all others made from the calls, in one statement. So
 * an answer from rollups is never staler than the calls.
 */
import type { BoundValues } from './bound-values.ts';
import { type CellColumnName, type CellKind, cellKeys, cellsOfCalls, ROLLUP_TABLES } from './cells.ts';
import { type CountedScope, countedCallsOf, type HourCondition, type Source } from './counted-calls.ts';
import { type Counting, cleanHours, settledHours } from './counting.ts';
import { ofHours } from './lookup-hours.ts';
import { CLOCK_GRAIN_MS, firstLiveHour, horizonMs, MS_PER_HOUR, moment } from './settling/times.ts';

/** Cells are only read after the first statement has said which hours are settled. */
export interface SettledScope extends CountedScope {
  counting: Counting;
}

/** More hours would be too long a list: a statement may take 256 KiB, and of a settled hour 30 bytes are in it. */
const LISTED_MOST_HOURS = 3_000;

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

/**
 * A condition on cells: of these hours, in the versions that the first statement saw. They hold what the calls were
 * then, and are kept for an hour after another takes their place.
 */
function publishedIn({ hours }: Counting, clean: ReadonlySet<number>): string {
  const chosen = hours.filter(({ hour }) => clean.has(hour));
  if (chosen.length === 0) return '0';
  return `(hour, version) IN (${chosen.map(({ hour, version }) => `(${hour}, ${BigInt(version)})`).join(', ')})`;
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
  const columns = [...cellKeys(kind), ...wanted].join(', ');
  const settled = `SELECT ${columns} FROM ${database}.${ROLLUP_TABLES[kind]} WHERE ${project} AND ${whole}`;
  const clean = cleanHours(counting, scope);
  const areListed = Math.max(counting.hours.length, shownHours(scope).length) <= LISTED_MOST_HOURS;
  if (areListed && counting.repeats !== 'scratch' && isSettled(scope, clean)) {
    return { ctes: [], select: `${settled} AND ${publishedIn(counting, clean)}` };
  }
  const hours =
    areListed && counting.fails_if_overtaken
      ? knownHours(scope, project, clean)
      : foundHours(scope, project, whole);
  const tail = countedCallsOf(
    { ...scope, from_ms: Math.max(scope.from_ms, horizonMs(scope)) },
    hours.unsettled,
    values,
  );
  return {
    ctes: [...hours.ctes, ...tail.ctes],
    select: `${settled} AND ${hours.published}
  UNION ALL
  SELECT ${columns} FROM (${cellsOfCalls(tail.select, kind, wanted)})`,
  };
}

/** Which hours come from where: `published` is a condition on cells, `unsettled` those on calls. */
interface HoursPlan {
  ctes: string[];
  published: string;
  unsettled: HourCondition;
}

const firstAndLast = ({ from_ms, to_ms }: { from_ms: number; to_ms: number }) => ({
  first: Math.floor(from_ms / MS_PER_HOUR),
  last: Math.floor((to_ms - 1) / MS_PER_HOUR),
});

/**
 * As the first statement saw it. A row that has come to a settled hour since, or to one beside it, was stamped after
 * the watermark of any settlement, as all that were visible were before: then the statement fails with STALE_CODE.
 */
function knownHours(scope: SettledScope, project: string, clean: ReadonlySet<number>): HoursPlan {
  const { hours } = scope.counting;
  const { first, end } = wholeHours(scope);
  const chosen = hours.filter(({ hour }) => clean.has(hour) && hour >= first && hour < end);
  const settled = new Set(chosen.map(({ hour }) => hour));
  const others = shownHours(scope).filter((hour) => !settled.has(hour));
  const live = chosen.filter(({ hour }) => hour >= firstLiveHour(scope));
  const watermark_ms = Math.max(...live.map((state) => state.watermark_ms));
  const near = ofHours(live.map(({ hour }) => hour)).wide;
  const isOvertaken = `(SELECT throwIf(max(inserted_at) > ${moment(watermark_ms - CLOCK_GRAIN_MS)}) FROM ${scope.database}.calls WHERE ${project} AND ${near}) = 0`;
  return {
    ctes: [],
    published: [publishedIn(scope.counting, settled), ...(live.length === 0 ? [] : [isOvertaken])].join(
      ' AND ',
    ),
    unsettled: ofHours(others),
  };
}

/** Hours of the window of which calls are shown. */
function shownHours(scope: SettledScope): number[] {
  const { first, last } = firstAndLast(scope);
  const shown = Math.max(first, Math.floor(horizonMs(scope) / MS_PER_HOUR));
  return Array.from({ length: Math.max(0, last - shown + 1) }, (_, index) => shown + index);
}

/** As the second statement finds it: it costs more, and nothing can come in between. */
function foundHours(scope: SettledScope, project: string, whole: string): HoursPlan {
  const marked = settledHours(scope.database, `${project} AND ${whole}`, moment(scope.counting.as_of_ms));
  return {
    ctes: hourCtes(scope, project, marked),
    published: '(hour, version) IN (SELECT c.1, c.2 FROM (SELECT arrayJoin(clean) AS c))',
    unsettled: {
      own: 'hour IN (SELECT arrayJoin(unsettled))',
      wide: 'hour IN (SELECT toInt32(arrayJoin(unsettled) + arrayJoin([-1, 0, 1])))',
    },
  };
}

/** CTEs `clean`, hours with their versions, and `unsettled`, the other hours of the window: by the calls as they are. */
function hourCtes(scope: SettledScope, project: string, marked: string): string[] {
  const { first, last } = firstAndLast(scope);
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
