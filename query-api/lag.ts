/** Messages that wait to be stored, from what ingest reports. */
import { type LagRow, lagStatement } from '../schemas/queries/ingest-lag.ts';
import type { Warehouse } from '../schemas/seams.ts';

/** Ingest reports every ten seconds; what is older says nothing about now. */
const OLDEST_MS = 60_000;

export interface Lag {
  messages: number;
  /** ISO 8601. */
  reported_at: string;
  age_s: number;
  partitions: { topic: string; partition: number; messages: number }[];
}

/** Null where nobody has reported lately: nothing is known then, and 0 would say that nothing waits. */
export async function readLag(warehouse: Warehouse, database: string): Promise<Lag | null> {
  const { sql, params } = lagStatement(database);
  const { rows } = await warehouse.query<LagRow>(sql, { params });
  const newest_ms = Math.max(...rows.map(({ reported_ms }) => reported_ms));
  const age_ms = (rows[0]?.now_ms ?? 0) - newest_ms;
  if (rows.length === 0 || age_ms > OLDEST_MS) return null;
  return {
    messages: rows.reduce((sum, { messages }) => sum + messages, 0),
    reported_at: new Date(newest_ms).toISOString(),
    age_s: Math.max(0, age_ms) / 1000,
    partitions: rows.map(({ topic, partition, messages }) => ({ topic, partition, messages })),
  };
}
