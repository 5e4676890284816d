/** What of the log is not stored yet, as ingest says it. */
import { LAG_TABLE } from '../tables/ddl.ts';
import type { Statement } from './statement.ts';

export interface LagRow {
  topic: string;
  partition: number;
  messages: number;
  reported_ms: number;
  now_ms: number;
}

/** Partitions of the newest report, by the database's clock; none where there never was one. */
export function lagStatement(database: string): Statement {
  const newest = `(SELECT max(reported_at) FROM ${database}.${LAG_TABLE})`;
  const sql = `SELECT topic, partition, toFloat64(messages) AS messages,
  toFloat64(toUnixTimestamp64Milli(reported_at)) AS reported_ms, toFloat64(toUnixTimestamp64Milli(now64(3))) AS now_ms
FROM ${database}.${LAG_TABLE} FINAL
WHERE reported_at >= ${newest} - INTERVAL 5 SECOND
ORDER BY topic, partition`;
  return { sql, params: {} };
}
