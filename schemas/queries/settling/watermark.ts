/**
 * Every row that was stamped before the watermark is visible: it is the start of the oldest insert of calls under
 * way, else now. A row is stamped when its insert is read and appears when that ends, however much later.
 */

const INSERTS_CALLS = '(?i)^\\\\s*insert\\\\s+into\\\\s+(table\\\\s+)?(`?\\\\w+`?\\\\.)?`?calls`?[\\\\s(]';
/** What the start of a statement, worked out from how long it has run, may be off by. */
const ELAPSED_GRAIN_MS = 20;

/** One row: `watermark_ms`. The user must see the statements of whoever inserts, on every server of a cluster. */
export function watermarkStatement(cluster?: string): string {
  const processes = cluster ? `clusterAllReplicas('${cluster}', system.processes)` : 'system.processes';
  return `SELECT toUnixTimestamp64Milli(least(now64(3), ifNull((
  SELECT minOrNull(now64(3) - toIntervalMillisecond(toInt64(elapsed * 1000) + ${ELAPSED_GRAIN_MS}))
  FROM ${processes} WHERE match(query, '${INSERTS_CALLS}')), now64(3)))) AS watermark_ms`;
}

/** Waits until the replica that is asked has what inserts into any other have brought; on a cluster only. */
export function fetchInserted(database: string): string {
  return `SYSTEM SYNC REPLICA ${database}.calls LIGHTWEIGHT`;
}
