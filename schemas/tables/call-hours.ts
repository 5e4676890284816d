/**
 * In which hours calls of a trace, a prompt or an answer lie: what leads a lookup to the sort key of `calls`. The index
 * of a table grows with the table, this with its logarithm. Of an id it keeps 32 bits: two that share them cost a
 * lookup one hour more, and name nobody. Deliveries replace each other.
 */
import { type DdlOptions, PART_RETENTION, type TableRetention } from './ddl.ts';
import { createFed } from './feed.ts';
import type { Step } from './steps.ts';

export const CALL_HOURS = 'call_hours';

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

/** The table and its feed. */
export function createCallHours(options: DdlOptions): Step[] {
  return createFed(options, {
    table: CALL_HOURS,
    spec: {
      columns: [
        'project LowCardinality(String)',
        'id UInt32 CODEC(Delta(4), ZSTD(1))',
        'hour Int32 CODEC(ZSTD(1))',
      ],
      version: '',
      layout: 'PARTITION BY intDiv(hour, 720)\nORDER BY (project, id, hour)',
      settings: `${PART_RETENTION}, index_granularity = 2048`,
    },
    select: `project, arrayJoin(${IDS}) AS id, hour`,
  });
}

/** A day longer than calls, as they are placed by whole hours; a part goes when all of it has expired. */
export function callHoursRetention(calls_days: number): TableRetention {
  return { table: CALL_HOURS, time: 'toDateTime(hour * 3600)', days: calls_days + 1 };
}
