/**
 * In which hours calls of a trace, a prompt or an answer lie: what leads a lookup to the sort key of `calls`. The index
 * of a table grows with the table, this with its logarithm. Of an id it keeps 32 bits: two that share them cost a
 * lookup one hour more, and name nobody. Filled by a view, in the insert itself; deliveries replace each other.
 */
import { fetchInserted } from '../queries/settling/watermark.ts';
import { createTable, type DdlOptions, PART_RETENTION, type TableRetention } from './ddl.ts';
import { insertsHaveEnded, type Step } from './steps.ts';

export const CALL_HOURS = 'call_hours';
const FEED = 'call_hours_feed';

/** What calls are looked up by, and the numbers that keep equal bytes of two of them apart. */
const LOOKUP_COLUMNS = { trace_id: 1, prompt_hash: 2, response_hash: 3 } as const;
export type LookupColumn = keyof typeof LOOKUP_COLUMNS;

/** The id in the table of a value, which is an expression of the column's type. */
export function lookupId(column: LookupColumn, value: string): string {
  return `toUInt32(cityHash64(${LOOKUP_COLUMNS[column]}, ${value}))`;
}

const hashId = (column: LookupColumn): string =>
  `if(${column} IS NULL, [], [${lookupId(column, `assumeNotNull(${column})`)}])`;

const IDS = `arrayConcat([${lookupId('trace_id', 'trace_id')}], ${hashId('prompt_hash')}, ${hashId('response_hash')})`;

const idsOf = (database: string): string =>
  `SELECT project, arrayJoin(${IDS}) AS id, hour FROM ${database}.calls`;

/** Calls that are there already are taken in parts, each by far within the time that a statement has. */
const FILLS = 8;

/** Steps that create the table and its feed, and fill it with what is stored without that. */
export function createCallHours(options: DdlOptions): Step[] {
  const { database, cluster } = options;
  return [
    createTable(options, CALL_HOURS, {
      columns: [
        'project LowCardinality(String)',
        'id UInt32 CODEC(Delta(4), ZSTD(1))',
        'hour Int32 CODEC(ZSTD(1))',
      ],
      version: '',
      layout: 'PARTITION BY intDiv(hour, 720)\nORDER BY (project, id, hour)',
      settings: `${PART_RETENTION}, index_granularity = 2048`,
    }),
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.${FEED}${cluster ? ` ON CLUSTER '${cluster}'` : ''}
TO ${database}.${CALL_HOURS} AS ${idsOf(database)}`,
    insertsHaveEnded(cluster),
    ...(cluster ? [fetchInserted(database)] : []),
    ...Array.from(
      { length: FILLS },
      (_, part) =>
        `INSERT INTO ${database}.${CALL_HOURS} ${idsOf(database)} WHERE intDiv(hour, 24) % ${FILLS} = ${part}`,
    ),
  ];
}

/** A day longer than calls, as they are placed by whole hours; a part goes when all of it has expired. */
export function callHoursRetention(calls_days: number): TableRetention {
  return { table: CALL_HOURS, time: 'toDateTime(hour * 3600)', days: calls_days + 1 };
}

/** The view inserts with the rights of whoever defined it: that shall be who migrates now, as others may be dropped. */
export function takeOverFeed({ database, cluster }: DdlOptions): string {
  return `ALTER TABLE ${database}.${FEED}${cluster ? ` ON CLUSTER '${cluster}'` : ''} MODIFY SQL SECURITY DEFINER DEFINER = CURRENT_USER`;
}
