/** The pair assertion: what the record and the cells of rollups say, the live tables must say too. */
import { CELL_COLUMN_NAMES, CELL_KINDS, cellColumn, ROLLUP_TABLES } from '../queries/cells.ts';
import { calls } from '../record/calls.ts';
import { payloads } from '../record/payloads.ts';
import { scores } from '../record/scores.ts';
import type { Warehouse } from '../seams.ts';
import { FAILED_CALLS } from './failed-calls.ts';

/** Rejects with an Error naming the first column that is missing or of another type. */
export async function verifyTables(warehouse: Warehouse, database: string): Promise<void> {
  const { rows } = await warehouse.query<{ table: string; name: string; type: string }>(
    'SELECT table, name, type FROM system.columns WHERE database = {database:String}',
    { params: { database } },
  );
  const live = new Map(rows.map((row) => [`${row.table}.${row.name}`, row.type]));
  const check = (table: string, name: string, type: string): void => {
    const found = live.get(`${table}.${name}`);
    if (found === undefined) throw new Error(`Table ${table} lacks the column ${name}.`);
    if (found !== type) throw new Error(`Column ${table}.${name} is ${found}, the record says ${type}.`);
  };
  for (const { name: table, fields } of [calls, payloads, scores, { ...calls, name: FAILED_CALLS }]) {
    for (const [name, { type }] of Object.entries(fields)) check(table, name, type.name);
  }
  for (const kind of CELL_KINDS) {
    for (const name of CELL_COLUMN_NAMES) check(ROLLUP_TABLES[kind], name, cellColumn(name).type);
  }
}
