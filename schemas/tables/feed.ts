/**
 * Tables that a view fills from `calls`, in the insert itself: what `calls` holds is in them by the time its insert has
 * ended. They lead to calls, and `calls` alone says what counts.
 */
import { fetchInserted } from '../queries/settling/watermark.ts';
import { alterTable, createTable, type DdlOptions, type TableSpec } from './ddl.ts';
import { insertsHaveEnded, type Step } from './steps.ts';

export interface FedTable {
  table: string;
  spec: TableSpec;
  /** What it holds of a row of `calls`, in the names of its columns, and which rows it takes. */
  select: string;
  where?: string;
}

/** Calls that are there already are taken in parts, each by far within the time that a statement has. */
const FILLS = 8;

const feedOf = (table: string): string => `${table}_feed`;

/** Steps that create the table and its feed, and fill it with what is stored without that. */
export function createFed(options: DdlOptions, { table, spec, select, where }: FedTable): Step[] {
  const { database, cluster } = options;
  const rows = (...conditions: string[]): string => {
    const all = [...(where === undefined ? [] : [where]), ...conditions];
    return `SELECT ${select} FROM ${database}.calls${all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`}`;
  };
  return [
    createTable(options, table, spec),
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.${feedOf(table)}${cluster ? ` ON CLUSTER '${cluster}'` : ''}
TO ${database}.${table} AS ${rows()}`,
    insertsHaveEnded(cluster),
    ...(cluster ? [fetchInserted(database)] : []),
    ...Array.from(
      { length: FILLS },
      (_, part) => `INSERT INTO ${database}.${table} ${rows(`intDiv(hour, 24) % ${FILLS} = ${part}`)}`,
    ),
  ];
}

/** The view inserts with the rights of whoever defined it: that shall be who migrates now, as others may be dropped. */
export function takeOverFeed(options: DdlOptions, table: string): string {
  return `${alterTable(options, feedOf(table))} MODIFY SQL SECURITY DEFINER DEFINER = CURRENT_USER`;
}
