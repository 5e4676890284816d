/** Steps of a migration: statements, and waits between them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { watermarkStatement } from '../queries/settling/watermark.ts';
import { type Warehouse, WarehouseError } from '../seams.ts';

export type Step = string | ((warehouse: Warehouse) => Promise<void>);

const ATTEMPTS = 5;
// "Mutation not finished", "table is being altered", "replica is busy": an ALTER beside another one.
const BUSY_CODES = new Set([36, 473, 517, 999]);

export async function runStep(warehouse: Warehouse, step: Step): Promise<void> {
  if (typeof step !== 'string') return step(warehouse);
  for (let attempt = 1; ; attempt++) {
    try {
      return await warehouse.command(step);
    } catch (error) {
      const busy = error instanceof WarehouseError && error.code !== undefined && BUSY_CODES.has(error.code);
      if (!busy || attempt === ATTEMPTS) throw error;
      await sleep(200 * attempt);
    }
  }
}

const POLL_MS = 200;
const WAIT_MOST_MS = 120_000;

/**
 * Waits for the inserts of calls that are under way: they know no view that has been created since they began. Rejects
 * with an Error when one of them takes too long.
 */
export function insertsHaveEnded(cluster?: string): Step {
  const watermark = async (warehouse: Warehouse): Promise<{ watermark_ms: number; now_ms: number }> => {
    const sql = `SELECT watermark_ms, toUnixTimestamp64Milli(now64(3)) AS now_ms FROM (${watermarkStatement(cluster)})`;
    const { rows } = await warehouse.query<{ watermark_ms: string; now_ms: string }>(sql);
    return { watermark_ms: Number(rows[0]!.watermark_ms), now_ms: Number(rows[0]!.now_ms) };
  };
  return async (warehouse) => {
    const began_ms = (await watermark(warehouse)).now_ms;
    for (let now_ms = began_ms; now_ms - began_ms < WAIT_MOST_MS; await sleep(POLL_MS)) {
      const asked = await watermark(warehouse);
      if (asked.watermark_ms >= began_ms) return;
      now_ms = asked.now_ms;
    }
    throw new Error(
      `An insert of calls has been under way for ${WAIT_MOST_MS / 1000} s: start again when it has ended.`,
    );
  };
}
