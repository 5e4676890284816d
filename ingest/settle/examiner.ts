/** Finds the repeats among new rows and stores them, so that reads need not look for them. */
import {
  examineStatement,
  freshHoursStatement,
  markExaminedStatement,
  progressStatement,
} from '../../schemas/queries/settling/examine.ts';
import { CLOCK_GRAIN_MS, firstLiveHour } from '../../schemas/queries/settling/times.ts';
import { rowsOf, run, type SettleStore, watermarkOf } from './store.ts';

/** Rows looked at by one statement: bounds its memory when a backlog comes, after an import or a long pause. */
const ROWS_AT_ONCE = 300_000;

export interface Progress {
  /** Repeats are found among rows inserted before it, in milliseconds of the database's clock. */
  examined_ms: number;
  newest_ms: number;
  /** When an hour was last unsettled on purpose. */
  unsettled_ms: number;
  now_ms: number;
}

interface FreshHour {
  hour: number;
  fresh: number | string;
}

/** Runs of hours whose rows are few enough for one statement. */
export function chunksOf(hours: readonly FreshHour[], rows: number): { first: number; last: number }[] {
  const chunks: { first: number; last: number; rows: number }[] = [];
  for (const { hour, fresh } of hours) {
    const chunk = chunks.at(-1);
    if (chunk && chunk.rows + Number(fresh) <= rows) {
      chunk.last = hour;
      chunk.rows += Number(fresh);
    } else chunks.push({ first: hour, last: hour, rows: Number(fresh) });
  }
  return chunks;
}

/** How far repeats have been found, and how far there are rows. */
export async function progressOf(store: SettleStore): Promise<Progress> {
  const [row] = await rowsOf<Record<keyof Progress, number | string>>(
    store,
    progressStatement(store.database),
  );
  return {
    examined_ms: Number(row!.examined_ms),
    newest_ms: Number(row!.newest_ms),
    unsettled_ms: Number(row!.unsettled_ms),
    now_ms: Number(row!.now_ms),
  };
}

/**
 * Looks at the rows inserted since the last examination. Any number of processes may: the same pairs are stored
 * again. Rejects with WarehouseError; nothing is marked then, and all of it is looked at again.
 */
export async function examine(store: SettleStore): Promise<void> {
  const { database } = store;
  const { examined_ms } = await progressOf(store);
  const watermark_ms = await watermarkOf(store);
  const since_ms = Math.max(0, examined_ms - CLOCK_GRAIN_MS);
  const first_hour = firstLiveHour({ now_ms: store.now(), calls_days: store.calls_days }) - 1;
  const hours = await rowsOf<FreshHour>(store, freshHoursStatement(database, since_ms, first_hour));
  for (const { first, last } of chunksOf(hours, ROWS_AT_ONCE)) {
    await run(
      store,
      examineStatement({ database, since_ms, watermark_ms, first_hour: first, last_hour: last }),
    );
  }
  await run(store, markExaminedStatement(database, watermark_ms));
}

/** Looks at every row of some hours again, whatever was found before; the marks stay as they are. */
export async function reexamine(store: SettleStore, first_hour: number, last_hour: number): Promise<void> {
  const watermark_ms = await watermarkOf(store);
  const examination = { database: store.database, since_ms: 0, watermark_ms };
  const hours = await rowsOf<FreshHour>(store, freshHoursStatement(store.database, 0, first_hour));
  const within = hours.filter(({ hour }) => hour <= last_hour);
  for (const { first, last } of chunksOf(within, ROWS_AT_ONCE)) {
    await run(store, examineStatement({ ...examination, first_hour: first, last_hour: last }));
  }
}
