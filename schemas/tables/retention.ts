/** What each table keeps, and the statements that say so. */
import { callHoursRetention } from './call-hours.ts';
import { alterTable, type DdlOptions, type Retention, type TableRetention } from './ddl.ts';
import { failedCallsRetention } from './failed-calls.ts';
import { settlingRetention } from './settling.ts';

/** What each table keeps, by the settings. */
export function retentionOf(retention: Retention): TableRetention[] {
  return [
    { table: 'calls', time: 'toDateTime(started_at)', days: retention.calls_days },
    { table: 'payloads', time: 'toDateTime(started_at)', days: retention.payloads_days },
    { table: 'scores', time: 'toDateTime(scored_at)', days: retention.calls_days },
    callHoursRetention(retention.calls_days),
    failedCallsRetention(retention.calls_days),
    ...settlingRetention(retention),
  ];
}

export function alterRetention(options: DdlOptions, { table, time, days }: TableRetention): string {
  return `${alterTable(options, table)} MODIFY TTL ${time} + INTERVAL ${days} DAY`;
}

/** The same as the server writes it back in `create_table_query`. */
export function retentionInForce({ time, days }: TableRetention): string {
  return `TTL ${time} + toIntervalDay(${days})`;
}
