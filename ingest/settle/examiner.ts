/** Finds the repeats among new rows and stores them, so that reads need not look for them. */
import {
  type Examination,
  examineStatement,
  freshHoursStatement,
  freshRowsStatement,
  markExaminedStatement,
  progressStatement,
} from '../../schemas/queries/settling/examine.ts';
import { sharesOf } from '../../schemas/queries/settling/shares.ts';
import { CLOCK_GRAIN_MS, firstLiveHour } from '../../schemas/queries/settling/times.ts';
import { rowsOf, run, type SettleStore, watermarkOf } from './store.ts';
import { withinMemory } from './within-memory.ts';

/**
 * Rows looked at by one statement: bounds its memory and its time when a backlog comes, after an import or a long pause.
 * Of an hour that alone has more, each statement takes a share, and reads all of the hour for it: hence larger ones.
 */
const ROWS_AT_ONCE = 300_000;
const ROWS_OF_AN_HOUR_AT_ONCE = 1_000_000;

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
  /** All rows of the hour, new or not. */
  rows: number | string;
}

interface Chunk {
  first: number;
  last: number;
  rows: number;
}

/** Runs of hours whose rows are few enough for one statement, or single hours. */
function chunksOf(hours: readonly FreshHour[], rows: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (const { hour, rows: number } of hours) {
    const chunk = chunks.at(-1);
    if (chunk && chunk.rows + Number(number) <= rows) {
      chunk.last = hour;
      chunk.rows += Number(number);
    } else chunks.push({ first: hour, last: hour, rows: Number(number) });
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

/** How many shares so many rows are looked at in. */
export function sharesOfHour(rows: number): number {
  return Math.max(1, Math.ceil(rows / ROWS_OF_AN_HOUR_AT_ONCE));
}

async function freshRowsOf(store: SettleStore, examination: Examination): Promise<number> {
  const [row] = await rowsOf<{ fresh: number | string }>(store, freshRowsStatement(examination));
  return Number(row!.fresh);
}

async function examineHours(
  store: SettleStore,
  hours: readonly FreshHour[],
  times: { since_ms: number; watermark_ms: number },
): Promise<void> {
  const { database } = store;
  for (const { first, last, rows } of chunksOf(hours, ROWS_AT_ONCE)) {
    const examination = { database, ...times, first_hour: first, last_hour: last };
    // Mostly few of the rows of a full hour are new.
    const fresh = rows > ROWS_OF_AN_HOUR_AT_ONCE ? await freshRowsOf(store, examination) : rows;
    await withinMemory(sharesOfHour(fresh), async (of) => {
      for (const share of sharesOf(of)) await run(store, examineStatement(examination, share));
    });
  }
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
  await examineHours(store, hours, { since_ms, watermark_ms });
  await run(store, markExaminedStatement(database, watermark_ms));
}

/** Looks at every row of some hours again, whatever was found before; the marks stay as they are. */
export async function reexamine(store: SettleStore, first_hour: number, last_hour: number): Promise<void> {
  const watermark_ms = await watermarkOf(store);
  const hours = await rowsOf<FreshHour>(store, freshHoursStatement(store.database, 0, first_hour));
  const within = hours.filter(({ hour }) => hour <= last_hour);
  await examineHours(store, within, { since_ms: 0, watermark_ms });
}
