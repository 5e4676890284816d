/** Erases a user: at once from every answer, then from the disk. */
import {
  type ErasableTable,
  type Erasure,
  erasableStatement,
  eraseStatement,
  leftOfErasedStatement,
  recentErasuresStatement,
  recordErasure,
  removeLeftOfErased,
  returnedStatement,
  takenStatement,
  takeOwnSpans,
  takePartners,
} from '../../schemas/queries/settling/erase.ts';
import { type Share, sharesOf } from '../../schemas/queries/settling/shares.ts';
import { firstLiveHour, MS_PER_DAY } from '../../schemas/queries/settling/times.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import { FAILED_CALLS } from '../../schemas/tables/failed-calls.ts';
import { examine } from './examiner.ts';
import { unsettleHours } from './settle-hours.ts';
import { rowsOf, run, type SettleStore } from './store.ts';
import { withinMemory } from './within-memory.ts';

export interface ErasureReport {
  project: string;
  /** As stored. */
  user_id: string;
  /** ISO 8601; calls received later are not touched. */
  erased_at: string;
  /** Rows removed; of calls, those of other spans that tell of the same call included. */
  calls: number;
  payloads: number;
  scores: number;
  /** Hours whose rollups are made anew without them. */
  hours_unsettled: number;
  /** Hours whose calls have begun to expire: their rollups, which name no user, stay as they are. */
  hours_frozen: number;
}

const TABLES: readonly ErasableTable[] = ['payloads', 'scores', FAILED_CALLS, 'calls'];
/** Of mutations that ask another table. */
const UNTIL_DONE = { mutations_sync: 2, allow_nondeterministic_mutations: 1 };
/** Erasures whose calls may still come out of a log. */
const RETURN_DAYS = 8;

async function takenBy(store: SettleStore, erasure: Erasure): Promise<{ hour: number; spans: number }[]> {
  const rows = await rowsOf<{ hour: number; spans: number | string }>(store, takenStatement(erasure));
  return rows.map(({ hour, spans }) => ({ hour, spans: Number(spans) }));
}

const spansOf = (taken: readonly { spans: number }[]): number =>
  taken.reduce((sum, { spans }) => sum + spans, 0);

async function take(
  store: SettleStore,
  erasure: Erasure,
  statement: (erasure: Erasure, share: Share) => Statement,
): Promise<void> {
  await withinMemory(1, async (of) => {
    for (const share of sharesOf(of)) await run(store, statement(erasure, share));
  });
}

async function takeAll(store: SettleStore, erasure: Erasure): Promise<{ hour: number; spans: number }[]> {
  await take(store, erasure, takeOwnSpans);
  let taken = await takenBy(store, erasure);
  for (let before = -1; before < spansOf(taken); ) {
    before = spansOf(taken);
    await take(store, erasure, takePartners);
    taken = await takenBy(store, erasure);
  }
  return taken;
}

async function apply(store: SettleStore, erasure: Erasure): Promise<ErasureReport> {
  await run(store, recordErasure(erasure));
  // Repeats of the newest rows must be known, or one that tells of an erased call would stay.
  await examine(store);
  const taken = await takeAll(store, erasure);
  const first = firstLiveHour({ now_ms: store.now(), calls_days: store.calls_days });
  const live = taken.map(({ hour }) => hour).filter((hour) => hour >= first);
  if (live.length > 0) await unsettleHours(store, erasure.project, live);
  const removed = { calls: 0, [FAILED_CALLS]: 0, payloads: 0, scores: 0 };
  for (const table of TABLES) {
    const [row] = await rowsOf<{ number: number | string }>(store, erasableStatement(erasure, table));
    removed[table] = Number(row!.number);
    if (removed[table] === 0 && table !== 'calls') continue;
    await run(store, eraseStatement(erasure, table), UNTIL_DONE);
  }
  return {
    project: erasure.project,
    user_id: erasure.user_id,
    erased_at: new Date(Number(BigInt(erasure.erased_at) / 1000n)).toISOString(),
    calls: removed.calls,
    payloads: removed.payloads,
    scores: removed.scores,
    hours_unsettled: live.length,
    hours_frozen: taken.length - live.length,
  };
}

/**
 * Erases the calls of a user (`user_id` as stored), their payloads and scores, and the other spans that tell of the
 * same calls. Resolves when their bytes are gone. May be repeated; rejects with WarehouseError, then repeat it.
 */
export async function eraseUser(
  store: SettleStore,
  user: { project: string; user_id: string },
): Promise<ErasureReport> {
  const [row] = await rowsOf<{ now_us: string }>(
    store,
    'SELECT toString(toUnixTimestamp64Micro(now64(6))) AS now_us',
  );
  return apply(store, { database: store.database, ...user, erased_at: row!.now_us });
}

/** Erases again what came after its erasure though it was received before: answers pass over it anyway. */
export async function eraseReturned(store: SettleStore): Promise<ErasureReport[]> {
  const since_us = String(BigInt(Math.trunc(store.now() - RETURN_DAYS * MS_PER_DAY)) * 1000n);
  const [recent] = await rowsOf<{ number: number | string }>(
    store,
    recentErasuresStatement(store.database, since_us),
  );
  // What follows reads the users of all calls.
  if (Number(recent!.number) === 0) return [];
  const returned = await rowsOf<Omit<Erasure, 'database'>>(
    store,
    returnedStatement(store.database, since_us),
  );
  const reports: ErasureReport[] = [];
  for (const erasure of returned) reports.push(await apply(store, { database: store.database, ...erasure }));
  return reports;
}

/**
 * Removes calls that were sent again after their erasure, and payloads that came after it: answers pass over them anyway.
 * Gives how many there were.
 */
export async function removeLeftOfErasedSpans(store: SettleStore): Promise<number> {
  let removed = 0;
  for (const table of ['payloads', FAILED_CALLS, 'calls'] as const) {
    const [row] = await rowsOf<{ number: number | string }>(
      store,
      leftOfErasedStatement(store.database, table),
    );
    if (Number(row!.number) === 0) continue;
    await run(store, removeLeftOfErased(store.database, table), UNTIL_DONE);
    // A call that failed is in both.
    if (table !== FAILED_CALLS) removed += Number(row!.number);
  }
  return removed;
}
