/** Settling: hours become cells of the rollup tables under a version of their own, published by one row each. */
import { BoundValues } from '../bound-values.ts';
import {
  CELL_COLUMN_NAMES,
  type CellKind,
  cellKeys,
  cellsOfCalls,
  coarseCells,
  ROLLUP_TABLES,
  storedCells,
} from '../cells.ts';
import { type CountedScope, countedCallsOf, type HourCondition } from '../counted-calls.ts';
import type { Statement } from '../statement.ts';
import { inShare, type Share } from './shares.ts';
import { CLOCK_GRAIN_MS, MS_PER_HOUR, moment } from './times.ts';

/** An hour of a project that holds calls; `calls` counts deliveries. */
export interface HourOfCalls {
  project: string;
  hour: number;
  calls: number | string;
}

/** Hours that are still being filled are not settled; the reader takes them from the calls. */
const HOURS_OPEN = 2;

export interface DueScope {
  database: string;
  now_ms: number;
  /** Hours before it are frozen. */
  first_live_hour: number;
  limit: number;
}

/**
 * Hours whose rows are newer than their settlement, or a neighbour's are, and all looked at for repeats already: so they
 * are clean once settled, and settling looks for none. Oldest first. `waiting` on each row is how many there are in all.
 */
export function dueStatement({ database, now_ms, first_live_hour, limit }: DueScope): string {
  const last = Math.floor(now_ms / MS_PER_HOUR) - HOURS_OPEN;
  return `SELECT units.project AS project, units.hour AS hour, units.own AS calls, count() OVER () AS waiting FROM (
  SELECT project, toInt32(of_hour + offset) AS hour, max(newest) AS newest, sumIf(number, offset = 0) AS own FROM (
    SELECT project, hour AS of_hour, max(inserted_at) AS newest, count() AS number, arrayJoin([-1, 0, 1]) AS offset
    FROM ${database}.calls WHERE hour >= ${first_live_hour - 1} AND hour <= ${last + 1} GROUP BY project, hour)
  GROUP BY project, hour) AS units
LEFT JOIN (
  SELECT project, hour, max(watermark) AS upto, 1 AS is_settled, argMax(version, (watermark, version)) AS published
  FROM ${database}.settled WHERE hour >= ${first_live_hour} GROUP BY project, hour) AS marks USING (project, hour)
WHERE hour >= ${first_live_hour} AND hour <= ${last}
  AND if(marks.is_settled = 1, marks.published = 0 OR units.newest > marks.upto - toIntervalMillisecond(${CLOCK_GRAIN_MS}), units.own > 0)
  AND units.newest <= (SELECT max(upto) FROM ${database}.examined) - toIntervalMillisecond(${CLOCK_GRAIN_MS})
ORDER BY hour, project LIMIT ${limit}`;
}

/** Hours of projects that hold calls, from the first to the last, both included. */
export function hoursOfCallsStatement(database: string, first: number, last: number): string {
  return `SELECT toString(project) AS project, hour, count() AS calls FROM ${database}.calls
WHERE hour >= ${Math.trunc(first)} AND hour <= ${Math.trunc(last)} GROUP BY project, hour ORDER BY hour, project`;
}

/** Some hours as a condition. */
export function hoursOf(hours: readonly number[]): HourCondition {
  const wide = [...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))];
  return { own: `hour IN (${hours.join(', ')})`, wide: `hour IN (${wide.join(', ')})` };
}

/** Coarse cells of a share are made of the fine ones of any share, so all of those have to be there first. */
export const SETTLE_ORDER: readonly CellKind[] = ['calls', 'slices', 'models'];

/**
 * Writes the cells of one kind and share, of those hours of one project, under a version that no reader chooses before
 * it is marked. Kinds go in SETTLE_ORDER.
 */
export function settleStatement(
  scope: CountedScope,
  hours: readonly number[],
  version: string,
  kind: CellKind,
  share: Share,
): Statement {
  const values = new BoundValues();
  const own = hoursOf(hours);
  const counted = countedCallsOf(scope, own, values, cellsOfShare(share, kind));
  const project = values.bind('String', scope.project);
  const number = `toUInt64('${BigInt(version)}')`;
  const columns = [...cellKeys(kind), ...CELL_COLUMN_NAMES].join(', ');
  const fine = `SELECT * FROM ${scope.database}.${ROLLUP_TABLES.calls} WHERE project = ${project} AND ${own.own} AND version = ${number} AND ${cellsOfShare(share, kind)}`;
  const cells = kind === 'models' ? coarseCells(fine) : cellsOfCalls(counted.select, kind);
  const ctes = kind === 'models' ? [] : counted.ctes;
  const sql = `INSERT INTO ${scope.database}.${ROLLUP_TABLES[kind]} (project, version, ${columns})
WITH ${[...ctes, '1 AS one'].join(',\n')}
SELECT ${project}, ${number}, ${columns} FROM (${storedCells(cells)})`;
  return { sql, params: values.params };
}

/** A condition on calls and on fine cells alike: those of the cells of a share. Calls do not know one slice. */
export function cellsOfShare(share: Share, kind: CellKind): string {
  const keys = cellKeys(kind).filter((key) => key !== 'slice');
  return inShare(share, keys.map((key) => `toString(${key})`).join(', '));
}

/** Publishes a version of those hours; version 0 unsettles them: they are read from the calls until settled again. */
export function markSettledStatement(
  database: string,
  project: string,
  hours: readonly number[],
  version: string,
  watermark_ms: number,
): Statement {
  const values = new BoundValues();
  const sql = `INSERT INTO ${database}.settled (project, hour, version, watermark)
SELECT ${values.bind('String', project)}, arrayJoin([${hours.map((hour) => `toInt32(${hour})`).join(', ')}]), toUInt64('${BigInt(version)}'), ${moment(watermark_ms)}`;
  return { sql, params: values.params };
}

/** Versions that no reader chooses any more: an hour after the hour was last marked, a day after they were made. */
const MARKED_GRACE_MS = MS_PER_HOUR;
const VERSION_GRACE_MS = 24 * MS_PER_HOUR;

/** A version is the time of its making with twenty random bits below, so that it tells its age. */
export function newVersion(now_ms: number, random: number): string {
  return String((BigInt(Math.trunc(now_ms)) << 20n) | BigInt(Math.floor(random * 2 ** 20)));
}

/**
 * Of each table, in this order: how many rows of versions there are that nobody chooses (one row, `number`), and what
 * removes them. Versions that were never published are among them: what an attempt that failed has left.
 */
export function collectStatements(database: string, now_ms: number): { count: string; remove: string }[] {
  const superseded = supersededCondition(database, now_ms);
  return [...Object.values(ROLLUP_TABLES), 'settled'].map((table) => ({
    count: `SELECT count() AS number FROM ${database}.${table} WHERE ${superseded}`,
    remove: `ALTER TABLE ${database}.${table} DELETE WHERE ${superseded}`,
  }));
}

function supersededCondition(database: string, now_ms: number): string {
  return `version < toUInt64('${newVersion(now_ms - VERSION_GRACE_MS, 0)}')
  AND (project, hour, version) NOT IN (SELECT project, hour, argMax(version, (watermark, version)) FROM ${database}.settled GROUP BY project, hour)
  AND (project, hour) NOT IN (SELECT project, hour FROM ${database}.settled GROUP BY project, hour HAVING max(marked_at) > ${moment(now_ms - MARKED_GRACE_MS)})`;
}
