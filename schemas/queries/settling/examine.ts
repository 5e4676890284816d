/** Examining: repeats among the rows inserted since the last time are found, once, and kept in the table of pairs. */
import { freshCtes, storedPairs } from '../counted-calls.ts';
import { OWN_PROJECT } from '../project.ts';
import { PAIR_COLUMNS, pairs } from './pairs.ts';
import { inShare, type Share } from './shares.ts';
import { moment } from './times.ts';

/**
 * One row: how far repeats have been looked for, the newest row there is, and when an hour was last unsettled on
 * purpose, in milliseconds.
 */
export function progressStatement(database: string): string {
  return `SELECT (SELECT toUnixTimestamp64Milli(max(upto)) FROM ${database}.examined) AS examined_ms,
  (SELECT toUnixTimestamp64Milli(max(inserted_at)) FROM ${database}.calls WHERE project != '${OWN_PROJECT}') AS newest_ms,
  (SELECT toUnixTimestamp64Milli(max(watermark)) FROM ${database}.settled WHERE version = 0) AS unsettled_ms,
  toUnixTimestamp64Milli(now64(3)) AS now_ms`;
}

/** `hour` and `rows` (all of it, deliveries counted) of the hours with rows inserted after `since_ms`. */
export function freshHoursStatement(database: string, since_ms: number, first_hour: number): string {
  return `SELECT hour, sum(number) AS rows FROM (
  SELECT project, hour, max(inserted_at) AS newest, count() AS number FROM ${database}.calls
  WHERE hour >= ${first_hour} GROUP BY project, hour HAVING newest > ${moment(since_ms)})
GROUP BY hour ORDER BY hour`;
}

export interface Examination {
  database: string;
  /** Rows inserted after it are looked at. */
  since_ms: number;
  /** Asked of the database before: rows inserted before it are visible. */
  watermark_ms: number;
  /** Hours whose rows are looked at, both included. */
  first_hour: number;
  last_hour: number;
}

/** One row: `fresh`, how many rows are to be looked at, deliveries counted. */
export function freshRowsStatement({ database, since_ms, first_hour, last_hour }: Examination): string {
  return `SELECT count() AS fresh FROM ${database}.calls
WHERE hour >= ${first_hour} AND hour <= ${last_hour} AND inserted_at > ${moment(since_ms)}`;
}

/**
 * Stores the pairs of a share of those rows, and for pairs that they belonged to and do not any more, since their content has
 * changed, that they do not hold: as of when the row that changed them came, so that it is one with that row.
 */
export function examineStatement(examination: Examination, share: Share): string {
  const { database, since_ms, watermark_ms, first_hour, last_hour } = examination;
  const since = moment(since_ms);
  const watermark = moment(watermark_ms);
  const wide = `hour >= ${first_hour - 1} AND hour <= ${last_hour + 1}`;
  const own = `hour >= ${first_hour} AND hour <= ${last_hour}`;
  const search = { many: true, share: `${own} AND ${inShare(share, 'trace_id')}` };
  const ctes = freshCtes(`${database}.calls`, '1', { fresh: own, near: wide }, since, search);
  // Both spans of a pair that is older than the watermark are visible here for certain.
  const known = storedPairs(database, wide, `max(at) < ${watermark}`);
  const touched = `SELECT ${PAIR_COLUMNS.split(', ')
    .map((name) => `known.${name} AS ${name}`)
    .join(', ')}, fresh.inserted_at AS changed
  FROM (SELECT *, arrayJoin([(hour, trace_id, span_id), (by_hour, by_trace_id, by_span_id)]) AS span FROM (${known})) AS known
  INNER JOIN fresh ON known.project = fresh.project AND known.span.1 = fresh.hour
    AND known.span.2 = fresh.trace_id AND known.span.3 = fresh.span_id`;
  // What is found is read once: each mention of a CTE that stands on others costs them again.
  return `INSERT INTO ${database}.repeats (${PAIR_COLUMNS}, at, holds, examined_at)
WITH ${ctes.join(',\n')}
SELECT ${PAIR_COLUMNS}, if(any_found, maxIf(seen, is_found), max(seen)), max(is_found) AS any_found, ${watermark}
FROM (
  SELECT ${PAIR_COLUMNS}, at AS seen, true AS is_found FROM (${pairs()})
  UNION ALL
  SELECT ${PAIR_COLUMNS}, changed AS seen, false AS is_found FROM (${touched}))
GROUP BY ${PAIR_COLUMNS}`;
}

/** Says that repeats are found up to the watermark. */
export function markExaminedStatement(database: string, watermark_ms: number): string {
  return `INSERT INTO ${database}.examined (upto) VALUES (${moment(watermark_ms)})`;
}
