/**
 * The audit: what a settled hour's rollups hold against its calls, counted from scratch: the repeats that are stored are
 * those found anew, and the cells those of the calls less them.
 */
import { BoundValues } from '../bound-values.ts';
import {
  CELL_COLUMN_NAMES,
  type CellKind,
  cellColumn,
  cellKeys,
  cellsOfCalls,
  isHistogram,
  ROLLUP_TABLES,
} from '../cells.ts';
import {
  type CountedScope,
  countedCallsOf,
  freshSpanCtes,
  notErased,
  storedPairs,
} from '../counted-calls.ts';
import { bucketCounts } from '../histogram.ts';
import type { Statement } from '../statement.ts';
import { pairs } from './pairs.ts';
import { cellsOfShare, hoursOf } from './settle.ts';
import { inShare, type Share } from './shares.ts';
import { CLOCK_GRAIN_MS, moment } from './times.ts';

export interface AuditUnit {
  project: string;
  hour: number;
  /** A UInt64, hence text. */
  version: string;
  audited_ms: number;
}

/** Clean live hours whose repeats are all stored, those whose last audit is the longest ago first; hours that were never audited in random order. */
export function auditUnitsStatement(database: string, first_live_hour: number, limit: number): string {
  return `SELECT marks.project AS project, marks.hour AS hour, toString(marks.published) AS version, toUnixTimestamp64Milli(audits.last) AS audited_ms
FROM (
  SELECT project, hour, max(watermark) AS upto, argMax(version, (watermark, version)) AS published
  FROM ${database}.settled WHERE hour >= ${first_live_hour} GROUP BY project, hour) AS marks
LEFT JOIN (
  SELECT project, toInt32(hour + arrayJoin([-1, 0, 1])) AS hour, max(inserted_at) AS newest
  FROM ${database}.calls WHERE hour >= ${first_live_hour - 1} GROUP BY project, hour) AS touched ON touched.project = marks.project AND touched.hour = marks.hour
LEFT JOIN (SELECT project, hour, max(audited_at) AS last FROM ${database}.audits GROUP BY project, hour) AS audits
  ON audits.project = marks.project AND audits.hour = marks.hour
WHERE published != 0 AND touched.newest <= least(upto, (SELECT max(upto) FROM ${database}.examined)) - toIntervalMillisecond(${CLOCK_GRAIN_MS})
GROUP BY project, hour, version, audited_ms
ORDER BY audited_ms, rand() LIMIT ${limit}`;
}

/** One row: `number` of rows of the hour that are erased and not yet removed. */
export function erasedRowsStatement(scope: CountedScope, hour: number): Statement {
  const values = new BoundValues();
  const own = `hour = ${hour}`;
  const project = `project = ${values.bind('String', scope.project)}`;
  const kept = ['1', ...notErased(scope, project, own, values)].join(' AND ');
  const sql = `SELECT count() AS number FROM ${scope.database}.calls WHERE ${project} AND ${own} AND NOT (${kept})`;
  return { sql, params: values.params };
}

/**
 * One row: `differences`, how many spans of a share of the hour are struck out by the pairs that are stored and not by
 * those found from scratch, or the other way round. Rows that came since are found here too. Erased spans count in no
 * answer, struck out or not; of two that go together one may be removed before the other.
 */
export function repeatsAuditStatement(scope: CountedScope, hour: number, share: Share): Statement {
  const values = new BoundValues();
  const { database } = scope;
  const hours = hoursOf([hour]);
  const project = `project = ${values.bind('String', scope.project)}`;
  const asked = [hours.own, inShare(share, 'trace_id'), ...notErased(scope, project, hours.own, values)];
  const search = { many: true, share: asked.join(' AND ') };
  const ctes = freshSpanCtes(
    `${database}.calls`,
    project,
    { fresh: hours.own, near: hours.wide },
    moment(0),
    search,
  );
  const span = 'hour, trace_id, span_id';
  // Of a pair only the span that it strikes out is looked at, in the hour and the share that this is about.
  const struck = (pairs: string): string =>
    `SELECT DISTINCT ${span} FROM (${pairs}) WHERE (${span}) IN (SELECT ${span} FROM fresh)`;
  const sql = `WITH ${ctes.join(',\n')}
SELECT count() AS differences FROM (
  SELECT ${span} FROM (
    ${struck(pairs())}
    UNION ALL
    ${struck(storedPairs(database, `${project} AND ${hours.own}`))})
  GROUP BY ${span} HAVING count() != 2)`;
  return { sql, params: values.params };
}

/** Sums of floats depend on the order of adding. */
const RELATIVE_ERROR = 1e-9;

/**
 * One row: `cells`, how many of a share were compared, and `differences`, how many of them differ from the calls less
 * the stored repeats.
 */
export function cellsAuditStatement(
  scope: CountedScope,
  hour: number,
  version: string,
  kind: CellKind,
  share: Share,
): Statement {
  const values = new BoundValues();
  const hours = hoursOf([hour]);
  const ofShare = cellsOfShare(share, kind);
  const counted = countedCallsOf(scope, hours, values, ofShare);
  const project = `project = ${values.bind('String', scope.project)}`;
  const keys = cellKeys(kind);
  const columns = CELL_COLUMN_NAMES;
  const marked = `SELECT 1 AS of_rollup, ${[...keys.map((key) => (key === 'hour' ? key : `toString(${key}) AS ${key}`)), ...columns].join(', ')}`;
  const differs = columns.map((name) => {
    const [rollup, calls] = [`anyIf(${name}, of_rollup = 1)`, `anyIf(${name}, of_rollup = 0)`];
    if (isHistogram(name)) return `${bucketCounts(rollup)} != ${bucketCounts(calls)}`;
    return cellColumn(name).approximate
      ? `ifNull(abs(${rollup} - ${calls}) > ${RELATIVE_ERROR} * abs(${calls}), isNull(${rollup}) != isNull(${calls}))`
      : `NOT (${rollup} <=> ${calls})`;
  });
  const sql = `WITH ${[...counted.ctes, '1 AS one'].join(',\n')}
SELECT count() AS cells, countIf(differs) AS differences FROM (
  SELECT ${keys.join(', ')}, count() != 2 OR ${differs.join(' OR ')} AS differs
  FROM (
    ${marked} FROM ${scope.database}.${ROLLUP_TABLES[kind]} WHERE ${project} AND hour = ${hour} AND version = toUInt64('${BigInt(version)}') AND ${ofShare}
    UNION ALL
    ${marked.replace('1 AS of_rollup', '0 AS of_rollup')} FROM (${cellsOfCalls(counted.select, kind)}))
  GROUP BY ${keys.join(', ')})`;
  return { sql, params: values.params };
}
