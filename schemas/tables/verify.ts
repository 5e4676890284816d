/** The pair assertion: what the record says, the live table must say too. */
import { calls } from '../record/calls.ts';
import { payloads } from '../record/payloads.ts';
import { scores } from '../record/scores.ts';
import type { Warehouse } from '../seams.ts';

/** Rejects with an Error naming the first column that is missing or of another type. */
export async function verifyTables(warehouse: Warehouse, database: string): Promise<void> {
  const { rows } = await warehouse.query<{ table: string; name: string; type: string }>(
    'SELECT table, name, type FROM system.columns WHERE database = {database:String}',
    { params: { database } },
  );
  const live = new Map(rows.map((row) => [`${row.table}.${row.name}`, row.type]));
  for (const table of [calls, payloads, scores]) {
    for (const [name, { type }] of Object.entries(table.fields)) {
      const found = live.get(`${table.name}.${name}`);
      if (found === undefined) throw new Error(`Table ${table.name} lacks the column ${name}.`);
      if (found !== type.name) {
        throw new Error(`Column ${table.name}.${name} is ${found}, the record says ${type.name}.`);
      }
    }
  }
}
